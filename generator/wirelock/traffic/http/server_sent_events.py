"""Server-sent events of a `text/event-stream`.

The rules are WHATWG HTML, 9.2.6 "Interpreting an event stream", with two exceptions: invalid UTF-8 is kept, so that the
reader of the data reports it, and an event without an id does not inherit the last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MEDIA_TYPE = "text/event-stream"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MAX_DIGITS = 15
"""Digits that every JSON reader keeps exactly; 31,000 years in milliseconds."""
_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event; `event`, `id` and `retry` (milliseconds) are None if the event has none."""

    data: bytes
    event: bytes | None = None
    id: bytes | None = None
    retry: int | None = None


@dataclass(slots=True)
class _EventBlock:
    """The lines since the last empty line."""

    data: list[bytes] = field(default_factory=list[bytes])
    event: bytes | None = None
    id: bytes | None = None
    retry: int | None = None
    size: int = 0

    def add_line(self, line: bytes) -> None:
        """Add a non-empty line; comments and unknown names are ignored."""
        self.size += len(line)
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self.data.append(value)
            case b"event":
                self.event = value
            case b"id" if b"\0" not in value:
                self.id = value
            case b"retry" if value.isdigit() and len(value) <= _MAX_DIGITS:
                self.retry = int(value)
            case _:
                pass


class EventReader:
    """Reads the events of a stream in chunks of any size.

    `last_id` is the last event ID, and `retry` the reconnection time in milliseconds, also from blocks without data;
    None if the stream has none.
    """

    def __init__(self) -> None:
        self.last_id: bytes | None = None
        self.retry: int | None = None
        self._block = _EventBlock()
        self._rest = bytearray()
        self._has_begun = False
        self._after_return = False

    @property
    def pending_bytes(self) -> int:
        """The number of bytes of an unfinished event; callers limit it."""
        return self._block.size + len(self._rest)

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """Return the events that end in this chunk."""
        if self._after_return and piece:  # the two bytes of a line end were in two chunks
            piece, self._after_return = piece.removeprefix(b"\n"), False
        self._rest += piece
        if b"\n" not in piece and b"\r" not in piece:
            return []
        self._after_return = piece.endswith(b"\r")
        *lines, rest = _END.split(self._take_text())
        self._rest = bytearray(rest)
        return list(self._finish_events(lines))

    def _take_text(self) -> bytes:
        text = bytes(self._rest)
        if self._has_begun:
            return text
        self._has_begun = True
        return text.removeprefix(_BYTE_ORDER_MARK)

    def _finish_events(self, lines: list[bytes]) -> Iterator[ServerSentEvent]:
        for line in lines:
            if line:
                self._block.add_line(line)
                self.retry = self.retry if self._block.retry is None else self._block.retry
                continue
            block, self._block = self._block, _EventBlock()
            self.last_id = self.last_id if block.id is None else block.id
            if block.data:
                yield ServerSentEvent(b"\n".join(block.data), block.event, block.id, block.retry)


def write_events(events: Iterable[ServerSentEvent]) -> bytes:
    """Return the text of a stream with these events."""
    return b"".join(map(_write_event, events))


def _write_event(event: ServerSentEvent) -> bytes:
    fields = [
        (b"event", event.event),
        (b"id", event.id),
        (b"retry", None if event.retry is None else b"%d" % event.retry),
    ]
    fields += [(b"data", line) for line in event.data.split(b"\n")]
    return b"".join(b"%s: %s\n" % (name, value) for name, value in fields if value is not None) + b"\n"


def read_events(text: bytes) -> list[ServerSentEvent]:
    """Return the events of a stream; an unfinished event and one without data do not count."""
    return EventReader().feed(text)
