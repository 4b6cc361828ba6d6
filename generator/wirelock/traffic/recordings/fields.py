"""Readers for the members of recorded entries; the first fault raises an error with its JSON Pointer.

Messages name the type of a wrong value instead of the value, which may be secret.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import describe_value, escape_unprintable, get_schema_type
from wirelock.runtime.json.formatting import quote_name as quoted
from wirelock.traffic.http.exchange import Headers

RECORDING_ENTRY_INVALID = Code("RECORDING_ENTRY_INVALID", Severity.ERROR, fatal=True)


class EntryError(ValueError):
    """Raised when an entry cannot be read; `pointer` is the wrong value or the object that lacks a member."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer
        self.message = message


@dataclass(frozen=True, slots=True)
class FieldReader:
    """An object of an entry with its pointer; every method raises EntryError."""

    members: Mapping[str, object]
    pointer: str

    @classmethod
    def from_value(cls, value: object, pointer: str) -> FieldReader:
        """Return a reader for a value that must be an object."""
        if not isinstance(value, dict):
            raise EntryError(pointer, f"{get_schema_type(value)} instead of an object")
        return cls(cast("dict[str, object]", value), pointer)

    def read_required(self, name: str) -> object:
        """Return a required member, which may be null."""
        if name not in self.members:
            raise EntryError(self.pointer, f"{quoted(name)} is missing")
        return self.members[name]

    def read_object(self, name: str) -> FieldReader:
        """Return a reader for a member that must be an object."""
        return FieldReader.from_value(self.read_required(name), self.pointer_to(name))

    def read_optional_object(self, name: str) -> FieldReader | None:
        """Return a reader for an optional object."""
        return None if self.members.get(name) is None else self.read_object(name)

    def read_string(self, name: str) -> str:
        """Return a member that must be a non-empty string."""
        value = self.read_required(name)
        if not isinstance(value, str) or not value:
            raise EntryError(self.pointer_to(name), f"{quoted(name)} must be a non-empty string")
        return value

    def read_optional_string(self, name: str) -> str:
        """Return an optional string; "" if absent or null."""
        value = self.members.get(name)
        if value is not None and not isinstance(value, str):
            raise EntryError(self.pointer_to(name), f"{quoted(name)} must be a string, not {get_schema_type(value)}")
        return value or ""

    def read_integer(self, name: str) -> int:
        """Return a member that must be an integer."""
        value = self.read_required(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise EntryError(self.pointer_to(name), f"{quoted(name)} must be an integer, not {describe_value(value)}")
        return value

    def read_headers(self) -> Headers:
        """Return the member `headers` without HTTP/2 pseudo headers (`:path`).

        Headers are a list of names with values, or an object with a value or a list of values per name.
        """
        declared = self.members.get("headers", [])
        if isinstance(declared, dict):
            pairs = [
                (name, item) for name, value in cast("dict[str, object]", declared).items() for item in _as_list(value)
            ]
        elif isinstance(declared, list):
            parts = enumerate(cast("list[object]", declared))
            result = (FieldReader.from_value(entry, f"{self.pointer_to('headers')}/{index}") for index, entry in parts)
            pairs = [(part.read_string("name"), part.read_required("value")) for part in result]
        else:
            raise EntryError(
                self.pointer_to("headers"), f"`headers` must be a list or an object, not {get_schema_type(declared)}"
            )
        return tuple(
            (name.lower(), self._read_header(name, value)) for name, value in pairs if not name.startswith(":")
        )

    def pointer_to(self, name: str) -> str:
        """Return the pointer of a member."""
        return f"{self.pointer}/{name}"

    def _read_header(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            raise EntryError(
                self.pointer_to("headers"), f"the header {quoted(name)} must be a string, not {get_schema_type(value)}"
            )
        return value


def _as_list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else [value]


def decode_text(text: str, encoding: str, pointer: str) -> bytes:
    """Decode a recorded text whose `encoding` is "" or base64; raises EntryError."""
    if not encoding:
        return text.encode()
    if encoding.lower() != "base64":
        raise EntryError(pointer, f"the encoding {quoted(encoding)} is unknown")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise EntryError(pointer, "the text is not base64, as its encoding requires") from None


def report_invalid_entry(location: Location, message: str, hint: str) -> Diagnostic:
    """Return the diagnostic of an unreadable entry."""
    return Diagnostic(RECORDING_ENTRY_INVALID, location, escape_unprintable(message), hint)
