"""Unmodelled keywords of nodes (`Node.unmodelled_keywords`): their text, and their meaning with all references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from wirelock.compat.json.change import Side
from wirelock.ir import Node, Object
from wirelock.runtime.json.pointers import escape_token, split_pointer
from wirelock.runtime.json.text import Json, canonicalize
from wirelock.runtime.schema.documents import (
    MISSING,
    SCHEMA_KEYWORDS,
    SCHEMA_LIST_KEYWORDS,
    SCHEMA_MAP_KEYWORDS,
    Documents,
    SubschemaRef,
    find_subschemas,
    get_value_at,
)
from wirelock.runtime.schema.engine_schemas import iter_reachable

NON_MONOTONIC = frozenset({
    "not", "if", "contains", "oneOf", "unevaluatedItems", "unevaluatedProperties", "$ref", "$dynamicRef",
    "$recursiveRef", "$recursiveAnchor", "$id",
})  # fmt: skip
"""Keywords that may reject more values when a subschema accepts more, so that a change there changes them."""
_SCHEMA_WIDE = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "$recursiveAnchor", "$id"})
_SIBLINGS: Mapping[str, tuple[str, ...]] = {
    "patternProperties": ("additionalProperties",),
    "unevaluatedProperties": ("additionalProperties", "patternProperties"),
    "unevaluatedItems": ("items", "contains"),
    "items": ("additionalItems",),
    "if": ("then", "else"),
    "contains": ("minContains", "maxContains"),
}
"""Keywords that a keyword depends on."""
_COMPLEMENTS: Mapping[str, str] = {
    "patternProperties": "properties",
    "unevaluatedProperties": "properties",
    "unevaluatedItems": "prefixItems",
}
"""Keywords about members that another keyword does not name."""
_IN_PLACE_APPLICATORS = frozenset({
    "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "$ref", "$dynamicRef", "$recursiveRef",
})  # fmt: skip
"""Applicators that evaluate members themselves, so that `unevaluated…` depends on their subschemas."""
_MERGED = frozenset({"properties", "required", "allOf"})
_ANNOTATIONS = frozenset({
    "title", "description", "default", "examples", "deprecated", "$comment", "readOnly", "writeOnly", "$schema",
    "contentEncoding", "contentMediaType", "contentSchema", "x-proto-field", "x-proto-name", "x-proto-type",
    "x-renamed-from",
})  # fmt: skip


class UnmodelledKeywords:
    """The unmodelled keywords of one side."""

    def __init__(self, side: Side) -> None:
        self._documents = Documents(side.documents)
        definitions = side.graph.definitions.values()
        self._meanings: dict[tuple[str, str], tuple[object, ...]] = {}
        self._files = {definition.node.location.file: definition.id.file for definition in definitions}

    def get_schema_location(self, node: Node) -> str:
        """Return the schema location of a node: `file#pointer` below the schema folder."""
        return f"{self._get_file(node)}#{node.location.pointer}"

    def has_node(self, node: Node) -> bool:
        """Return True if a node belongs to this side and not only to a file of the same name."""
        return self._get_schema(node) is not MISSING

    def get_schema_text(self, node: Node) -> str | None:
        """Return the canonical schema of a node without annotations; None if the node belongs to the other side."""
        return canonicalize(strip_annotations(self._get_schema(node))) if self.has_node(node) else None

    def get_text(self, node: Node, keyword: str) -> str:
        """Return the canonical text of a keyword, without annotations and without what the node's shape covers."""
        schema = self._get_schema(node)
        if not isinstance(schema, dict) or keyword not in schema or _depends_on_siblings(schema, keyword):
            return canonicalize(strip_annotations(schema)) if schema is not MISSING else ""
        pointer = node.location.pointer
        if keyword == "allOf" and isinstance(node.shape, Object):
            return canonicalize(_remove_merged(schema[keyword], f"{pointer}/{keyword}", node.shape))
        present = [name for name in (keyword, *_SIBLINGS.get(keyword, ())) if name in schema]
        values = {name: _strip_value(name, schema[name]) for name in present}
        return canonicalize([values, _summarize_declared(schema.get(_COMPLEMENTS.get(keyword, "")))])

    def is_trivial(self, node: Node, keyword: str) -> bool:
        """Return True if a keyword rejects nothing: `propertyNames` that allows every string."""
        schema = self._get_schema(node)
        names = schema.get(keyword) if isinstance(schema, dict) else None
        return keyword == "propertyNames" and strip_annotations(names) in (True, {}, {"type": "string"})

    def get_meaning(self, node: Node, keyword: str) -> tuple[object, ...]:
        """Return the text of a keyword with the text of each subschema that it reaches, directly or by references."""
        key = (self.get_schema_location(node), keyword)
        if key not in self._meanings:
            self._meanings[key] = self._compute_meaning(node, keyword)
        return self._meanings[key]

    def _compute_meaning(self, node: Node, keyword: str) -> tuple[object, ...]:
        schema = self._get_subschema(node)
        if schema is None:
            return (self.get_text(node, keyword),)
        is_whole = keyword not in schema.keywords or _depends_on_siblings(schema.keywords, keyword)
        starts = [schema] if is_whole else self._find_subschemas(schema, keyword)
        location = self.get_schema_location(node)
        reached = [subschema for start in starts for subschema in iter_reachable(self._documents, start)]
        texts = {_relativize(subschema.location, location): _get_own_text(subschema) for subschema in reached}
        return (self.get_text(node, keyword), schema.resource.dialect.uri, *sorted(texts.items()))

    def get_comparison_key(self, node: Node, keyword: str) -> tuple[object, ...]:
        """Return the meaning of a non-monotonic keyword, or else its text."""
        return self.get_meaning(node, keyword) if keyword in NON_MONOTONIC else (self.get_text(node, keyword),)

    def get_value(self, node: Node, keyword: str) -> Json:
        """Return the value of a keyword in the schema of a node; None if absent."""
        schema = self._get_schema(node)
        return schema.get(keyword) if isinstance(schema, dict) else None

    def get_contains_meaning(self, node: Node) -> tuple[object, ...] | None:
        """Return the meaning of `contains`; None if absent."""
        schema = self._get_subschema(node)
        if schema is None or "contains" not in schema.keywords:
            return None
        location = self.get_schema_location(node)
        start = self._documents.get_subschema(schema, "contains")
        texts = {
            _relativize(subschema.location, location): _get_own_text(subschema)
            for subschema in iter_reachable(self._documents, start)
        }
        return (schema.resource.dialect.uri, *sorted(texts.items()))

    def get_constants(self, node: Node, keyword: str) -> tuple[Json, ...]:
        """Return the limits, constants and names in the value of a keyword."""
        return tuple(_iter_leaves(self.get_value(node, keyword)))

    def _find_subschemas(self, schema: SubschemaRef, keyword: str) -> list[SubschemaRef]:
        present = [name for name in (keyword, *_SIBLINGS.get(keyword, ())) if name in schema.keywords]
        paths = [path for name in present for path, _ in find_subschemas(name, schema.keywords[name])]
        return [self._documents.get_subschema(schema, *path) for path in paths]

    def _get_file(self, node: Node) -> str:
        return self._files.get(node.location.file, node.location.file)

    def _get_schema(self, node: Node) -> Json:
        document = self._documents.schemas.get(self._get_file(node), MISSING)
        return get_value_at(document, split_pointer(node.location.pointer))

    def _get_subschema(self, node: Node) -> SubschemaRef | None:
        if not isinstance(self._get_schema(node), dict | bool):
            return None
        return self._documents.get_root(f"{self._get_file(node)}#{node.location.pointer}")


