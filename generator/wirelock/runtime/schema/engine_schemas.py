"""Schema documents as the engine gets them: the same verdicts, nothing left to guess, to fetch or to backtrack.

References become absolute, patterns are translated, the dialect is one that the engine knows, and content keywords,
which the engine would assert in draft-07, go. Whatever cannot be kept becomes a schema that accepts nothing, since
`refusals` has refused whoever would meet it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ..json.pointers import names_of, pointer_of, token
from ..json.text import Json
from .documents import NAMED, Documents, Resource, SchemaRefused, Site, extended, uri_of
from .patterns import PatternRefused, translate

CLOSED = {"additionalProperties": False}
"""What open objects say of properties beyond their own, to find out whether a document has any."""
MOST_WAYS = 2**18
"""How often one value may be held against schemas before the engine, which caches only recursion, takes too long."""
LONGEST_WAY = 48
"""How many schemas may follow each other at one value before the engine's stack runs out at MAX_DEPTH."""

_CONTENT = frozenset({"contentEncoding", "contentMediaType", "contentSchema"})
_DATA = frozenset({"enum", "const", "default", "examples"})
_IN_PLACE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"})
_NOTHING: Mapping[str, Any] = {"not": {}}

_Work = tuple[str, Json, Resource, Any, str | int]
"""A schema still to be copied: its pointer, the schema, its resource, and the container and key of the copy."""


