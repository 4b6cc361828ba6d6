"""msgspec types of single keywords and values, each of which takes what the keywords take or less."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

import msgspec

from ..json.formatting import json_type

KINDS = frozenset({"null", "boolean", "number", "string", "array", "object"})
"""The kinds of JSON value; an integer is a number."""
VALUES = frozenset({"enum", "const"})
SIZES = {"minItems": "min_length", "maxItems": "max_length"}
FIELD_NAME = re.compile(r'[^\x00-\x1f"\\]*')
"""Names that a struct can give to its fields."""

Said = Mapping[str, Any]
"""msgspec types by the kind of JSON value that they take."""
Tag = tuple[str, str]
"""The name and the value of a property that tells the branches of a union apart."""

_LENGTHS = {"minLength": "min_length", "maxLength": "max_length"}
_BOUNDS = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}
_BEGINNING = re.compile(r"\^[A-Za-z0-9_-]+")
"""Patterns of nothing but plain characters at the beginning."""
_EXACT = 2**53
_LONGEST = 2**31
_FREE_FORM = 6
"""How deep free-form values may be."""
_CHECKED = ("one", "two", "three")
MOST_CHECKED = len(_CHECKED)
"""How many strings of one object can be checked for how they begin."""
_OTHERWISE = "a string begins otherwise"


class Unsaid(Exception):
    """A schema that no type says anything of."""


@dataclass(frozen=True, slots=True)
class Field:
    """A declared property."""

    name: str
    type: Any
    required: bool
    prefix: str = ""
    """How it must begin, if it is required and a string."""


def kinds_of(keywords: Mapping[str, Any]) -> frozenset[str]:
    """The kinds of values that a schema can take, or more."""
    stated: Any = keywords.get("type", KINDS)
    kinds = frozenset[str]((stated,) if isinstance(stated, str) else stated)
    if "integer" in kinds:
        kinds = kinds - {"integer"} | {"number"}
    return kinds & {json_type(value) for value in values_of(keywords)} if keywords.keys() & VALUES else kinds


def values_of(keywords: Mapping[str, Any]) -> list[Any]:
    """The values that a schema lists, or more; none if it lists none."""
    return [keywords["const"]] if "const" in keywords else list(keywords.get("enum", ()))


def literals(keywords: Mapping[str, Any]) -> Said:
    """The strings, small integers and null among the values that a schema lists; raises Unsaid."""
    if not keywords.keys() - {"type"} < VALUES:
        raise Unsaid
    kinds, values = kinds_of(keywords), values_of(keywords)
    found: dict[str, Any] = {}
    if strings := [value for value in values if isinstance(value, str)]:
        found["string"] = Literal[tuple(strings)]
    if integers := [value for value in values if type(value) is int and -_EXACT < value < _EXACT]:
        found["number"] = Literal[tuple(integers)]
    if None in values:
        found["null"] = type(None)
    return sure({kind: each for kind, each in found.items() if kind in kinds})


def string(keywords: Mapping[str, Any]) -> Any:
    """A string, its length in code points; raises Unsaid."""
    if "pattern" in keywords:  # Meta(pattern=...) of msgspec 0.22 has crashed the interpreter
        raise Unsaid
    return limited(str, keywords, _LENGTHS)


def beginning(keywords: Mapping[str, Any]) -> str:
    """How a string must begin, if that is all that is asked of it; or nothing."""
    match keywords:
        case {"type": "string", "pattern": str(pattern), **others} if not others and _BEGINNING.fullmatch(pattern):
            return pattern[1:]
        case _:
            return ""


def number(keywords: Mapping[str, Any]) -> Any:
    """A number, bounded only well within the doubles that are exact, where rounding crosses no bound; raises Unsaid."""
    stated: Any = keywords.get("type", "number")
    bounds: dict[str, Any] = {word: keywords[keyword] for keyword, word in _BOUNDS.items() if keyword in keywords}
    if {"ge", "gt"} <= bounds.keys() or {"le", "lt"} <= bounds.keys():
        raise Unsaid
    if not all(type(bound) is int and -_EXACT < bound < _EXACT for bound in bounds.values()):
        raise Unsaid
    integer: Any = Annotated[int, msgspec.Meta(**bounds)] if bounds else int
    if stated != "number" and "number" not in stated:
        return integer
    double: Any = Annotated[float, msgspec.Meta(**bounds)] if bounds else float
    return integer | double


def limited(base: Any, keywords: Mapping[str, Any], words: Mapping[str, str]) -> Any:
    """A type with limits to its length; raises Unsaid."""
    limits: dict[str, Any] = {word: keywords[keyword] for keyword, word in words.items() if keyword in keywords}
    if not all(type(limit) is int and 0 <= limit < _LONGEST for limit in limits.values()):
        raise Unsaid
    return Annotated[base, msgspec.Meta(**limits)] if limits else base


def struct(fields: Sequence[Field], tag: Tag | None) -> Any:
    """An object of these properties and no others; with a tag, which is none of them, it must have that too."""
    checked = [field for field in fields if field.prefix]
    names: dict[str, str] = {}
    stated: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for index, field in enumerate(fields):
        attribute = _CHECKED[checked.index(field)] if field in checked else f"field{index}"
        names[attribute] = field.name
        if not field.required:
            stated.append((attribute, field.type | msgspec.UnsetType, msgspec.UNSET))
        else:
            stated.append((attribute, field.type))
    name, value = tag or (None, None)
    return msgspec.defstruct(
        "Object",
        stated,
        namespace=_checking([field.prefix for field in checked]),
        tag_field=name,
        tag=value,
        rename=names,
        kw_only=True,
        forbid_unknown_fields=True,
        gc=False,
    )


def _checking(prefixes: Sequence[str]) -> dict[str, Any]:
    """What a struct needs to check how strings begin.

    A string begins with `ab` if it is not below `ab` and below `ac`, by code points. Each number of strings has its
    own function, since one is called for every object of every document.
    """
    match [(prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)) for prefix in prefixes]:
        case []:
            return {}
        case [(a, past_a)]:

            def check(self: Any) -> None:
                if not a <= self.one < past_a:
                    raise ValueError(_OTHERWISE)

        case [(a, past_a), (b, past_b)]:

            def check(self: Any) -> None:
                if not (a <= self.one < past_a and b <= self.two < past_b):
                    raise ValueError(_OTHERWISE)

        case [(a, past_a), (b, past_b), (c, past_c)]:

            def check(self: Any) -> None:
                if not (a <= self.one < past_a and b <= self.two < past_b and c <= self.three < past_c):
                    raise ValueError(_OTHERWISE)

        case _:
            raise Unsaid
    return {"__post_init__": check}


@cache
def anything() -> Said:
    """Types for free-form values, spelled out level by level: their depth has an end."""
    scalars: dict[str, Any] = {"string": str, "number": int | float, "boolean": bool, "null": type(None)}
    said = scalars
    for _ in range(_FREE_FORM):
        inner = whole(said)
        said = {**scalars, "array": list_of(inner), "object": map_of(inner)}
    return said


def list_of(items: Any) -> Any:
    """An array of items of one type."""
    return types.GenericAlias(list, (items,))


def map_of(members: Any) -> Any:
    """An object whose members, whatever their names, have one type."""
    return types.GenericAlias(dict, (str, members))


def sure(said: Said) -> Said:
    """The same, unless nothing is said; raises Unsaid."""
    if not said:
        raise Unsaid
    return said


def whole(said: Said) -> Any:
    """One type for all that is said."""
    first, *others = said.values()
    for other in others:
        first = first | other
    return first
