"""JSON Pointers (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterable


def token(name: str | int) -> str:
    """One reference token (section 3)."""
    return str(name).replace("~", "~0").replace("/", "~1")


def pointer_of(names: Iterable[str | int]) -> str:
    """The pointer of names and indices."""
    return "".join("/" + token(name) for name in names)


def names_of(pointer: str) -> list[str]:
    """The names and indices of a pointer."""
    return [name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]]