def _depends_on_siblings(schema: Mapping[str, Json], keyword: str) -> bool:
    """Return True if the meaning of a keyword depends on the whole schema around it."""
    return keyword in _SCHEMA_WIDE or (
        keyword.startswith("unevaluated") and not _IN_PLACE_APPLICATORS.isdisjoint(schema)
    )


def _summarize_declared(declared: Json) -> Json:
    """Return the names or the number of declared members."""
    if isinstance(declared, dict):
        return [*sorted(declared)]
    return len(declared) if isinstance(declared, list) else None


def strip_annotations(schema: Json) -> Json:
    """Return a schema without annotations."""
    if not isinstance(schema, dict):
        return schema
    return {keyword: _strip_value(keyword, value) for keyword, value in schema.items() if keyword not in _ANNOTATIONS}


def _strip_value(keyword: str, value: Json) -> Json:
    if isinstance(value, dict) and keyword in SCHEMA_MAP_KEYWORDS:
        return {name: strip_annotations(inner) for name, inner in value.items()}
    if isinstance(value, list) and keyword in SCHEMA_LIST_KEYWORDS:
        return [strip_annotations(inner) for inner in value]
    return strip_annotations(value) if keyword in SCHEMA_KEYWORDS else value


def _relativize(location: str, base: str) -> str:
    """Return a location relative to another one, so that a moved schema keeps its meaning."""
    return location.removeprefix(base) if location == base or location.startswith(f"{base}/") else location


