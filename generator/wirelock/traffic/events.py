"""Server-sent events: a recorded `text/event-stream` as the events that a client gets.

The rules are WHATWG HTML, 9.2.6 "Interpreting an event stream", but for two: bytes that are no UTF-8 are kept, so that
whoever reads the data says so, and an event without an id has none rather than that of the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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

    def take(self, line: bytes) -> None:
        """Process one line that is not empty; a comment has no name, and unknown names are ignored."""
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


def events(text: bytes) -> Iterator[Event]:
    """The events of a stream; what no empty line ends, and what has no data, is none."""
    block = _Block()
    *lines, _ = _END.split(text.removeprefix(_BYTE_ORDER_MARK))
    for line in lines:
        if line:
            block.take(line)
            continue
        if block.data:
            yield Event(b"\n".join(block.data), block.event, block.id, block.retry)
        block = _Block()
