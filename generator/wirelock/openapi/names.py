"""Names of files, packages and properties, derived from names in a description; a description cannot choose a path."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from hashlib import sha256

from wirelock.naming import to_snake_case

SHARED, UNUSED = "shared", "unused"
"""The packages of schemas that several packages use, and of schemas that no operation uses."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_MAX_STEM_LENGTH = 100


def make_file_stem(name: str) -> str:
    """Return a file name without suffix: the name itself if it is safe on every system, else a similar one."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = re.sub(r"\.{2,}", ".", _UNSAFE.sub("_", ascii_name)).strip("._")
    if not any(letter.isalnum() for letter in stem):
        return f"schema_{_hash_name(name)}"
    if len(stem) > _MAX_STEM_LENGTH:
        return f"{stem[:_MAX_STEM_LENGTH]}_{_hash_name(name)}"
    return f"{stem}_" if _WINDOWS_DEVICE.fullmatch(stem) else stem


def make_package_name(tag: str) -> str:
    """Return the package of a tag or path segment, which is never `shared` or `unused`."""
    if not any(letter.isascii() and letter.isalnum() for letter in unicodedata.normalize("NFKD", tag)):
        return f"tag_{_hash_name(tag)}"
    name = make_file_stem(to_snake_case(tag)).lower()
    return f"{name}_api" if name in (SHARED, UNUSED) else name


def _hash_name(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:8]


def assign_file_names(preferred: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Return a file name for each key; no two are equal when case is ignored.

    `preferred` are names by key; `known` the names of an earlier import, which are kept. Of the other keys, those that
    end with their preferred name come first, then the order is lexical.
    """
    names = {key: known[key] for key in sorted(preferred) if key in known}
    used = {name.casefold() for name in names.values()}
    for key in sorted(preferred.keys() - names.keys(), key=lambda key: (not key.endswith(preferred[key]), key)):
        name, count = preferred[key], 1
        while name.casefold() in used:
            count += 1
            name = f"{preferred[key]}_{count}"
        used.add(name.casefold())
        names[key] = name
    return names


def make_property_name(name: str, location: str, taken: Iterable[str]) -> str:
    """Return the property of a parameter: its own name, unless another parameter has it or it is `body`."""
    used = {"body", *taken}
    candidate, count = name, 1
    while candidate in used:
        candidate = f"{name}_{location}" if count == 1 else f"{name}_{location}_{count}"
        count += 1
    return candidate
