"""Conversion of JSON names to proto and Python identifiers, with collisions resolved.

Proto names follow the protobuf style guide: snake_case fields, PascalCase messages, UPPER_SNAKE_CASE enum values.
Two names collide as in protoc, which compares default JSON names: names that differ only in case or underscores.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping

_WORD_PATTERN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+[A-Z]*(?![a-z])|\d+")
_PASCAL_CASE = re.compile(r"[A-Z][A-Za-z0-9]*")
_SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SYMBOL_NAMES = {
    "-": "minus",
    "+": "plus",
    "*": "any",
    "/": "slash",
    ".": "dot",
    "$": "dollar",
    "%": "percent",
    "&": "and",
}


def split_words(text: str) -> tuple[str, ...]:
    """Split a name into lower-case words: `experimentalOver200K` into experimental, over, 200k; never empty."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    message = tuple(word.lower() for word in _WORD_PATTERN.findall(ascii_text))
    return message or tuple(_SYMBOL_NAMES[symbol] for symbol in text if symbol in _SYMBOL_NAMES) or ("empty",)


def to_snake_case(text: str) -> str:
    """Convert a name to snake_case; a valid snake_case name stays unchanged."""
    if _SNAKE_CASE.fullmatch(text):
        return text
    name = "_".join(split_words(text))
    return name if name[0].isalpha() else f"field_{name}"


def to_field_name(property: str) -> str:
    """Return the proto field name of a JSON property.

    `_tag` becomes `underscore_tag` because protobuf's Python runtime rejects an optional field `tag` with
    `json_name = "_tag"`: protoc names the synthetic oneof of that field `_tag`.
    """
    name = to_snake_case(property)
    return f"underscore_{name}" if property.startswith("_") and not name.startswith("_") else name


def to_pascal_case(text: str) -> str:
    """Convert a name to PascalCase for a message or class; a valid name stays unchanged except for Python keywords."""
    name = text if _PASCAL_CASE.fullmatch(text) else "".join(word.capitalize() for word in split_words(text))
    if keyword.iskeyword(name):  # None, True, False
        return f"{name}Message"
    return name if name[0].isalpha() else f"Type{name}"


def to_upper_snake_case(text: str) -> str:
    """Convert a name to UPPER_SNAKE_CASE for an enum value, without the enum prefix."""
    return "_".join(split_words(text)).upper()


def get_default_json_name(field: str) -> str:
    """Return protoc's default JSON name of a field (`ToJsonName` in protobuf's descriptor.cc)."""
    head, *rest = field.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def get_clash_key(name: str) -> str:
    """Return the collision key of a name: names with equal keys cannot share a scope."""
    return name.replace("_", "").lower()


def assign_unique_names(preferred: Mapping[str, str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Assign every key its preferred name, or that name with the first free number appended.

    `taken` are reserved names. Keys that equal their preferred name come first, the rest in lexical order, so that the
    result does not depend on the order in a file.
    """
    used = {get_clash_key(name) for name in taken}
    names: dict[str, str] = {}
    for key in sorted(preferred, key=lambda key: (key != preferred[key], key)):
        base = name = preferred[key]
        separator = "_" if base[:1].islower() or "_" in base else ""
        count = 1
        while get_clash_key(name) in used:
            count += 1
            name = f"{base}{separator}{count}"
        used.add(get_clash_key(name))
        names[key] = name
    return names
