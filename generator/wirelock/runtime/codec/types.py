"""Types that the modules of the codec share: conversion functions, the absent value, and the error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from ..findings import VIOLATION, Finding
from ..json.text import Json

JsonObject = Mapping[str, Any]
"""An object of mapping.json."""
Notes = list[Finding]
"""The warnings that one encoding collects."""
Get = Callable[[Any, str], Any]
"""Returns the JSON value of a message at a pointer, or ABSENT."""
ToProto = Callable[[Notes, Any, str], Any]
"""Converts a JSON value at a pointer to the value of a field, as the constructor of its message takes it."""
Fields = Callable[[Notes, Any, str], dict[str, Any]]
"""Converts a JSON value at a pointer to the fields of a message by name, as constructors take them."""
ToJson = Callable[[Any, str], Any]
"""Converts the value of a field to the JSON value at a pointer."""

ABSENT: Json = cast(Any, object())
"""Placeholder for an absent value."""


class CodecError(ValueError):
    """Raised when a document or message cannot be converted; `findings` has one finding for each reason."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(f"{finding.pointer or '(root)'}: {finding.message}" for finding in findings))
        self.findings = findings


def build_codec_error(code: str, pointer: str, message: str) -> CodecError:
    """Return the error for one finding."""
    return CodecError((Finding(pointer, code, message),))


def require_type(value: Any, expected: type, json_type: str, pointer: str) -> None:
    """Raise CodecError if a value is not of a Python type."""
    if not isinstance(value, expected):
        raise build_codec_error(VIOLATION, pointer, f"expected {json_type}")
