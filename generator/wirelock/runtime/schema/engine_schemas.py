"""Preparation of schema documents for the validation engine, jsonschema-rs, without change of meaning.

References become absolute, patterns are translated, the dialect is one that the engine supports, and content keywords
are removed, because the engine would assert them in draft-07. A reference or pattern that cannot be kept becomes a
schema that accepts nothing; `find_unusable` reports these, so that no validator uses them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ..json.pointers import escape_token, join_pointer, split_pointer
from ..json.text import Json
from .documents import (
    SCHEMA_MAP_KEYWORDS,
    Documents,
    SchemaResource,
    SubschemaRef,
    UnusableSchemaError,
    open_extensible_enum,
    to_uri,
)
from .patterns import UnsupportedPatternError, translate

CLOSED_OBJECT = {"additionalProperties": False}
"""The keyword added to objects without a rule for additional properties, to detect undeclared properties."""
MAX_PATHS = 2**18
"""Schema evaluations for one value above which the engine takes too long, since it caches recursion only."""
MAX_PATH_LENGTH = 48
"""Nested evaluations for one value above which the engine's stack may overflow in a document of MAX_DEPTH."""

_CONTENT = frozenset({"contentEncoding", "contentMediaType", "contentSchema"})
_DATA = frozenset({"enum", "const", "default", "examples"})
_IN_PLACE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"})
_NEVER: Mapping[str, Any] = {"not": {}}

_Work = tuple[str, Json, SchemaResource, Any, str | int]
"""A schema to copy: its pointer, the schema, its resource, and the container and key of the copy."""


