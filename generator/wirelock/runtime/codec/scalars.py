"""Scalars and enums between JSON and protobuf, exact or refused."""

from __future__ import annotations

import math
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Mapping
from typing import Any, cast

from ..findings import NOT_REPRESENTABLE, PRECISION_LOST, VIOLATION, Finding
from ..json.text import PLAIN
from .types import ABSENT, Facts, Notes, ToJson, ToProto, expect, refusal

_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
_EXACT = 2**53
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


AS_IT_IS: Mapping[str, type] = {"string": str, "bool": bool, "double": float}
"""The values, by kind of field, that protobuf takes as JSON has them."""


def same(value: Any, at: str) -> Any:
    """Strings, booleans and integers are JSON values as they are."""
    return value


def to_string(notes: Notes, value: Any, at: str) -> str:
    """A JSON string."""
    if type(value) is not str:
        expect(value, str, "string", at)
    return cast(str, value)


def to_bytes(notes: Notes, value: Any, at: str) -> bytes:
    """Base64 text as what it stands for; only the one spelling that bytes give back (RFC 4648 section 4)."""
    text = to_string(notes, value, at)
    try:
        wire = a2b_base64(text)
    except ValueError:
        raise refusal(NOT_REPRESENTABLE, at, "the text is not base64") from None
    if from_bytes(wire, at) != text:
        raise refusal(NOT_REPRESENTABLE, at, "bytes would give the text back in another spelling of base64")
    return wire


def from_bytes(value: bytes, at: str) -> str:
    """Bytes as base64 with padding, on one line."""
    return b2a_base64(value, newline=False).decode("ascii")


def to_bool(notes: Notes, value: Any, at: str) -> bool:
    """A JSON boolean."""
    expect(value, bool, "boolean", at)
    return cast(bool, value)


def to_null(notes: Notes, value: Any, at: str) -> int:
    """null as google.protobuf.NullValue."""
    if value is not None:
        raise refusal(VIOLATION, at, "expected null")
    return 0


def to_integer(name: str) -> ToProto:
    """Integers of a proto type; 1.0 is one."""
    low, high = _RANGES[name]

    def convert(notes: Notes, value: Any, at: str) -> int:
        if type(value) is int and low <= value <= high:
            return value
        if isinstance(value, bool | str | list | dict) or value is None or value % 1 != 0:
            raise refusal(VIOLATION, at, "expected integer")
        whole = int(value)
        if not low <= whole <= high:
            raise refusal(NOT_REPRESENTABLE, at, f"{short(whole)} is outside {name}")
        return whole

    return convert


def to_double(notes: Notes, value: Any, at: str) -> float:
    """A number as a double, with a note where digits are lost; the three words that JSON has no number for."""
    if type(value) is int and -_EXACT <= value <= _EXACT:
        return float(value)
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    if isinstance(value, bool | str | list | dict) or value is None:
        raise refusal(VIOLATION, at, "expected number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        raise refusal(NOT_REPRESENTABLE, at, "the number is outside the range of a double")
    if isinstance(value, int) and number != value:
        notes.append(Finding(at, PRECISION_LOST, f"{short(value)} is kept as a double", warning=True))
    return number


def from_double(value: float, at: str) -> Any:
    """A double as a JSON number, an integer where it prints as one; or the word for what is none."""
    if -PLAIN < value < PLAIN:
        whole = int(value)
        return whole if whole == value else value
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def enum(values: Iterable[Facts]) -> tuple[ToProto, ToJson]:
    """The spellings of an enum and their numbers; 0 is no value."""
    numbers = {value["json"]: value["number"] for value in values}
    spellings = {number: spelling for spelling, number in numbers.items()}

    def to_proto(notes: Notes, value: Any, at: str) -> int:
        if not isinstance(value, str) or value not in numbers:
            raise refusal(VIOLATION, at, "not a value of the enum")
        return int(numbers[value])

    def to_json(value: int, at: str) -> Any:
        if value == 0:
            return ABSENT
        if value not in spellings:
            raise refusal(VIOLATION, at, f"the enum has no value with number {value}")
        return spellings[value]

    return to_proto, to_json


def short(number: int) -> str:
    """An integer as messages show it."""
    return str(number) if abs(number) < 10**40 else f"an integer of {int(math.log10(abs(number))) + 1} digits"
