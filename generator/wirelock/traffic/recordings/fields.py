"""Reading one recorded entry: the members of its objects, or the first fault with its JSON Pointer.

Messages name the type of a wrong value and not the value, which may be a secret; a status is none.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import described, type_name, visible
from wirelock.runtime.json.formatting import name as quoted
from wirelock.traffic.http.exchange import Headers

RECORDING_ENTRY_INVALID = Code("RECORDING_ENTRY_INVALID", Severity.ERROR, fatal=True)


class EntryError(ValueError):
    """An entry cannot be read; `pointer` is the value at fault, or the object that lacks a member."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer
        self.message = message


@dataclass(frozen=True, slots=True)
class Part:
    """One object of an entry, and its pointer; every reader of a member raises EntryError."""

    members: Mapping[str, object]
    pointer: str

    @classmethod
    def of(cls, value: object, pointer: str) -> Part:
        """A value that must be an object."""
        if not isinstance(value, dict):
            raise EntryError(pointer, f"{type_name(value)} where an object is wanted")
        return cls(cast("dict[str, object]", value), pointer)

    def required(self, name: str) -> object:
        """A member that must be there, null or not."""
        if name not in self.members:
            raise EntryError(self.pointer, f"{quoted(name)} is missing")
        return self.members[name]

    def part(self, name: str) -> Part:
        """A member that must be an object."""
        return Part.of(self.required(name), self.at(name))

    def optional_part(self, name: str) -> Part | None:
        """A member that is an object, absent or null."""
        return None if self.members.get(name) is None else self.part(name)

    def text(self, name: str) -> str:
        """A member that must be a string with something in it."""
        value = self.required(name)
        if not isinstance(value, str) or not value:
            raise EntryError(self.at(name), f"{quoted(name)} must be a text, and not empty")
        return value

    def optional_text(self, name: str) -> str:
        """A member that is a string, absent or null (both are "")."""
        value = self.members.get(name)
        if value is not None and not isinstance(value, str):
            raise EntryError(self.at(name), f"{quoted(name)} must be a text, not {type_name(value)}")
        return value or ""

    def integer(self, name: str) -> int:
        """A member that must be an integer."""
        value = self.required(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise EntryError(self.at(name), f"{quoted(name)} must be an integer, not {described(value)}")
        return value

    def headers(self) -> Headers:
        """The member `headers`; HTTP/2's pseudo headers (`:path`) are left out.

        They are a list of names with values, or an object with a value or a list of values a name.
        """
        stated = self.members.get("headers", [])
        if isinstance(stated, dict):
            pairs = [(name, one) for name, value in cast("dict[str, object]", stated).items() for one in _each(value)]
        elif isinstance(stated, list):
            parts = enumerate(cast("list[object]", stated))
            found = (Part.of(entry, f"{self.at('headers')}/{index}") for index, entry in parts)
            pairs = [(part.text("name"), part.required("value")) for part in found]
        else:
            raise EntryError(self.at("headers"), f"`headers` must be a list or an object, not {type_name(stated)}")
        return tuple((name.lower(), self._header(name, value)) for name, value in pairs if not name.startswith(":"))

    def at(self, name: str) -> str:
        """The pointer of a member."""
        return f"{self.pointer}/{name}"

    def _header(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            raise EntryError(self.at("headers"), f"the header {quoted(name)} must be a text, not {type_name(value)}")
        return value


def _each(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else [value]


def decoded(text: str, encoding: str, pointer: str) -> bytes:
    """The bytes of a recorded text; `encoding` is "" or base64. Raises EntryError."""
    if not encoding:
        return text.encode()
    if encoding.lower() != "base64":
        raise EntryError(pointer, f"the encoding {quoted(encoding)} is unknown")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise EntryError(pointer, "the text is not base64, though the recording says so") from None


def invalid(where: Location, message: str, hint: str) -> Diagnostic:
    """The diagnostic of one entry that cannot be read."""
    return Diagnostic(RECORDING_ENTRY_INVALID, where, visible(message), hint)
