"""JSON Pointers (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterable


def escape_token(name: str | int) -> str:
    """Return the reference token of a name or index (section 3)."""
    return str(name).replace("~", "~0").replace("/", "~1")


def join_pointer(names: Iterable[str | int]) -> str:
    """Return the pointer that consists of names and indices."""
    return "".join("/" + escape_token(name) for name in names)


def split_pointer(pointer: str) -> list[str]:
    """Return the names and indices of a pointer, unescaped."""
    return [name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]]


def get_relative_pointer(pointer: str, ancestor: str) -> str | None:
    """Return a pointer relative to an ancestor ("" for the ancestor itself), or None if it is not below it.

    Pointers are compared by token: `/bodyType` is not below `/body`.
    """
    if pointer == ancestor or pointer.startswith(f"{ancestor}/"):
        return pointer[len(ancestor) :]
    return None
