"""Detection of schemas that no validator can be built from: unresolved references and unsupported patterns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from wirelock.diagnostics import Diagnostic
from wirelock.parse.codes import DIALECT_UNKNOWN, PATTERN_REFUSED, SCHEMA_INVALID
from wirelock.runtime.json.text import Json
from wirelock.runtime.schema.dialects import DIALECTS
from wirelock.runtime.schema.documents import Documents, SubschemaRef, UnusableSchemaError
from wirelock.runtime.schema.engine_schemas import find_unusable
from wirelock.source import Document
from wirelock.source.references import REFERENCE_NOT_FOUND


def find_unidentifiable(schemas: Mapping[str, Document]) -> tuple[Diagnostic, ...]:
    """Return a diagnostic if a schema in the documents has no unique identifier or no known dialect."""
    try:
        _ = Documents({file: document.value for file, document in schemas.items()}).resources
    except UnusableSchemaError as error:
        return (_to_diagnostic(error, schemas),)
    return ()


def find_uncompilable(schemas: Mapping[str, Document]) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each subschema that prevents building a validator."""
    documents = Documents({file: document.value for file, document in schemas.items()})
    try:
        roots = [documents.get_root(file) for file in schemas]
    except UnusableSchemaError as error:
        return (_to_diagnostic(error, schemas),)
    subschemas = [subschema for root in roots for subschema in (root, *_iter_definitions(documents, root))]
    errors = {error.location: error for error in find_unusable(documents, *subschemas)}
    return tuple(_to_diagnostic(error, schemas) for _, error in sorted(errors.items()))


def _iter_definitions(documents: Documents, root: SubschemaRef) -> Iterator[SubschemaRef]:
    """Yield the definitions of a file, including unused ones."""
    for keyword in ("$defs", "definitions"):
        named = root.keywords.get(keyword, {})
        for name in cast("dict[str, Json]", named) if isinstance(named, dict) else ():
            yield documents.get_subschema(root, keyword, name)


def _to_diagnostic(error: UnusableSchemaError, schemas: Mapping[str, Document]) -> Diagnostic:
    file, _, pointer = error.location.partition("#")
    location = schemas[file].get_location(pointer)
    keywords = pointer.split("/")
    if keywords[-1] == "pattern" or "patternProperties" in keywords[-2:]:
        hint = "remove look-around and backreferences: the regular expression engine does not backtrack"
        return Diagnostic(PATTERN_REFUSED, location, error.reason, hint)
    if keywords[-1] in ("$ref", "$dynamicRef", "$recursiveRef"):
        return Diagnostic(REFERENCE_NOT_FOUND, location, error.reason, "use the path of a schema in this project")
    if keywords[-1] == "$schema":
        hint = f"use one of {', '.join(DIALECTS)} for an embedded schema"
        return Diagnostic(DIALECT_UNKNOWN, location, error.reason, hint)
    return Diagnostic(SCHEMA_INVALID, location, error.reason, "correct the identifier (JSON Schema core, section 8)")
