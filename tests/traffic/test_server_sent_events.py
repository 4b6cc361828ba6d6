"""Parsing and writing of server-sent events (WHATWG HTML, 9.2.6)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirelock.traffic.http.server_sent_events import EventReader, ServerSentEvent, read_events, write_events

STREAMS: dict[str, tuple[bytes, list[ServerSentEvent]]] = {
    "an event": (b"data: x\n\n", [ServerSentEvent(b"x")]),
    "several events": (b"data: x\n\ndata: y\n\n", [ServerSentEvent(b"x"), ServerSentEvent(b"y")]),
    "line feeds": (b"data: a\ndata: b\n\n", [ServerSentEvent(b"a\nb")]),
    "carriage returns": (b"data: a\rdata: b\r\rdata: c\r\r", [ServerSentEvent(b"a\nb"), ServerSentEvent(b"c")]),
    "carriage return and line feed": (
        b"data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n",
        [ServerSentEvent(b"a\nb"), ServerSentEvent(b"c")],
    ),
    "mixed line ends": (b"data: a\rdata: b\ndata: c\r\n\n", [ServerSentEvent(b"a\nb\nc")]),
    "every field": (b"event: e\nid: 7\nretry: 20\ndata: x\n\n", [ServerSentEvent(b"x", b"e", b"7", 20)]),
    "a byte order mark": (b"\xef\xbb\xbfdata: x\n\n", [ServerSentEvent(b"x")]),
    "a second byte order mark is part of a name": (b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n", []),
    "comments": (b": hello\n\n:\n\ndata: x\n: between\ndata: y\n\n", [ServerSentEvent(b"x\ny")]),
    "one space belongs to the colon": (b"data:x\n\ndata:  x\n\n", [ServerSentEvent(b"x"), ServerSentEvent(b" x")]),
    "a colon in the data": (b'data: {"a":1}\n\n', [ServerSentEvent(b'{"a":1}')]),
    "no colon is no value": (b"data\n\ndata\ndata\n\n", [ServerSentEvent(b""), ServerSentEvent(b"\n")]),
    "no data is no event": (b"event: ping\nid: 1\n\ndata: x\n\n", [ServerSentEvent(b"x")]),
    "an end without an empty line": (b"data: x\n\ndata: y", [ServerSentEvent(b"x")]),
    "an end one line short": (b"data: x\n\ndata: y\n", [ServerSentEvent(b"x")]),
    "unknown fields": (b"data: x\nDATA: y\ncolor: z\n\n", [ServerSentEvent(b"x")]),
    "an id with a null": (b"id: 1\0\ndata: x\n\n", [ServerSentEvent(b"x")]),
    "an empty id": (b"id\ndata: x\n\n", [ServerSentEvent(b"x", id=b"")]),
    "a time that is no number": (b"retry: soon\nretry: -1\ndata: x\n\n", [ServerSentEvent(b"x")]),
    "the last of a field counts": (b"event: a\nevent: b\ndata: x\n\n", [ServerSentEvent(b"x", b"b")]),
    "bytes that are no UTF-8": (b"data: \xff\n\n", [ServerSentEvent(b"\xff")]),
    "separators that end no line": ("data: a\u2028b\x0bc\n\n".encode(), [ServerSentEvent("a\u2028b\x0bc".encode())]),
    "nothing": (b"", []),
    "empty lines": (b"\n\r\n\r\r", []),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_parsed(name: str) -> None:
    stream, expected = STREAMS[name]
    assert read_events(stream) == expected


@pytest.mark.parametrize("name", STREAMS)
def test_chunk_boundaries_do_not_matter(name: str) -> None:
    stream, expected = STREAMS[name]
    for size in (1, 2, 3, 7):
        reader = EventReader()
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert [event for piece in pieces for event in reader.feed(piece)] == expected


def test_pending_bytes_are_counted() -> None:
    reader = EventReader()
    reader.feed(b"data: x\n")
    reader.feed(b"data: y")
    assert reader.pending_bytes == len(b"data: x") + len(b"data: y")
    assert [event.data for event in reader.feed(b"\n\n")] == [b"x\ny"]
    assert reader.pending_bytes == 0


def test_a_retry_time_that_is_too_long_is_none() -> None:
    (event,) = read_events(b"retry: " + b"9" * 10_000 + b"\ndata: x\n\n")
    assert event.retry is None


RECONNECTION: dict[str, tuple[bytes, bytes | None, int | None]] = {
    "nothing": (b"data: x\n\n: beat\n\n", None, None),
    "with an event": (b"id: 1\nretry: 5\ndata: x\n\n", b"1", 5),
    "without an event": (b"id: 1\n\nretry: 5\n\n", b"1", 5),
    "once for later events": (b"id: 1\nretry: 5\ndata: x\n\ndata: y\n\n", b"1", 5),
    "changed": (b"id: 1\nretry: 5\ndata: x\n\nid: 2\nretry: 6\n\n", b"2", 6),
    "an empty ID": (b"id: 1\ndata: x\n\nid\n\n", b"", None),
    "in an incomplete block": (b"id: 1\ndata: x\n\nid: 2\nretry: 5\n", b"1", 5),
    "in an incomplete line": (b"id: 1\nretry: 5\n\nid: 2\nretry: 6", b"1", 5),
    "invalid values": (b"id: 1\0\nretry: soon\nretry:\n\n", None, None),
}


@pytest.mark.parametrize("name", RECONNECTION)
def test_last_event_id_and_retry_are_tracked(name: str) -> None:
    """The last event ID comes from the last complete block, with data or without; `retry` applies at once."""
    stream, last_id, retry = RECONNECTION[name]
    for size in (1, 5, len(stream)):
        reader = EventReader()
        for at in range(0, len(stream), size):
            reader.feed(stream[at : at + size])
        assert (reader.last_id, reader.retry) == (last_id, retry)


LINES = st.binary(max_size=8).map(lambda text: text.translate(None, b"\r\n"))
NAMES = st.none() | LINES
EVENTS = st.builds(
    ServerSentEvent,
    st.lists(LINES, min_size=1, max_size=3).map(b"\n".join),
    NAMES,
    st.none() | LINES.map(lambda text: text.translate(None, b"\0")),
    st.none() | st.integers(0, 10**9),
)


@given(st.lists(EVENTS, max_size=4))
def test_written_events_are_read_back(stream: list[ServerSentEvent]) -> None:
    assert read_events(write_events(stream)) == stream


def test_reading_byte_by_byte_takes_linear_time() -> None:
    reader, start = EventReader(), time.process_time()
    for _ in range(200_000):
        reader.feed(b"a")
        assert reader.pending_bytes
    assert time.process_time() - start < 10  # quadratic time would be minutes
