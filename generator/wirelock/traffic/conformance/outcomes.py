"""Classes of bodies: a text to check against a type, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from wirelock.diagnostics import Code, Outcome
from wirelock.ir import TypeId
from wirelock.runtime.json.pointers import get_relative_pointer


@dataclass(frozen=True, slots=True)
class BodyCheck:
    """A text to check against a type; `body_pointer` is the property that holds the HTTP body ("" for all of it)."""

    type: TypeId
    text: bytes
    body_pointer: str = ""

    def to_body_pointer(self, pointer: str) -> str:
        """Return a pointer into the text as a pointer into the HTTP body; parameters keep their pointer."""
        relative = get_relative_pointer(pointer, self.body_pointer)
        return pointer if relative is None else relative


@dataclass(frozen=True, slots=True)
class Conforming:
    """A body that matches its documentation and has no type."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A body that is not documented; `outcome` is the outcome of its exchange."""

    code: Code
    message: str
    hint: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class SkippedBody:
    """A body that is not checked, with the reason."""

    reason: str
    outcome: Outcome = Outcome.NO_BODY


@dataclass(frozen=True, slots=True)
class EventStream:
    """A stream, event by event."""

    events: tuple[BodyCheck, ...]


BodyClass = BodyCheck | Conforming | Mismatch | SkippedBody | EventStream
