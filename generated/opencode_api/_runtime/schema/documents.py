"""Schema documents: where subschemas stand, what they are called, and what a `$ref` means.

Documents are known by their file below the schema folder; nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast
from urllib.parse import quote, unquote, urljoin, urlsplit

from ..json.formatting import type_name
from ..json.pointers import names_of, pointer_of, token
from ..json.text import Json
from .dialects import DRAFT_2020_12, Dialect, MetaSchemas

BASE = "https://schemas.invalid/"
"""Where the documents pretend to be (RFC 6761 section 6.4: `.invalid` never resolves)."""

ONE = frozenset({
    "not", "if", "then", "else", "contains", "propertyNames", "additionalProperties", "additionalItems", "items",
    "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
"""Keywords that hold one schema."""
SEVERAL = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items"})
"""Keywords that hold a list of schemas."""
NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"})
"""Keywords that hold schemas by name."""
DEFINITIONS = frozenset({"$defs", "definitions"})
"""Keywords whose schemas take part only when something refers to them."""

MISSING: Json = cast(Any, object())
"""In place of a value that is not there."""


class SchemaRefused(ValueError):
    """A schema that cannot be held against documents: `where` is `file#pointer`, `reason` says why."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = where
        self.reason = reason


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """A document, or a part of one that has an `$id` of its own.

    `uri` (without fragment) is what it is called here, `base` what references in it are relative to.
    """

    uri: str
    base: str
    file: str
    pointer: str
    dialect: Dialect
    anchors: dict[str, str] = field(default_factory=dict[str, str])
    """Pointer by name of anchor."""
    dynamic: set[str] = field(default_factory=set[str])
    """The names of anchors that are dynamic; "" stands for `$recursiveAnchor`."""


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One schema at its place; a place has one Site, so Sites compare by identity."""

    file: str
    pointer: str
    schema: Any
    resource: Resource

    @property
    def where(self) -> str:
        """The place as findings name it: `session/sessionInfo.schema.json#/properties/id`."""
        return f"{self.file}#{self.pointer}"

    @property
    def keywords(self) -> Mapping[str, Any]:
        """The keywords in force; none in a boolean schema."""
        return in_force(self.schema, self.resource.dialect)


class Documents:
    """A closed set of schema documents by file, or by absolute URI."""

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self.schemas = schemas
        self._sites: dict[tuple[str, str], Site] = {}

    def root(self, reference: str) -> Site:
        """The schema that `file` or `file#fragment` names; raises SchemaRefused."""
        file, _, fragment = reference.partition("#")
        resource = self.roots.get((file, ""))
        site = self._within(resource, fragment) if resource else None
        if site is None:
            raise SchemaRefused(reference, "there is no such schema")
        return site

    def below(self, site: Site, *names: str | int) -> Site:
        """A schema inside a schema, by keyword and name or index."""
        pointer = site.pointer + pointer_of(names)
        known = self._sites.get((site.file, pointer))
        return known or self._site(site.resource, pointer, value_at(site.schema, names))

    def inside(self, site: Site) -> Iterator[tuple[tuple[str | int, ...], Site]]:
        """The subschemas that take part in a schema, with the keyword and the name or index that lead to each."""
        for keyword, value in site.keywords.items():
            if keyword not in DEFINITIONS:
                for names, _ in subschemas(keyword, value):
                    yield names, self.below(site, *names)

    def resolve(self, site: Site, reference: str) -> Site:
        """What a `$ref` in a schema means: by its `$id`, or else by its file; raises SchemaRefused."""
        for base in (site.resource.base, uri_of(site.file)):
            document, _, fragment = _joined(base, reference).partition("#")
            resource = self._by_uri.get(document)
            found = self._within(resource, unquote(fragment)) if resource else None
            if found is not None:
                return found
        raise SchemaRefused(f"{site.where}/$ref", f"refers to `{reference}`, which is not one of the schemas")

    def resolve_dynamic(self, site: Site, keyword: str, scope: tuple[Resource, ...]) -> Site:
        """What a `$dynamicRef` or `$recursiveRef` means, where `scope` is how evaluation came here, outermost first."""
        reference = str(site.keywords[keyword])
        static = self.resolve(site, reference)
        name = reference.partition("#")[2]
        if name in static.resource.dynamic:
            outermost = next((resource for resource in scope if name in resource.dynamic), static.resource)
            return self._within(outermost, name) or static
        return static

    @cached_property
    def dynamic(self) -> bool:
        """Whether any reference here depends on how evaluation came to it."""
        return any(resource.dynamic for resource in self.roots.values())

    @cached_property
    def roots(self) -> Mapping[tuple[str, str], Resource]:
        """Every resource by file and pointer of its root."""
        found: dict[tuple[str, str], Resource] = {}
        meta = MetaSchemas(self.schemas)
        for file, schema in self.schemas.items():
            _index(file, schema, meta, found)
        return found

    @cached_property
    def _by_uri(self) -> Mapping[str, Resource]:
        resources = list(self.roots.values())
        return {resource.base: resource for resource in resources} | {resource.uri: resource for resource in resources}

    def _within(self, resource: Resource, fragment: str) -> Site | None:
        if fragment and not fragment.startswith("/"):
            if fragment not in resource.anchors:
                return None
            fragment = resource.anchors[fragment].removeprefix(resource.pointer)
        schema = value_at(self.schemas[resource.file], names_of(resource.pointer))
        site = self._site(resource, resource.pointer, schema)
        for name in names_of(fragment):
            inner = value_at(site.schema, (name,))
            if inner is MISSING:
                return None
            site = self._site(site.resource, f"{site.pointer}/{token(name)}", inner)
        return site if isinstance(site.schema, dict | bool) else None

    def _site(self, around: Resource, pointer: str, schema: Json) -> Site:
        place = (around.file, pointer)
        known = self._sites.get(place)
        if known is None:
            made = Site(around.file, pointer, schema, self.roots.get(place, around))
            known = self._sites.setdefault(place, made)  # another thread may have been first
        return known


def in_force(schema: Json, dialect: Dialect) -> Mapping[str, Any]:
    """The keywords of a schema that mean something in its dialect."""
    if not isinstance(schema, dict):
        return {}
    if dialect.ref_alone and "$ref" in schema:
        return {"$ref": schema["$ref"]}
    keywords = extended(schema)
    if dialect.void.isdisjoint(keywords):
        return keywords
    return {keyword: value for keyword, value in keywords.items() if keyword not in dialect.void}


def extended(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema, its enum of strings open to any other string where `x-extensible-enum` says so."""
    if schema.get("x-extensible-enum") is not True or "enum" not in schema:
        return schema
    types = {type_name(value) for value in schema["enum"]}
    if "type" in schema:
        stated: Any = schema["type"]
        allowed = {stated} if isinstance(stated, str) else set(stated)
        types &= allowed | {"integer"} if "number" in allowed else allowed
    if not {"string"} <= types <= {"string", "null"}:
        return schema
    left = {keyword: value for keyword, value in schema.items() if keyword not in ("enum", "type")}
    return {"type": sorted(types, reverse=True), **left}


