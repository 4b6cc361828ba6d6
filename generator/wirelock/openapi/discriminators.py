"""Discriminators: whether they name something (OpenAPI 3.1, "Discriminator Object").

They add nothing to what is valid, so a file keeps them for readers alone; unions are told apart by their constants.
"""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.diagnostics import Code, Severity
from wirelock.openapi.documents import At, Library
from wirelock.runtime.json.pointers import token

DISCRIMINATOR_UNKNOWN = Code("DISCRIMINATOR_UNKNOWN", Severity.ERROR, fatal=True)


def check_discriminator(schema: At, library: Library) -> None:
    """Report what the discriminator of a schema names and nothing has."""
    stated = library.table(schema, "discriminator")
    if stated is None:
        return
    name = library.text(stated, "propertyName")
    if not name:
        library.invalid(stated, "a discriminator must have a propertyName")
        return
    declared = set(_properties(schema, library, set()))
    if name not in declared:
        hint = f"the branches declare {', '.join(sorted(declared)) or 'no properties'}"
        words = f"no branch has the property {name} that tells them apart"
        library.report(DISCRIMINATOR_UNKNOWN, stated.below("propertyName"), words, hint)
    for value, target in library.named(stated, "mapping"):
        if not (isinstance(target.value, str) and _exists(target.value, target, library)):
            words = f"{value} is mapped to {target.value}, and there is no such schema"
            library.report(DISCRIMINATOR_UNKNOWN, target, words, "name a schema, or refer to one")


def _exists(target: str, at: At, library: Library) -> bool:
    """Whether a mapping names a schema of the document, or refers to one."""
    named = library.find(at, f"#/components/schemas/{token(target)}")
    return isinstance(named, At) or isinstance(library.find(at, target), At)


def _properties(schema: At, library: Library, seen: set[tuple[str, str]]) -> Iterator[str]:
    """The names of the properties that a schema and its branches declare."""
    here = library.followed(schema)
    if here is None or here.key in seen or not here.is_object:
        return
    seen.add(here.key)
    yield from here.below("properties").table if "properties" in here.table else ()
    for keyword in ("oneOf", "anyOf", "allOf"):
        for branch in library.items(here, keyword):
            yield from _properties(branch, library, seen)
