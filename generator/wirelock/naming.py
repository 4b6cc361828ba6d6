"""Words to identifiers for proto and Python, and the one place where collisions are settled.

Rules for protobuf names are the style guide's (snake_case fields, PascalCase messages, UPPER_SNAKE enum values);
which names clash is protoc's: it compares default JSON names, so names that differ in case or underscores alone clash.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+[A-Z]*(?![a-z])|\d+")
_PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")
_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SIGNS = {"-": "minus", "+": "plus", "*": "any", "/": "slash", ".": "dot", "$": "dollar", "%": "percent", "&": "and"}


def words(text: str) -> tuple[str, ...]:
    """The words of a name in any spelling: `experimentalOver200K` is experimental, over, 200k; never empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    found = tuple(word.lower() for word in _WORD.findall(plain))
    return found or tuple(_SIGNS[sign] for sign in text if sign in _SIGNS) or ("empty",)


def snake(text: str) -> str:
    """A proto field name; a spelling that already is one stays as it is."""
    if _SNAKE.fullmatch(text):
        return text
    name = "_".join(words(text))
    return name if name[0].isalpha() else f"field_{name}"


def field_name(property: str) -> str:
    """The proto field of a JSON property.

    `_tag` is not `tag`: with `json_name = "_tag"` an optional field `tag` is refused by protobuf's Python runtime,
    since protoc gives that field a synthetic oneof of the name `_tag`.
    """
    name = snake(property)
    return f"underscore_{name}" if property.startswith("_") and not name.startswith("_") else name


def pascal(text: str) -> str:
    """A message or class name; a spelling that already is one stays as it is, unless Python could not say it."""
    name = text if _PASCAL.fullmatch(text) else "".join(word.capitalize() for word in words(text))
    if keyword.iskeyword(name):  # None, True, False
        return f"{name}Message"
    return name if name[0].isalpha() else f"Type{name}"


def upper_snake(text: str) -> str:
    """An enum value's name without its prefix."""
    return "_".join(words(text)).upper()


def default_json_name(field: str) -> str:
    """The JSON name that protoc gives a field of this name (`ToJsonName` in protobuf's descriptor.cc)."""
    head, *rest = field.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def clash_key(name: str) -> str:
    """Names with the same key cannot stand in one scope."""
    return name.replace("_", "").lower()


def settle(wanted: Mapping[str, str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Give every key its wanted name, or that name with the first free number behind it.

    `taken` are names that cannot be had. Keys that are spelt exactly as their name come first, the rest in lexical
    order, so that the result never depends on the order of a file.
    """
    used = {clash_key(name) for name in taken}
    settled: dict[str, str] = {}
    for key in sorted(wanted, key=lambda key: (key != wanted[key], key)):
        name, count = wanted[key], 1
        while clash_key(name) in used:
            count += 1
            name = (
                f"{wanted[key]}_{count}" if wanted[key][:1].islower() or "_" in wanted[key] else f"{wanted[key]}{count}"
            )
        used.add(clash_key(name))
        settled[key] = name
    return settled
