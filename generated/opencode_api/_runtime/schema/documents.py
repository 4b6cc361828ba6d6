"""Schema documents: locations of subschemas, and resolution of references between them.

The key of a document is its file below the schema folder; nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast
from urllib.parse import quote, unquote, urljoin, urlsplit

from ..json.formatting import get_schema_type
from ..json.pointers import escape_token, join_pointer, split_pointer
from ..json.text import Json
from .dialects import DRAFT_2020_12, Dialect, MetaSchemas

BASE_URI = "https://schemas.invalid/"
"""The base URI of the documents (RFC 6761 section 6.4: `.invalid` never resolves)."""

SCHEMA_KEYWORDS = frozenset({
    "not", "if", "then", "else", "contains", "propertyNames", "additionalProperties", "additionalItems", "items",
    "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
"""Keywords whose value is a schema."""
SCHEMA_LIST_KEYWORDS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items"})
"""Keywords whose value is an array of schemas."""
SCHEMA_MAP_KEYWORDS = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"}
)
"""Keywords whose value is an object of schemas."""
DEFINITION_KEYWORDS = frozenset({"$defs", "definitions"})
"""Keywords whose schemas apply only through references."""

MISSING: Json = cast(Any, object())
"""Placeholder for a missing value."""


class UnusableSchemaError(ValueError):
    """Raised when a schema cannot be used for validation; `location` is `file#pointer`."""

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(f"{location}: {reason}")
        self.location = location
        self.reason = reason


@dataclass(frozen=True, slots=True, eq=False)
class SchemaResource:
    """A schema resource: a document, or a subschema with an `$id` (JSON Schema core, section 4.3.5).

    `uri`, without fragment, identifies it here; `base` is the base URI of the references in it.
    """

    uri: str
    base: str
    file: str
    pointer: str
    dialect: Dialect
    anchors: dict[str, str] = field(default_factory=dict[str, str])
    """Pointers by anchor name."""
    dynamic_anchors: set[str] = field(default_factory=set[str])
    """Names of dynamic anchors; "" is `$recursiveAnchor`."""


@dataclass(frozen=True, slots=True, eq=False)
class SubschemaRef:
    """A schema with its location; one location has one SubschemaRef, so they compare by identity."""

    file: str
    pointer: str
    schema: Any
    resource: SchemaResource

    @property
    def location(self) -> str:
        """The location as findings print it: `session/sessionInfo.schema.json#/properties/id`."""
        return f"{self.file}#{self.pointer}"

    @property
    def keywords(self) -> Mapping[str, Any]:
        """The keywords that apply in the dialect; none for a boolean schema."""
        return get_active_keywords(self.schema, self.resource.dialect)


class Documents:
    """A set of schema documents by file or absolute URI; references do not lead out of it."""

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self.schemas = schemas
        self._refs: dict[tuple[str, str], SubschemaRef] = {}

    def get_root(self, reference: str) -> SubschemaRef:
        """Return the schema of `file` or `file#fragment`; raise UnusableSchemaError if there is none."""
        file, _, fragment = reference.partition("#")
        resource = self.resources.get((file, ""))
        ref = self._find_fragment(resource, fragment) if resource else None
        if ref is None:
            raise UnusableSchemaError(reference, "schema not found")
        return ref

    def get_subschema(self, ref: SubschemaRef, *names: str | int) -> SubschemaRef:
        """Return the subschema at a keyword and, for arrays and objects of schemas, an index or name."""
        pointer = ref.pointer + join_pointer(names)
        known = self._refs.get((ref.file, pointer))
        return known or self._get_ref(ref.resource, pointer, get_value_at(ref.schema, names))

    def iter_subschemas(self, ref: SubschemaRef) -> Iterator[tuple[tuple[str | int, ...], SubschemaRef]]:
        """Yield the subschemas, except definitions, each with its path: the keyword, and an index or name."""
        for keyword, value in ref.keywords.items():
            if keyword not in DEFINITION_KEYWORDS:
                for names, _ in find_subschemas(keyword, value):
                    yield names, self.get_subschema(ref, *names)

    def resolve(self, ref: SubschemaRef, reference: str) -> SubschemaRef:
        """Return the target of a `$ref`, relative to the `$id` or else to the file; raise UnusableSchemaError."""
        for base in (ref.resource.base, to_uri(ref.file)):
            document, _, fragment = _join_uri(base, reference).partition("#")
            resource = self._by_uri.get(document)
            target = self._find_fragment(resource, unquote(fragment)) if resource else None
            if target is not None:
                return target
        raise UnusableSchemaError(f"{ref.location}/$ref", f"the reference `{reference}` does not resolve to a schema")

    def resolve_dynamic(self, ref: SubschemaRef, keyword: str, scope: tuple[SchemaResource, ...]) -> SubschemaRef:
        """Return the target of a `$dynamicRef` or `$recursiveRef`; `scope` is the dynamic scope, outermost first."""
        reference = str(ref.keywords[keyword])
        static = self.resolve(ref, reference)
        name = reference.partition("#")[2]
        if name in static.resource.dynamic_anchors:
            outermost = next((resource for resource in scope if name in resource.dynamic_anchors), static.resource)
            return self._find_fragment(outermost, name) or static
        return static

    @cached_property
    def has_dynamic_anchors(self) -> bool:
        """True if the target of a reference may depend on the dynamic scope."""
        return any(resource.dynamic_anchors for resource in self.resources.values())

    @cached_property
    def resources(self) -> Mapping[tuple[str, str], SchemaResource]:
        """The schema resources by file and pointer of their root."""
        resources: dict[tuple[str, str], SchemaResource] = {}
        meta = MetaSchemas(self.schemas)
        for file, schema in self.schemas.items():
            _index_resources(file, schema, meta, resources)
        return resources

    @cached_property
    def _by_uri(self) -> Mapping[str, SchemaResource]:
        resources = list(self.resources.values())
        return {resource.base: resource for resource in resources} | {resource.uri: resource for resource in resources}

    def _find_fragment(self, resource: SchemaResource, fragment: str) -> SubschemaRef | None:
        if fragment and not fragment.startswith("/"):
            if fragment not in resource.anchors:
                return None
            fragment = resource.anchors[fragment].removeprefix(resource.pointer)
        schema = get_value_at(self.schemas[resource.file], split_pointer(resource.pointer))
        ref = self._get_ref(resource, resource.pointer, schema)
        for name in split_pointer(fragment):
            inner = get_value_at(ref.schema, (name,))
            if inner is MISSING:
                return None
            ref = self._get_ref(ref.resource, f"{ref.pointer}/{escape_token(name)}", inner)
        return ref if isinstance(ref.schema, dict | bool) else None

    def _get_ref(self, parent: SchemaResource, pointer: str, schema: Json) -> SubschemaRef:
        key = (parent.file, pointer)
        known = self._refs.get(key)
        if known is None:
            ref = SubschemaRef(parent.file, pointer, schema, self.resources.get(key, parent))
            known = self._refs.setdefault(key, ref)  # another thread may have added it in the meantime
        return known


def get_active_keywords(schema: Json, dialect: Dialect) -> Mapping[str, Any]:
    """Return the keywords of a schema that apply in its dialect."""
    if not isinstance(schema, dict):
        return {}
    if dialect.ref_overrides_siblings and "$ref" in schema:
        return {"$ref": schema["$ref"]}
    keywords = open_extensible_enum(schema)
    if dialect.ignored_keywords.isdisjoint(keywords):
        return keywords
    return {keyword: value for keyword, value in keywords.items() if keyword not in dialect.ignored_keywords}


def open_extensible_enum(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema, without its enum of strings if `x-extensible-enum` allows other strings."""
    if schema.get("x-extensible-enum") is not True or "enum" not in schema:
        return schema
    types = {get_schema_type(value) for value in schema["enum"]}
    if "type" in schema:
        declared: Any = schema["type"]
        allowed = {declared} if isinstance(declared, str) else set(declared)
        types &= allowed | {"integer"} if "number" in allowed else allowed
    if not {"string"} <= types <= {"string", "null"}:
        return schema
    others = {keyword: value for keyword, value in schema.items() if keyword not in ("enum", "type")}
    return {"type": sorted(types, reverse=True), **others}


