"""What the `x-` keywords of a schema ask of the targets, and whether it can be had."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from wirelock.ir import Hints
from wirelock.parse.codes import EXTENSION_INVALID
from wirelock.parse.context import Place

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_LAST_NUMBER = 2**29 - 1
_RESERVED_NUMBERS = range(19000, 20000)  # protobuf's own (language guide, "Assigning Field Numbers")


def _is_number(value: object) -> bool:
    return type(value) is int and 1 <= value <= _LAST_NUMBER and value not in _RESERVED_NUMBERS


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


_ACCEPTED: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "x-proto-field": (_is_number, f"a field number from 1 to {_LAST_NUMBER}, except 19000 to 19999"),
    "x-proto-name": (_is_name, "a protobuf name: letters, digits and underscores, a letter first"),
    "x-proto-type": (lambda value: isinstance(value, str) and value != "", "the name of a protobuf type"),
    "x-renamed-from": (lambda value: isinstance(value, str), "the former name of the property"),
    "x-extensible-enum": (lambda value: isinstance(value, bool), "true or false"),
}


def hints(facts: Mapping[str, object], place: Place) -> Hints:
    """The hints of one schema; what is not of the right form is reported and left out."""
    good = {keyword: facts[keyword] for keyword in _ACCEPTED if keyword in facts and _accepted(keyword, facts, place)}
    number = good.get("x-proto-field")
    return Hints(
        number if isinstance(number, int) else None,
        str(good.get("x-proto-name", "")),
        str(good.get("x-proto-type", "")),
        str(good.get("x-renamed-from", "")),
    )


def _accepted(keyword: str, facts: Mapping[str, object], place: Place) -> bool:
    accepts, words = _ACCEPTED[keyword]
    if accepts(facts[keyword]):
        return True
    place.report(EXTENSION_INVALID, f"{keyword} has a value that it cannot have", f"it must be {words}", keyword)
    return False