def build_engine_schemas(documents: Documents, added: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return each document with its URI; `added` extends schemas with `properties` but without a rule for others."""
    return [(to_uri(file), _copy_document(documents, file, added)) for file in documents.schemas]


def find_unusable(documents: Documents, *roots: SubschemaRef) -> tuple[UnusableSchemaError, ...]:
    """Return the reasons why schemas cannot be used: unresolvable references and unsupported patterns."""
    errors: list[UnusableSchemaError] = []
    for ref in iter_reachable(documents, *roots):
        errors.extend(_find_unsupported_patterns(ref))
        try:
            tuple(iter_references(documents, ref))
        except UnusableSchemaError as error:
            errors.append(error)
    return tuple(errors)


def iter_reachable(documents: Documents, *roots: SubschemaRef) -> Iterator[SubschemaRef]:
    """Yield every schema that validation may evaluate, once."""
    stack = [*dict.fromkeys(roots)]
    seen = {*stack}
    while stack:
        ref = stack.pop()
        yield ref
        for other in (inner for _, inner in iter_edges(documents, ref)):
            if other not in seen:
                seen.add(other)
                stack.append(other)


def iter_edges(documents: Documents, ref: SubschemaRef) -> Iterator[tuple[str, SubschemaRef]]:
    """Yield the schemas that a schema applies, with the keyword; unresolvable references are left out."""
    for names, inner in documents.iter_subschemas(ref):
        yield str(names[0]), inner
    try:
        for inner in iter_references(documents, ref):
            yield "$ref", inner
    except UnusableSchemaError:
        return


def iter_references(documents: Documents, ref: SubschemaRef) -> Iterator[SubschemaRef]:
    """Yield the possible targets of the references in one schema; raise UnusableSchemaError."""
    keywords = ref.keywords
    if "$ref" in keywords:
        yield documents.resolve(ref, keywords["$ref"])
    for keyword in ("$dynamicRef", "$recursiveRef"):
        if keyword in keywords:
            yield documents.resolve_dynamic(ref, keyword, ())
            for resource in documents.resources.values():
                yield documents.resolve_dynamic(ref, keyword, (resource,))


def engine_can_run(documents: Documents, root: SubschemaRef) -> bool:
    """Return True if the engine supports the dialects and needs reasonable time and stack.

    A graph of references may have 2**60 paths through it.
    """
    sizes: dict[SubschemaRef, tuple[int, int]] = {}
    stack = [root]
    while stack:
        ref = stack[-1]
        if ref.resource.dialect.omits_vocabularies:
            return False
        uses = list(iter_edges(documents, ref))
        missing = [inner for _, inner in uses if inner not in sizes]
        if ref not in sizes and missing:
            sizes[ref] = (1, 1)  # for recursive references, whose results the engine caches
            stack.extend(missing)
            continue
        stack.pop()
        sizes[ref] = _count_paths([(keyword, *sizes[inner]) for keyword, inner in uses])
    return all(paths <= MAX_PATHS and length <= MAX_PATH_LENGTH for paths, length in sizes.values())


def _count_paths(uses: list[tuple[str, int, int]]) -> tuple[int, int]:
    """Return the number of paths from a schema to evaluations for one value, and the length of the longest.

    The value is the one of the schema, or the member or item with the most paths.
    """
    in_place = sum(paths for keyword, paths, _ in uses if keyword in _IN_PLACE or keyword == "$ref")
    properties = max((paths for keyword, paths, _ in uses if keyword == "properties"), default=0)
    members = sum(paths for keyword, paths, _ in uses if keyword not in (*_IN_PLACE, "$ref", "properties"))
    longest = max((length for keyword, _, length in uses if keyword in _IN_PLACE or keyword == "$ref"), default=0)
    return min(1 + in_place + properties + members, MAX_PATHS + 1), 1 + longest


def _find_unsupported_patterns(ref: SubschemaRef) -> Iterator[UnusableSchemaError]:
    keywords = ref.keywords
    if isinstance(keywords.get("pattern"), str):
        yield from _check_pattern(keywords["pattern"], f"{ref.location}/pattern")
    for pattern in keywords.get("patternProperties", ()):
        yield from _check_pattern(pattern, f"{ref.location}/patternProperties/{escape_token(pattern)}")


def _check_pattern(pattern: str, location: str) -> Iterator[UnusableSchemaError]:
    try:
        translate(pattern)
    except UnsupportedPatternError as error:
        yield UnusableSchemaError(location, f"the pattern `{pattern}` is not supported: {error}")


def _copy_document(documents: Documents, file: str, added: Mapping[str, Any]) -> Any:
    """Return a document rewritten for the engine; not recursive, because schemas may be deep."""
    result: list[Any] = [None]
    work: list[_Work] = [("", documents.schemas[file], documents.resources[file, ""], result, 0)]
    while work:
        pointer, schema, resource, copies, key = work.pop()
        resource = documents.resources.get((file, pointer), resource)
        if not isinstance(schema, dict):
            copies[key] = schema
            continue
        copy: dict[str, Any] = {}
        copies[key] = copy
        for keyword, value in open_extensible_enum(schema).items():
            work.extend(_copy_keyword(documents, SubschemaRef(file, pointer, schema, resource), keyword, value, copy))
        _finish_schema(schema, pointer, resource, added, copy)
    return result[0]


def _copy_keyword(
    documents: Documents, ref: SubschemaRef, keyword: str, value: Json, copy: dict[str, Any]
) -> Iterator[_Work]:
    """Copy one keyword and yield the schemas in it that remain to be copied; unknown keywords may contain some."""
    pointer = f"{ref.pointer}/{escape_token(keyword)}"
    match keyword, value:
        case "$ref", str():
            copy.update(_build_reference(documents, ref, value))
        case "$dynamicRef", str():
            copy[keyword] = _build_dynamic_reference(documents, ref, value)
        case "pattern", str():
            copy.update(_translate_pattern(value))
        case (("$id" | "$anchor" | "$schema"), str()):
            pass
        case _, dict() if keyword in SCHEMA_MAP_KEYWORDS:
            copies: dict[str, Any] = {}
            copy[keyword] = copies
            for name, inner in value.items():
                key = _translate_name(name) if keyword == "patternProperties" else name
                yield f"{pointer}/{escape_token(name)}", inner, ref.resource, copies, key
        case _, dict() if keyword not in _DATA and keyword not in _CONTENT:
            yield pointer, value, ref.resource, copy, keyword
        case _, list() if keyword not in _DATA:
            items: list[Any] = [*value]
            copy[keyword] = items
            for index, inner in enumerate(value):
                yield f"{pointer}/{index}", inner, ref.resource, items, index
        case _ if keyword not in _CONTENT:
            copy[keyword] = value
        case _:
            pass


def _finish_schema(
    schema: Mapping[str, Any], pointer: str, resource: SchemaResource, added: Mapping[str, Any], copy: dict[str, Any]
) -> None:
    if pointer == resource.pointer:
        copy["$schema"] = resource.dialect.uri
        if pointer:
            copy["$id"] = resource.uri
    has_rule = "additionalProperties" in schema or "unevaluatedProperties" in schema
    if "properties" in schema and not has_rule:
        copy.update(added)


def _build_reference(documents: Documents, ref: SubschemaRef, reference: str) -> Mapping[str, Any]:
    try:
        return {"$ref": build_uri(documents.resolve(ref, reference))}
    except UnusableSchemaError:
        return _NEVER


def _build_dynamic_reference(documents: Documents, ref: SubschemaRef, reference: str) -> str:
    """Return a URI with the dynamic anchor, or else the URI of the target; the engine ignores other anchors."""
    try:
        target = documents.resolve(ref, reference)
    except UnusableSchemaError:
        return reference
    anchor = reference.partition("#")[2]
    return f"{target.resource.uri}#{anchor}" if anchor in target.resource.dynamic_anchors else build_uri(target)


def build_uri(target: SubschemaRef) -> str:
    """Return the absolute URI of a prepared schema; without `#` for the root of a resource.

    With an empty fragment, jsonschema-rs 0.60 does not add the resource to the dynamic scope.
    """
    names = split_pointer(target.pointer.removeprefix(target.resource.pointer))
    for index, name in enumerate(names[:-1]):
        if name == "patternProperties":
            names[index + 1] = _translate_name(names[index + 1])
    return f"{target.resource.uri}#{quote(join_pointer(names), safe='/~')}" if names else target.resource.uri


def _translate_pattern(pattern: str) -> Mapping[str, Any]:
    try:
        return {"pattern": translate(pattern)}
    except UnsupportedPatternError:
        return _NEVER


def _translate_name(pattern: str) -> str:
    try:
        return translate(pattern)
    except UnsupportedPatternError:
        return "^"