def subschemas(keyword: str, value: Json) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """The schemas that the value of a keyword holds, each with the keyword and the name or index that lead to it."""
    if keyword in ONE and isinstance(value, dict | bool):
        yield (keyword,), value
    elif keyword in SEVERAL and isinstance(value, list):
        yield from (((keyword, index), item) for index, item in enumerate(value))
    elif keyword in NAMED and isinstance(value, dict):
        yield from (((keyword, name), item) for name, item in value.items() if isinstance(item, dict | bool))


def value_at(value: Json, names: Iterable[str | int]) -> Json:
    """What stands at names and indices below a value, or MISSING."""
    for name in names:
        if isinstance(value, dict) and isinstance(name, str) and name in value:
            value = value[name]
        elif isinstance(value, list) and str(name).isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return MISSING
    return value


def uri_of(file: str) -> str:
    """What a file is called in references; a URI stays what it is."""
    return file.partition("#")[0] if urlsplit(file).scheme else BASE + quote(file)


def _joined(base: str, reference: str) -> str:
    return base + reference if reference.startswith("#") else urljoin(base, reference)


def _index(file: str, document: Json, meta: MetaSchemas, found: dict[tuple[str, str], Resource]) -> None:
    """Note every `$id` and anchor of one document."""
    uri = uri_of(file)
    found[file, ""] = Resource(uri, uri, file, "", DRAFT_2020_12)
    open_places: list[tuple[str, Json, Resource]] = [("", document, found[file, ""])]
    while open_places:
        pointer, schema, resource = open_places.pop()
        if not isinstance(schema, dict):
            continue
        resource = _resource(schema, pointer, resource, meta)
        if resource.pointer == pointer:
            found[file, pointer] = resource
        _note_anchors(schema, pointer, resource)
        for keyword, value in schema.items():
            for names, inner in subschemas(keyword, value):
                open_places.append((pointer + pointer_of(names), inner, resource))


def _resource(schema: Mapping[str, Any], pointer: str, around: Resource, meta: MetaSchemas) -> Resource:
    """The resource that a schema belongs to: a new one if it has an `$id` or is the whole document."""
    named = schema.get("$id")
    if not isinstance(named, str) or named.startswith("#") or (around.dialect.ref_alone and "$ref" in schema):
        named = ""
    if pointer and not named:
        return around
    dialect = _dialect(schema, pointer, around, meta)
    base = _joined(around.base, named).partition("#")[0] if named else around.base
    return Resource(base if pointer else around.uri, base, around.file, pointer, dialect)


def _note_anchors(schema: Mapping[str, Any], pointer: str, resource: Resource) -> None:
    for keyword in ("$anchor", "$dynamicAnchor", "$id"):
        name = schema.get(keyword)
        if keyword == "$id":
            name = name[1:] if isinstance(name, str) and name.startswith("#") else None
        if not isinstance(name, str):
            continue
        if resource.anchors.setdefault(name, pointer) != pointer:
            raise SchemaRefused(f"{resource.file}#{pointer}/{keyword}", f"the anchor `{name}` is defined twice")
        if keyword == "$dynamicAnchor":
            resource.dynamic.add(name)
    if schema.get("$recursiveAnchor") is True and pointer == resource.pointer:
        resource.dynamic.add("")


def _dialect(schema: Mapping[str, Any], pointer: str, around: Resource, meta: MetaSchemas) -> Dialect:
    stated = schema.get("$schema")
    if not isinstance(stated, str):
        return around.dialect
    dialect = meta.dialect(stated)
    if dialect is None:
        raise SchemaRefused(f"{around.file}#{pointer}/$schema", f"unknown dialect `{stated}`")
    return dialect
