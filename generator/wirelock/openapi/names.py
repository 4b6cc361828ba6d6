"""Names in a description to names of files, packages and properties; nothing in a document chooses a path."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from hashlib import sha256

from wirelock.naming import snake

SHARED, UNUSED = "shared", "unused"
"""The packages of what several packages use, and of what no operation uses."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LONGEST = 100


def stem(name: str) -> str:
    """A file name for a name, without its ending: the same where that is safe everywhere, else as near as can be."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    safe = re.sub(r"\.{2,}", ".", _UNSAFE.sub("_", plain)).strip("._")
    if not any(letter.isalnum() for letter in safe):
        return f"schema_{_mark(name)}"
    if len(safe) > _LONGEST:
        return f"{safe[:_LONGEST]}_{_mark(name)}"
    return f"{safe}_" if _DEVICES.fullmatch(safe) else safe


def package(words: str) -> str:
    """The package of a tag or path segment; never one of those that import itself fills."""
    if not any(letter.isascii() and letter.isalnum() for letter in unicodedata.normalize("NFKD", words)):
        return f"tag_{_mark(words)}"
    name = stem(snake(words)).lower()
    return f"{name}_api" if name in (SHARED, UNUSED) else name


def _mark(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:8]


def settled(wanted: Mapping[str, str], known: Mapping[str, str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A file name for each key, all different even where case does not count.

    `wanted` are names by key; `known` the names of an earlier import, which stay. Among newcomers a name that is
    spelt exactly as wanted comes first, then the lexical order of the keys.
    """
    found = {key: known[key] for key in sorted(wanted) if key in known}
    used = {name.casefold() for name in (*found.values(), *taken)}
    for key in sorted(wanted.keys() - found.keys(), key=lambda key: (not key.endswith(wanted[key]), key)):
        name, count = wanted[key], 1
        while name.casefold() in used:
            count += 1
            name = f"{wanted[key]}_{count}"
        used.add(name.casefold())
        found[key] = name
    return found


def property_name(name: str, place: str, taken: Iterable[str]) -> str:
    """The property of a parameter: its own name unless another parameter has it, or it is `body`."""
    used = {"body", *taken}
    wanted, count = name, 1
    while wanted in used:
        wanted = f"{name}_{place}" if count == 1 else f"{name}_{place}_{count}"
        count += 1
    return wanted
