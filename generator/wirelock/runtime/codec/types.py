"""What all of a codec's parts share: the functions that put and get, absence, and refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from ..findings import VIOLATION, Finding
from ..json.text import Json

Facts = Mapping[str, Any]
Notes = list[Finding]
"""What one encoding notices on its way."""
Get = Callable[[Any, str], Any]
"""The JSON value of a message, or ABSENT."""
ToProto = Callable[[Notes, Any, str], Any]
"""A JSON value, which stands at a pointer, to the value of a field as its message's constructor takes it."""
Fields = Callable[[Notes, Any, str], dict[str, Any]]
"""A JSON value to the fields of a message by name: what its constructor takes, and stands for it in another's."""
ToJson = Callable[[Any, str], Any]
"""The value of a field to a JSON value."""

ABSENT: Json = cast(Any, object())
"""In place of a value that is not there."""


class Refused(ValueError):
    """The document or message cannot be carried; `findings` says why, one a fault."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(f"{finding.pointer or '(root)'}: {finding.message}" for finding in findings))
        self.findings = findings


def refusal(code: str, pointer: str, message: str) -> Refused:
    """The exception for one fault."""
    return Refused((Finding(pointer, code, message),))


def expect(value: Any, wanted: type, words: str, at: str) -> None:
    """Raise Refused if a value is not of that Python type."""
    if not isinstance(value, wanted):
        raise refusal(VIOLATION, at, f"expected {words}")
