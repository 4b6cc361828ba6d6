"""Conversion of scalars and enums between JSON and protobuf; values that are not exact are rejected or noted."""

from __future__ import annotations

import math
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Mapping
from typing import Any, cast

from ..findings import NOT_REPRESENTABLE, PRECISION_LOST, VIOLATION, Finding
from ..json.text import MAX_PLAIN_NUMBER
from .types import ABSENT, JsonObject, Notes, ToJson, ToProto, build_codec_error, require_type

_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
_EXACT = 2**53
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


UNCHANGED_TYPES: Mapping[str, type] = {"string": str, "bool": bool, "double": float}
"""Python types of JSON values that need no conversion to protobuf, by kind of field."""


def pass_through(value: Any, pointer: str) -> Any:
    """Return a string, boolean or integer of a message unchanged."""
    return value


def to_string(notes: Notes, value: Any, pointer: str) -> str:
    """Return a JSON string."""
    if type(value) is not str:
        require_type(value, str, "string", pointer)
    return cast(str, value)


def to_bytes(notes: Notes, value: Any, pointer: str) -> bytes:
    """Return the bytes of a base64 text; only the canonical encoding is accepted (RFC 4648 section 4)."""
    text = to_string(notes, value, pointer)
    try:
        data = a2b_base64(text)
    except ValueError:
        raise build_codec_error(NOT_REPRESENTABLE, pointer, "the text is not base64") from None
    if from_bytes(data, pointer) != text:
        raise build_codec_error(NOT_REPRESENTABLE, pointer, "the text is not canonical base64")
    return data


def from_bytes(value: bytes, pointer: str) -> str:
    """Return bytes as base64 with padding, on one line."""
    return b2a_base64(value, newline=False).decode("ascii")


def to_bool(notes: Notes, value: Any, pointer: str) -> bool:
    """Return a JSON boolean."""
    require_type(value, bool, "boolean", pointer)
    return cast(bool, value)


def to_null(notes: Notes, value: Any, pointer: str) -> int:
    """Return google.protobuf.NullValue for null."""
    if value is not None:
        raise build_codec_error(VIOLATION, pointer, "expected null")
    return 0


def build_integer(name: str) -> ToProto:
    """Return the conversion function for integers of a proto type; it accepts 1.0."""
    low, high = _RANGES[name]

    def convert(notes: Notes, value: Any, pointer: str) -> int:
        if type(value) is int and low <= value <= high:
            return value
        if isinstance(value, bool | str | list | dict) or value is None or value % 1 != 0:
            raise build_codec_error(VIOLATION, pointer, "expected integer")
        integer = int(value)
        if not low <= integer <= high:
            raise build_codec_error(NOT_REPRESENTABLE, pointer, f"{format_integer(integer)} is outside {name}")
        return integer

    return convert


def to_double(notes: Notes, value: Any, pointer: str) -> float:
    """Return a number, or the strings NaN, Infinity and -Infinity, as a double; note a loss of digits."""
    if type(value) is int and -_EXACT <= value <= _EXACT:
        return float(value)
    if isinstance(value, str) and value in _NON_FINITE:
        return _NON_FINITE[value]
    if isinstance(value, bool | str | list | dict) or value is None:
        raise build_codec_error(VIOLATION, pointer, "expected number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        raise build_codec_error(NOT_REPRESENTABLE, pointer, "the number is outside the range of a double")
    if isinstance(value, int) and number != value:
        notes.append(Finding(pointer, PRECISION_LOST, f"{format_integer(value)} is kept as a double", warning=True))
    return number


def from_double(value: float, pointer: str) -> Any:
    """Return a double as a JSON number, as an int if it prints like one; NaN and infinities as strings."""
    if -MAX_PLAIN_NUMBER < value < MAX_PLAIN_NUMBER:
        integer = int(value)
        return integer if integer == value else value
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def build_enum(values: Iterable[JsonObject]) -> tuple[ToProto, ToJson]:
    """Return the conversion functions of an enum; the number 0 is an absent value."""
    numbers = {value["json"]: value["number"] for value in values}
    spellings = {number: spelling for spelling, number in numbers.items()}

    def to_proto(notes: Notes, value: Any, pointer: str) -> int:
        if not isinstance(value, str) or value not in numbers:
            raise build_codec_error(VIOLATION, pointer, "the value is not in the enum")
        return int(numbers[value])

    def to_json(value: int, pointer: str) -> Any:
        if value == 0:
            return ABSENT
        if value not in spellings:
            raise build_codec_error(VIOLATION, pointer, f"the enum has no value with number {value}")
        return spellings[value]

    return to_proto, to_json


def format_integer(number: int) -> str:
    """Return an integer for a message: its digits, or their number if there are more than 40."""
    return str(number) if abs(number) < 10**40 else f"an integer of {int(math.log10(abs(number))) + 1} digits"