def _get_own_text(subschema: SubschemaRef) -> str:
    """Return the canonical text of a schema without its subschemas."""
    applicators = SCHEMA_KEYWORDS | SCHEMA_LIST_KEYWORDS | SCHEMA_MAP_KEYWORDS
    own = {
        name: value
        for name, value in subschema.keywords.items()
        if name not in applicators and name not in _ANNOTATIONS
    }
    if "dependencies" in subschema.keywords:
        own["dependencies"] = _get_dependent_names(subschema.keywords["dependencies"])
    return canonicalize(own) if isinstance(subschema.schema, dict) else canonicalize(subschema.schema)


def _get_dependent_names(dependencies: Json) -> Json:
    """Return the name lists of `dependencies` without its subschemas."""
    return (
        {name: names for name, names in dependencies.items() if isinstance(names, list)}
        if isinstance(dependencies, dict)
        else dependencies
    )


def _remove_merged(subschemas: Json, pointer: str, shape: Object) -> Json:
    """Return the parts of an `allOf` without properties that are merged into the shape."""
    merged = {prop.node.location.pointer for prop in shape.properties}
    required = {prop.name for prop in shape.properties if prop.required}
    entries = subschemas if isinstance(subschemas, list) else []
    return [
        _remove_merged_part(subschema, f"{pointer}/{index}", merged, required)
        for index, subschema in enumerate(entries)
    ]


def _remove_merged_part(subschema: Json, pointer: str, merged: set[str], required: set[str]) -> Json:
    if not isinstance(subschema, dict):
        return subschema
    remaining: dict[str, Json] = {}
    for keyword, value in subschema.items():
        keyword_pointer = f"{pointer}/{keyword}"
        if keyword == "properties" and isinstance(value, dict):
            remaining[keyword] = {
                n: strip_annotations(v)
                for n, v in value.items()
                if f"{keyword_pointer}/{escape_token(n)}" not in merged
            }
        elif keyword == "required" and isinstance(value, list):
            remaining[keyword] = [name for name in value if name not in required]
        elif keyword == "allOf" and isinstance(value, list):
            inner: Sequence[Json] = value
            remaining[keyword] = [
                _remove_merged_part(item, f"{keyword_pointer}/{i}", merged, required) for i, item in enumerate(inner)
            ]
        elif keyword not in _ANNOTATIONS and (keyword, value) != ("type", "object"):
            remaining[keyword] = _strip_value(keyword, value)
    return {keyword: value for keyword, value in remaining.items() if value or keyword not in _MERGED}


def _iter_leaves(value: Json) -> Iterator[Json]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from (name, *_iter_leaves(inner))
        case list():
            yield value
            for inner in value:
                yield from _iter_leaves(inner)
        case _:
            yield value
