"""What a body of an exchange is to a check: something to hold against a type, or the reason why it is not."""

from __future__ import annotations

from dataclasses import dataclass

from wirelock.diagnostics import Code
from wirelock.ir import TypeId


@dataclass(frozen=True, slots=True)
class Held:
    """A text to hold against a type; `inside` is the property of it that the HTTP body is ("" is all of it)."""

    type: TypeId
    text: bytes
    inside: str = ""

    def shown(self, pointer: str) -> str:
        """A pointer into the text as a pointer into the HTTP body."""
        return pointer.removeprefix(self.inside) if pointer.startswith((self.inside + "/", self.inside)) else pointer


@dataclass(frozen=True, slots=True)
class Checked:
    """A body that is as described, without a type to hold it against."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A body that is none of the described ones; `outcome` is how the exchange is counted."""

    code: Code
    message: str
    hint: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A body that is not checked, and why."""

    reason: str
    outcome: str = "no_body"


@dataclass(frozen=True, slots=True)
class Streamed:
    """A stream, event by event."""

    events: tuple[Held, ...]


Part = Held | Checked | Fault | Skipped | Streamed