def find_subschemas(keyword: str, value: Json) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """Yield the schemas in the value of a keyword, each with its path: the keyword, and an index or name."""
    if keyword in SCHEMA_KEYWORDS and isinstance(value, dict | bool):
        yield (keyword,), value
    elif keyword in SCHEMA_LIST_KEYWORDS and isinstance(value, list):
        yield from (((keyword, index), item) for index, item in enumerate(value))
    elif keyword in SCHEMA_MAP_KEYWORDS and isinstance(value, dict):
        yield from (((keyword, name), item) for name, item in value.items() if isinstance(item, dict | bool))


def get_value_at(value: Json, names: Iterable[str | int]) -> Json:
    """Return the value at a path of names and indices, or MISSING."""
    for name in names:
        if isinstance(value, dict) and isinstance(name, str) and name in value:
            value = value[name]
        elif isinstance(value, list) and str(name).isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return MISSING
    return value


def to_uri(file: str) -> str:
    """Return the URI of a file; an absolute URI is returned without its fragment."""
    return file.partition("#")[0] if urlsplit(file).scheme else BASE_URI + quote(file)


def _join_uri(base: str, reference: str) -> str:
    return base + reference if reference.startswith("#") else urljoin(base, reference)


def _index_resources(
    file: str, document: Json, meta: MetaSchemas, resources: dict[tuple[str, str], SchemaResource]
) -> None:
    """Add the schema resources of one document, with their anchors, to `resources`."""
    uri = to_uri(file)
    resources[file, ""] = SchemaResource(uri, uri, file, "", DRAFT_2020_12)
    stack: list[tuple[str, Json, SchemaResource]] = [("", document, resources[file, ""])]
    while stack:
        pointer, schema, resource = stack.pop()
        if not isinstance(schema, dict):
            continue
        resource = _get_resource(schema, pointer, resource, meta)
        if resource.pointer == pointer:
            resources[file, pointer] = resource
        _record_anchors(schema, pointer, resource)
        for keyword, value in schema.items():
            for names, inner in find_subschemas(keyword, value):
                stack.append((pointer + join_pointer(names), inner, resource))