def prepared(documents: Documents, rest: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Every document with its URI; `rest` is added to objects that declare properties and leave open what else is."""
    return [(uri_of(file), _copy(documents, file, rest)) for file in documents.schemas]


def refusals(documents: Documents, *roots: Site) -> tuple[SchemaRefused, ...]:
    """Why schemas cannot be used: references to nothing, and patterns that need an engine that backtracks."""
    found: list[SchemaRefused] = []
    for site in reachable(documents, *roots):
        found.extend(_refused_patterns(site))
        try:
            tuple(referred(documents, site))
        except SchemaRefused as refused:
            found.append(refused)
    return tuple(found)


def reachable(documents: Documents, *roots: Site) -> Iterator[Site]:
    """Every schema that can take part in a verdict, once."""
    open_sites = [*dict.fromkeys(roots)]
    seen = {*open_sites}
    while open_sites:
        site = open_sites.pop()
        yield site
        for other in (inner for _, inner in edges(documents, site)):
            if other not in seen:
                seen.add(other)
                open_sites.append(other)


def edges(documents: Documents, site: Site) -> Iterator[tuple[str, Site]]:
    """The schemas that a schema uses, with the keyword; references to nothing are left out."""
    for names, inner in documents.inside(site):
        yield str(names[0]), inner
    try:
        for inner in referred(documents, site):
            yield "$ref", inner
    except SchemaRefused:
        return


def referred(documents: Documents, site: Site) -> Iterator[Site]:
    """What the references of one schema can mean; raises SchemaRefused."""
    keywords = site.keywords
    if "$ref" in keywords:
        yield documents.resolve(site, keywords["$ref"])
    for keyword in ("$dynamicRef", "$recursiveRef"):
        if keyword in keywords:
            yield documents.resolve_dynamic(site, keyword, ())
            for resource in documents.roots.values():
                yield documents.resolve_dynamic(site, keyword, (resource,))


def tame(documents: Documents, root: Site) -> bool:
    """Whether the engine knows the dialects and takes reasonable time and stack.

    A graph of references can have 2**60 ways through it.
    """
    sizes: dict[Site, tuple[int, int]] = {}
    open_sites = [root]
    while open_sites:
        site = open_sites[-1]
        if site.resource.dialect.narrowed:
            return False
        uses = list(edges(documents, site))
        missing = [inner for _, inner in uses if inner not in sizes]
        if site not in sizes and missing:
            sizes[site] = (1, 1)  # what leads back here is recursion, which the engine caches
            open_sites.extend(missing)
            continue
        open_sites.pop()
        sizes[site] = _size([(keyword, *sizes[inner]) for keyword, inner in uses])
    return all(ways <= MOST_WAYS and way <= LONGEST_WAY for ways, way in sizes.values())


def _size(uses: list[tuple[str, int, int]]) -> tuple[int, int]:
    """At one value: in how many ways schemas are met there or at the worst place below, and the longest way."""
    here = sum(ways for keyword, ways, _ in uses if keyword in _IN_PLACE or keyword == "$ref")
    named = max((ways for keyword, ways, _ in uses if keyword == "properties"), default=0)
    below = sum(ways for keyword, ways, _ in uses if keyword not in (*_IN_PLACE, "$ref", "properties"))
    longest = max((way for keyword, _, way in uses if keyword in _IN_PLACE or keyword == "$ref"), default=0)
    return min(1 + here + named + below, MOST_WAYS + 1), 1 + longest


def _refused_patterns(site: Site) -> Iterator[SchemaRefused]:
    keywords = site.keywords
    if isinstance(keywords.get("pattern"), str):
        yield from _refused(keywords["pattern"], f"{site.where}/pattern")
    for pattern in keywords.get("patternProperties", ()):
        yield from _refused(pattern, f"{site.where}/patternProperties/{token(pattern)}")


def _refused(pattern: str, where: str) -> Iterator[SchemaRefused]:
    try:
        translate(pattern)
    except PatternRefused as refused:
        yield SchemaRefused(where, f"the pattern `{pattern}` cannot be used: {refused}")


def _copy(documents: Documents, file: str, rest: Mapping[str, Any]) -> Any:
    """One document rewritten, without recursion."""
    whole: list[Any] = [None]
    work: list[_Work] = [("", documents.schemas[file], documents.roots[file, ""], whole, 0)]
    while work:
        pointer, schema, resource, copies, key = work.pop()
        resource = documents.roots.get((file, pointer), resource)
        if not isinstance(schema, dict):
            copies[key] = schema
            continue
        copy: dict[str, Any] = {}
        copies[key] = copy
        for keyword, value in extended(schema).items():
            work.extend(_keyword(documents, Site(file, pointer, schema, resource), keyword, value, copy))
        _finish(schema, pointer, resource, rest, copy)
    return whole[0]


def _keyword(documents: Documents, site: Site, keyword: str, value: Json, copy: dict[str, Any]) -> Iterator[_Work]:
    """Copy one keyword; what it holds of schemas, or might hold where we do not know it, is still to be copied."""
    place = f"{site.pointer}/{token(keyword)}"
    match keyword, value:
        case "$ref", str():
            copy.update(_reference(documents, site, value))
        case "$dynamicRef", str():
            copy[keyword] = _dynamic_reference(documents, site, value)
        case "pattern", str():
            copy.update(_pattern(value))
        case (("$id" | "$anchor" | "$schema"), str()):
            pass
        case _, dict() if keyword in NAMED:
            copies: dict[str, Any] = {}
            copy[keyword] = copies
            for name, inner in value.items():
                key = _translated(name) if keyword == "patternProperties" else name
                yield f"{place}/{token(name)}", inner, site.resource, copies, key
        case _, dict() if keyword not in _DATA and keyword not in _CONTENT:
            yield place, value, site.resource, copy, keyword
        case _, list() if keyword not in _DATA:
            items: list[Any] = [*value]
            copy[keyword] = items
            for index, inner in enumerate(value):
                yield f"{place}/{index}", inner, site.resource, items, index
        case _ if keyword not in _CONTENT:
            copy[keyword] = value
        case _:
            pass


def _finish(
    schema: Mapping[str, Any], pointer: str, resource: Resource, rest: Mapping[str, Any], copy: dict[str, Any]
) -> None:
    if pointer == resource.pointer:
        copy["$schema"] = resource.dialect.uri
        if pointer:
            copy["$id"] = resource.uri
    speaks_of_rest = "additionalProperties" in schema or "unevaluatedProperties" in schema
    if "properties" in schema and not speaks_of_rest:
        copy.update(rest)


def _reference(documents: Documents, site: Site, reference: str) -> Mapping[str, Any]:
    try:
        return {"$ref": address(documents.resolve(site, reference))}
    except SchemaRefused:
        return _NOTHING


def _dynamic_reference(documents: Documents, site: Site, reference: str) -> str:
    """The engine knows dynamic anchors only; what else a dynamic reference names, it names by its place."""
    try:
        target = documents.resolve(site, reference)
    except SchemaRefused:
        return reference
    anchor = reference.partition("#")[2]
    return f"{target.resource.uri}#{anchor}" if anchor in target.resource.dynamic else address(target)


def address(target: Site) -> str:
    """The absolute URI of a schema among the prepared ones; without `#` where it is a whole resource.

    With an empty fragment, jsonschema-rs 0.60 leaves the resource out of the dynamic scope.
    """
    names = names_of(target.pointer.removeprefix(target.resource.pointer))
    for index, name in enumerate(names[:-1]):
        if name == "patternProperties":
            names[index + 1] = _translated(names[index + 1])
    return f"{target.resource.uri}#{quote(pointer_of(names), safe='/~')}" if names else target.resource.uri


def _pattern(pattern: str) -> Mapping[str, Any]:
    try:
        return {"pattern": translate(pattern)}
    except PatternRefused:
        return _NOTHING


def _translated(pattern: str) -> str:
    try:
        return translate(pattern)
    except PatternRefused:
        return "^"
