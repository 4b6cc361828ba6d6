"""msgspec types of single keywords and kinds of value; each accepts a subset of what the keywords accept."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

import msgspec

from ..json.formatting import get_json_type

ALL_KINDS = frozenset({"null", "boolean", "number", "string", "array", "object"})
"""The JSON types of RFC 8259; an integer is a number."""
VALUE_KEYWORDS = frozenset({"enum", "const"})
SIZE_LIMITS = {"minItems": "min_length", "maxItems": "max_length"}
FIELD_NAME = re.compile(r'[^\x00-\x1f"\\]*')
"""Names that the field of a struct may have."""

TypesByKind = Mapping[str, Any]
"""msgspec types by the kind of JSON value that they accept."""
Tag = tuple[str, str]
"""The name and value of the property that identifies a branch of a tagged union."""

_LENGTHS = {"minLength": "min_length", "maxLength": "max_length"}
_BOUNDS = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}
_PREFIX_PATTERN = re.compile(r"\^[A-Za-z0-9_-]+")
"""Patterns that only require a literal prefix."""
_EXACT = 2**53
_MAX_SIZE = 2**31
_MAX_FREE_FORM_DEPTH = 6
"""Nesting of free-form values that a type accepts."""
_PREFIXED_FIELDS = ("first", "second", "third")
MAX_PREFIXED_FIELDS = len(_PREFIXED_FIELDS)
"""Properties of one object whose prefix can be checked."""
_WRONG_PREFIX = "a string does not have the required prefix"


class NotExpressible(Exception):
    """Raised when no msgspec type can express a schema."""


@dataclass(frozen=True, slots=True)
class StructField:
    """A declared property as a field of a struct."""

    name: str
    type: Any
    required: bool
    prefix: str = ""
    """The required prefix of a required string."""


def get_kinds(keywords: Mapping[str, Any]) -> frozenset[str]:
    """Return a superset of the kinds of values that a schema accepts."""
    declared: Any = keywords.get("type", ALL_KINDS)
    kinds = frozenset[str]((declared,) if isinstance(declared, str) else declared)
    if "integer" in kinds:
        kinds = kinds - {"integer"} | {"number"}
    if keywords.keys() & VALUE_KEYWORDS:
        return kinds & {get_json_type(value) for value in get_values(keywords)}
    return kinds


def get_values(keywords: Mapping[str, Any]) -> list[Any]:
    """Return the values of `const` or `enum`; an empty list if a schema has neither."""
    return [keywords["const"]] if "const" in keywords else list(keywords.get("enum", ()))


def build_literals(keywords: Mapping[str, Any]) -> TypesByKind:
    """Return types for the strings, small integers and null in `const` or `enum`; raise NotExpressible."""
    if not keywords.keys() - {"type"} < VALUE_KEYWORDS:
        raise NotExpressible
    kinds, values = get_kinds(keywords), get_values(keywords)
    types_by_kind: dict[str, Any] = {}
    if strings := [value for value in values if isinstance(value, str)]:
        types_by_kind["string"] = Literal[tuple(strings)]
    if integers := [value for value in values if type(value) is int and -_EXACT < value < _EXACT]:
        types_by_kind["number"] = Literal[tuple(integers)]
    if None in values:
        types_by_kind["null"] = type(None)
    return require_any({kind: type_ for kind, type_ in types_by_kind.items() if kind in kinds})


def build_string(keywords: Mapping[str, Any]) -> Any:
    """Return a string type with its length in code points; raise NotExpressible."""
    if "pattern" in keywords:  # Meta(pattern=...) of msgspec 0.22 can crash the interpreter
        raise NotExpressible
    return apply_limits(str, keywords, _LENGTHS)


def find_prefix(keywords: Mapping[str, Any]) -> str:
    """Return the prefix that a string must have, if that is its only constraint; else ""."""
    match keywords:
        case {"type": "string", "pattern": str(pattern), **others} if not others and _PREFIX_PATTERN.fullmatch(pattern):
            return pattern[1:]
        case _:
            return ""


def build_number(keywords: Mapping[str, Any]) -> Any:
    """Return a number type, with bounds if they are integers below 2^53, which rounding cannot cross.

    Raise NotExpressible.
    """
    declared: Any = keywords.get("type", "number")
    bounds: dict[str, Any] = {name: keywords[keyword] for keyword, name in _BOUNDS.items() if keyword in keywords}
    if {"ge", "gt"} <= bounds.keys() or {"le", "lt"} <= bounds.keys():
        raise NotExpressible
    if not all(type(bound) is int and -_EXACT < bound < _EXACT for bound in bounds.values()):
        raise NotExpressible
    integer: Any = Annotated[int, msgspec.Meta(**bounds)] if bounds else int
    if declared != "number" and "number" not in declared:
        return integer
    double: Any = Annotated[float, msgspec.Meta(**bounds)] if bounds else float
    return integer | double


def apply_limits(base: Any, keywords: Mapping[str, Any], names: Mapping[str, str]) -> Any:
    """Return a type with length limits; `names` maps keywords to arguments of Meta. Raise NotExpressible."""
    limits: dict[str, Any] = {name: keywords[keyword] for keyword, name in names.items() if keyword in keywords}
    if not all(type(limit) is int and 0 <= limit < _MAX_SIZE for limit in limits.values()):
        raise NotExpressible
    return Annotated[base, msgspec.Meta(**limits)] if limits else base


def build_struct(fields: Sequence[StructField], tag: Tag | None) -> Any:
    """Return a struct type with these fields and no others; a tag, which is not among them, is required too."""
    prefixed = [field for field in fields if field.prefix]
    names: dict[str, str] = {}
    definitions: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for index, field in enumerate(fields):
        attribute = _PREFIXED_FIELDS[prefixed.index(field)] if field in prefixed else f"field{index}"
        names[attribute] = field.name
        if not field.required:
            definitions.append((attribute, field.type | msgspec.UnsetType, msgspec.UNSET))
        else:
            definitions.append((attribute, field.type))
    name, value = tag or (None, None)
    return msgspec.defstruct(
        "Object",
        definitions,
        namespace=_build_prefix_check([field.prefix for field in prefixed]),
        tag_field=name,
        tag=value,
        rename=names,
        kw_only=True,
        forbid_unknown_fields=True,
        gc=False,
    )


def _build_prefix_check(prefixes: Sequence[str]) -> dict[str, Any]:
    """Return the namespace of a struct that checks the prefixes of its strings.

    A string starts with `ab` if it is at least `ab` and less than `ac`, by code points. There is one function for each
    number of prefixes, without a loop, because it runs for every object of every document.
    """
    match [(prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)) for prefix in prefixes]:
        case []:
            return {}
        case [(a, past_a)]:

            def check(self: Any) -> None:
                if not a <= self.first < past_a:
                    raise ValueError(_WRONG_PREFIX)

        case [(a, past_a), (b, past_b)]:

            def check(self: Any) -> None:
                if not (a <= self.first < past_a and b <= self.second < past_b):
                    raise ValueError(_WRONG_PREFIX)

        case [(a, past_a), (b, past_b), (c, past_c)]:

            def check(self: Any) -> None:
                if not (a <= self.first < past_a and b <= self.second < past_b and c <= self.third < past_c):
                    raise ValueError(_WRONG_PREFIX)

        case _:
            raise NotExpressible
    return {"__post_init__": check}


@cache
def build_free_form() -> TypesByKind:
    """Return types for free-form values, nested to a fixed depth."""
    scalars: dict[str, Any] = {"string": str, "number": int | float, "boolean": bool, "null": type(None)}
    types_by_kind = scalars
    for _ in range(_MAX_FREE_FORM_DEPTH):
        inner = union_of(types_by_kind)
        types_by_kind = {**scalars, "array": build_list(inner), "object": build_map(inner)}
    return types_by_kind


def build_list(items: Any) -> Any:
    """Return the type of arrays with items of one type."""
    return types.GenericAlias(list, (items,))


def build_map(members: Any) -> Any:
    """Return the type of objects with any names and members of one type."""
    return types.GenericAlias(dict, (str, members))


def require_any(types_by_kind: TypesByKind) -> TypesByKind:
    """Return the types unchanged; raise NotExpressible if there are none."""
    if not types_by_kind:
        raise NotExpressible
    return types_by_kind


def union_of(types_by_kind: TypesByKind) -> Any:
    """Return the union of types."""
    first, *others = types_by_kind.values()
    for other in others:
        first = first | other
    return first