def _get_resource(schema: Mapping[str, Any], pointer: str, parent: SchemaResource, meta: MetaSchemas) -> SchemaResource:
    """Return the resource of a schema: a new one if it has an `$id` or is the root of the document."""
    identifier = schema.get("$id")
    is_ignored = parent.dialect.ref_overrides_siblings and "$ref" in schema
    if not isinstance(identifier, str) or identifier.startswith("#") or is_ignored:
        identifier = ""
    if pointer and not identifier:
        return parent
    dialect = _get_dialect(schema, pointer, parent, meta)
    base = _join_uri(parent.base, identifier).partition("#")[0] if identifier else parent.base
    return SchemaResource(base if pointer else parent.uri, base, parent.file, pointer, dialect)


def _record_anchors(schema: Mapping[str, Any], pointer: str, resource: SchemaResource) -> None:
    for keyword in ("$anchor", "$dynamicAnchor", "$id"):
        name = schema.get(keyword)
        if keyword == "$id":
            name = name[1:] if isinstance(name, str) and name.startswith("#") else None
        if not isinstance(name, str):
            continue
        if resource.anchors.setdefault(name, pointer) != pointer:
            raise UnusableSchemaError(f"{resource.file}#{pointer}/{keyword}", f"the anchor `{name}` is defined twice")
        if keyword == "$dynamicAnchor":
            resource.dynamic_anchors.add(name)
    if schema.get("$recursiveAnchor") is True and pointer == resource.pointer:
        resource.dynamic_anchors.add("")


def _get_dialect(schema: Mapping[str, Any], pointer: str, parent: SchemaResource, meta: MetaSchemas) -> Dialect:
    uri = schema.get("$schema")
    if not isinstance(uri, str):
        return parent.dialect
    dialect = meta.get_dialect(uri)
    if dialect is None:
        raise UnusableSchemaError(f"{parent.file}#{pointer}/$schema", f"unknown dialect `{uri}`")
    return dialect
