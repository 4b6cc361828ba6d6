"""Server-sent events: a recorded `text/event-stream` as the events that a client gets.

The rules are WHATWG HTML, 9.2.6 "Interpreting an event stream", but for two: bytes that are no UTF-8 are kept, so that
whoever reads the data says so, and an event without an id has none rather than that of the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MEDIA_TYPE = "text/event-stream"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MOST_DIGITS = 15
"""What every JSON reader keeps exactly; 31000 years in milliseconds."""
_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `event`, `id` and `retry` (milliseconds) are None where the event does not state them."""

    data: bytes
    event: bytes | None = None
    id: bytes | None = None
    retry: int | None = None


@dataclass(slots=True)
class _Block:
    """The lines since the last empty one."""

    data: list[bytes] = field(default_factory=list[bytes])
    event: bytes | None = None
    id: bytes | None = None
    retry: int | None = None
    size: int = 0

    def take(self, line: bytes) -> None:
        """Process one line that is not empty; a comment has no name, and unknown names are ignored."""
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
            case b"retry" if value.isdigit() and len(value) <= _MOST_DIGITS:
                self.retry = int(value)
            case _:
                pass


class EventReader:
    """The events of a stream that comes in pieces, wherever the pieces are cut.

    `last_id` is the last event ID so far, and `retry` the reconnection time in milliseconds, both also where they
    stand in a block without data; None where the stream has not said.
    """

    def __init__(self) -> None:
        self.last_id: bytes | None = None
        self.retry: int | None = None
        self._block = _Block()
        self._rest = bytearray()
        self._has_begun = False
        self._after_return = False

    @property
    def waiting(self) -> int:
        """How many bytes are kept for an event that has not ended; callers limit it."""
        return self._block.size + len(self._rest)

    def feed(self, piece: bytes) -> list[Event]:
        """The events that end with this piece."""
        if self._after_return and piece:  # the two bytes of one line end came apart
            piece, self._after_return = piece.removeprefix(b"\n"), False
        self._rest += piece
        if b"\n" not in piece and b"\r" not in piece:
            return []
        self._after_return = piece.endswith(b"\r")
        *lines, rest = _END.split(self._gathered())
        self._rest = bytearray(rest)
        return list(self._ended(lines))

    def _gathered(self) -> bytes:
        text = bytes(self._rest)
        if self._has_begun:
            return text
        self._has_begun = True
        return text.removeprefix(_BYTE_ORDER_MARK)

    def _ended(self, lines: list[bytes]) -> Iterator[Event]:
        for line in lines:
            if line:
                self._block.take(line)
                self.retry = self.retry if self._block.retry is None else self._block.retry
                continue
            block, self._block = self._block, _Block()
            self.last_id = self.last_id if block.id is None else block.id
            if block.data:
                yield Event(b"\n".join(block.data), block.event, block.id, block.retry)


def written(events: Iterable[Event]) -> bytes:
    """The text of a stream that holds these events."""
    return b"".join(map(_written, events))


def _written(event: Event) -> bytes:
    fields = [
        (b"event", event.event),
        (b"id", event.id),
        (b"retry", None if event.retry is None else b"%d" % event.retry),
    ]
    fields += [(b"data", line) for line in event.data.split(b"\n")]
    return b"".join(b"%s: %s\n" % (name, value) for name, value in fields if value is not None) + b"\n"


def events(text: bytes) -> list[Event]:
    """The events of a stream; what no empty line ends, and what has no data, is none."""
    return EventReader().feed(text)
