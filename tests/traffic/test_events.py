"""Server-sent events, as a client gets them (WHATWG HTML, 9.2.6) and as they are held against their schema."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirelock.traffic.http.server_sent_events import Event, EventReader, events, written

STREAMS: dict[str, tuple[bytes, list[Event]]] = {
    "an event": (b"data: x\n\n", [Event(b"x")]),
    "several": (b"data: x\n\ndata: y\n\n", [Event(b"x"), Event(b"y")]),
    "line feeds": (b"data: a\ndata: b\n\n", [Event(b"a\nb")]),
    "carriage returns": (b"data: a\rdata: b\r\rdata: c\r\r", [Event(b"a\nb"), Event(b"c")]),
    "both": (b"data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", [Event(b"a\nb"), Event(b"c")]),
    "all of them": (b"data: a\rdata: b\ndata: c\r\n\n", [Event(b"a\nb\nc")]),
    "every field": (b"event: e\nid: 7\nretry: 20\ndata: x\n\n", [Event(b"x", b"e", b"7", 20)]),
    "a byte order mark": (b"\xef\xbb\xbfdata: x\n\n", [Event(b"x")]),
    "a second one is part of a name": (b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n", []),
    "comments": (b": hello\n\n:\n\ndata: x\n: between\ndata: y\n\n", [Event(b"x\ny")]),
    "one space belongs to the colon": (b"data:x\n\ndata:  x\n\n", [Event(b"x"), Event(b" x")]),
    "a colon in the data": (b'data: {"a":1}\n\n', [Event(b'{"a":1}')]),
    "no colon is no value": (b"data\n\ndata\ndata\n\n", [Event(b""), Event(b"\n")]),
    "no data is no event": (b"event: ping\nid: 1\n\ndata: x\n\n", [Event(b"x")]),
    "an end without an empty line": (b"data: x\n\ndata: y", [Event(b"x")]),
    "an end one line short": (b"data: x\n\ndata: y\n", [Event(b"x")]),
    "unknown fields": (b"data: x\nDATA: y\ncolour: z\n\n", [Event(b"x")]),
    "an id with a null": (b"id: 1\0\ndata: x\n\n", [Event(b"x")]),
    "an empty id": (b"id\ndata: x\n\n", [Event(b"x", id=b"")]),
    "a time that is no number": (b"retry: soon\nretry: -1\ndata: x\n\n", [Event(b"x")]),
    "the last of a field counts": (b"event: a\nevent: b\ndata: x\n\n", [Event(b"x", b"b")]),
    "bytes that are no UTF-8": (b"data: \xff\n\n", [Event(b"\xff")]),
    "separators that end no line": ("data: a\u2028b\x0bc\n\n".encode(), [Event("a\u2028b\x0bc".encode())]),
    "nothing": (b"", []),
    "empty lines": (b"\n\r\n\r\r", []),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_its_events(name: str) -> None:
    stream, expected = STREAMS[name]
    assert events(stream) == expected


@pytest.mark.parametrize("name", STREAMS)
def test_it_does_not_matter_where_a_stream_is_cut(name: str) -> None:
    stream, expected = STREAMS[name]
    for size in (1, 2, 3, 7):
        reader = EventReader()
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert [event for piece in pieces for event in reader.feed(piece)] == expected


def test_what_is_held_back_is_counted() -> None:
    reader = EventReader()
    reader.feed(b"data: x\n")
    reader.feed(b"data: y")
    assert reader.waiting == len(b"data: x") + len(b"data: y")
    assert [event.data for event in reader.feed(b"\n\n")] == [b"x\ny"]
    assert reader.waiting == 0


def test_a_time_beyond_every_number_is_none() -> None:
    (event,) = events(b"retry: " + b"9" * 10_000 + b"\ndata: x\n\n")
    assert event.retry is None


SAID: dict[str, tuple[bytes, bytes | None, int | None]] = {
    "nothing": (b"data: x\n\n: beat\n\n", None, None),
    "with an event": (b"id: 1\nretry: 5\ndata: x\n\n", b"1", 5),
    "without one": (b"id: 1\n\nretry: 5\n\n", b"1", 5),
    "once for all that follow": (b"id: 1\nretry: 5\ndata: x\n\ndata: y\n\n", b"1", 5),
    "anew": (b"id: 1\nretry: 5\ndata: x\n\nid: 2\nretry: 6\n\n", b"2", 6),
    "that the name is none": (b"id: 1\ndata: x\n\nid\n\n", b"", None),
    "in a block that has not ended": (b"id: 1\ndata: x\n\nid: 2\nretry: 5\n", b"1", 5),
    "in a line that has not ended": (b"id: 1\nretry: 5\n\nid: 2\nretry: 6", b"1", 5),
    "what is none": (b"id: 1\0\nretry: soon\nretry:\n\n", None, None),
}


@pytest.mark.parametrize("name", SAID)
def test_a_stream_says_where_to_go_on_and_when(name: str) -> None:
    """The last event ID is that of the last block that ended, with data or without; `retry` counts at once."""
    stream, last_id, retry = SAID[name]
    for size in (1, 5, len(stream)):
        reader = EventReader()
        for at in range(0, len(stream), size):
            reader.feed(stream[at : at + size])
        assert (reader.last_id, reader.retry) == (last_id, retry)


LINES = st.binary(max_size=8).map(lambda text: text.translate(None, b"\r\n"))
NAMES = st.none() | LINES
EVENTS = st.builds(
    Event,
    st.lists(LINES, min_size=1, max_size=3).map(b"\n".join),
    NAMES,
    st.none() | LINES.map(lambda text: text.translate(None, b"\0")),
    st.none() | st.integers(0, 10**9),
)


@given(st.lists(EVENTS, max_size=4))
def test_events_that_are_written_are_read_again(stream: list[Event]) -> None:
    assert events(written(stream)) == stream


def test_a_stream_that_comes_byte_by_byte_costs_no_more_than_its_length() -> None:
    reader, began = EventReader(), time.process_time()
    for _ in range(200_000):
        reader.feed(b"a")
        assert reader.waiting
    assert time.process_time() - began < 10  # minutes, if each piece looked at all before it
