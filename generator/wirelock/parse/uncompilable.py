"""What no validator could be made of: references to nothing, also where no shape looks, and patterns out of reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from wirelock.diagnostics import Diagnostic
from wirelock.parse.codes import DIALECT_UNKNOWN, PATTERN_REFUSED, SCHEMA_INVALID
from wirelock.runtime.json.text import Json
from wirelock.runtime.schema.dialects import DIALECTS
from wirelock.runtime.schema.documents import Documents, SchemaRefused, Site
from wirelock.runtime.schema.engine_schemas import refusals
from wirelock.source import Document
from wirelock.source.references import REFERENCE_NOT_FOUND


def confused(schemas: Mapping[str, Document]) -> tuple[Diagnostic, ...]:
    """What keeps schemas inside the documents from having a name and a dialect."""
    try:
        _ = Documents({file: document.value for file, document in schemas.items()}).roots
    except SchemaRefused as fault:
        return (_diagnostic(fault, schemas),)
    return ()


def refused(schemas: Mapping[str, Document]) -> tuple[Diagnostic, ...]:
    """One diagnostic for each place that keeps a validator from being made."""
    documents = Documents({file: document.value for file, document in schemas.items()})
    try:
        roots = [documents.root(file) for file in schemas]
    except SchemaRefused as fault:
        return (_diagnostic(fault, schemas),)
    sites = [site for root in roots for site in (root, *_named(documents, root))]
    found = {fault.where: fault for fault in refusals(documents, *sites)}
    return tuple(_diagnostic(fault, schemas) for _, fault in sorted(found.items()))


def _named(documents: Documents, root: Site) -> Iterator[Site]:
    """The definitions of a file, which nothing need refer to."""
    for keyword in ("$defs", "definitions"):
        named = root.keywords.get(keyword, {})
        for name in cast("dict[str, Json]", named) if isinstance(named, dict) else ():
            yield documents.below(root, keyword, name)


def _diagnostic(fault: SchemaRefused, schemas: Mapping[str, Document]) -> Diagnostic:
    file, _, pointer = fault.where.partition("#")
    where = schemas[file].at(pointer)
    keywords = pointer.split("/")
    if keywords[-1] == "pattern" or "patternProperties" in keywords[-2:]:
        hint = "patterns run on an engine that never backtracks: say it without look-around and back-references"
        return Diagnostic(PATTERN_REFUSED, where, fault.reason, hint)
    if keywords[-1] in ("$ref", "$dynamicRef", "$recursiveRef"):
        return Diagnostic(REFERENCE_NOT_FOUND, where, fault.reason, "name a schema of this project")
    if keywords[-1] == "$schema":
        hint = f"a part of a file may be in the dialects {', '.join(DIALECTS)}"
        return Diagnostic(DIALECT_UNKNOWN, where, fault.reason, hint)
    return Diagnostic(SCHEMA_INVALID, where, fault.reason, "see the JSON Schema specification, core, section 8")
