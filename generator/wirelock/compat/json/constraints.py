"""The keywords that no shape says (`Node.checks`): what their text is, and what it means with all it refers to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from wirelock.compat.json.change import Side
from wirelock.ir import Node, Record
from wirelock.runtime.json.pointers import names_of, token
from wirelock.runtime.json.text import Json, canonical
from wirelock.runtime.schema.documents import MISSING, NAMED, ONE, SEVERAL, Documents, Site, subschemas, value_at
from wirelock.runtime.schema.engine_schemas import reachable

TURNING = frozenset({
    "not", "if", "contains", "oneOf", "unevaluatedItems", "unevaluatedProperties", "$ref", "$dynamicRef",
    "$recursiveRef", "$recursiveAnchor", "$id",
})  # fmt: skip
"""Checks that may refuse more when what they refer to accepts more; a change there is a change here."""
_WHOLE = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "$recursiveAnchor", "$id"})
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "patternProperties": ("additionalProperties",),
    "unevaluatedProperties": ("additionalProperties", "patternProperties"),
    "unevaluatedItems": ("items", "contains"),
    "items": ("additionalItems",),
    "if": ("then", "else"),
    "contains": ("minContains", "maxContains"),
}
"""Keywords that a check depends on."""
_LEFT_OVER: Mapping[str, str] = {
    "patternProperties": "properties",
    "unevaluatedProperties": "properties",
    "unevaluatedItems": "prefixItems",
}
"""Checks that speak of what another keyword does not name."""
_IN_PLACE = frozenset({
    "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "$ref", "$dynamicRef", "$recursiveRef",
})  # fmt: skip
"""Keywords that evaluate members of their own, so that what is left over depends on all that they say."""
_MERGED = frozenset({"properties", "required", "allOf"})
_WORDS = frozenset({
    "title", "description", "default", "examples", "deprecated", "$comment", "readOnly", "writeOnly", "$schema",
    "contentEncoding", "contentMediaType", "contentSchema", "x-proto-field", "x-proto-name", "x-proto-type",
    "x-renamed-from",
})  # fmt: skip


class Constraints:
    """The checks of one side's nodes, by the places where they stand."""

    def __init__(self, side: Side) -> None:
        self._documents = Documents(side.documents)
        definitions = side.graph.definitions.values()
        self._meanings: dict[tuple[str, str], tuple[object, ...]] = {}
        self._files = {definition.node.where.file: definition.id.file for definition in definitions}

    def place(self, node: Node) -> str:
        """The schema place of a node: `file#pointer` below the schema folder."""
        return f"{self._file(node)}#{node.where.pointer}"

    def knows(self, node: Node) -> bool:
        """Whether a node is one of this side's, and not only in a file of the same name."""
        return self._schema(node) is not MISSING

    def schema(self, node: Node) -> str | None:
        """What the schema of a node says, without words."""
        return canonical(plain(self._schema(node))) if self.knows(node) else None

    def text(self, node: Node, keyword: str) -> str:
        """What a check says itself, without words and without what the node's shape says already."""
        schema = self._schema(node)
        if not isinstance(schema, dict) or keyword not in schema or _is_whole(schema, keyword):
            return canonical(plain(schema)) if schema is not MISSING else ""
        pointer = node.where.pointer
        if keyword == "allOf" and isinstance(node.shape, Record):
            return canonical(_residual(schema[keyword], f"{pointer}/{keyword}", node.shape))
        named = [name for name in (keyword, *_BESIDE.get(keyword, ())) if name in schema]
        told = {name: _plain_value(name, schema[name]) for name in named}
        return canonical([told, _taken(schema.get(_LEFT_OVER.get(keyword, "")))])

    def says_nothing(self, node: Node, keyword: str) -> bool:
        """Whether a check refuses no document: the names of properties are strings anyway."""
        schema = self._schema(node)
        names = schema.get(keyword) if isinstance(schema, dict) else None
        return keyword == "propertyNames" and plain(names) in (True, {}, {"type": "string"})

    def meaning(self, node: Node, keyword: str) -> tuple[object, ...]:
        """The text of a check with the text of everything that it refers to, directly or not."""
        key = (self.place(node), keyword)
        if key not in self._meanings:
            self._meanings[key] = self._meaning(node, keyword)
        return self._meanings[key]

    def _meaning(self, node: Node, keyword: str) -> tuple[object, ...]:
        site = self._site(node)
        if site is None:
            return (self.text(node, keyword),)
        is_whole = keyword not in site.keywords or _is_whole(site.keywords, keyword)
        inner = [site] if is_whole else self._inside(site, keyword)
        here = self.place(node)
        reached = [one for start in inner for one in reachable(self._documents, start)]
        sites = {_relative(one.where, here): _local(one) for one in reached}
        return (self.text(node, keyword), site.resource.dialect.uri, *sorted(sites.items()))

    def turned(self, node: Node, keyword: str) -> tuple[object, ...]:
        """What a check means where it turns round what it refers to; its text where it does not."""
        return self.meaning(node, keyword) if keyword in TURNING else (self.text(node, keyword),)

    def stated(self, node: Node, keyword: str) -> Json:
        """What a keyword of a node's schema says; None where it is not there."""
        schema = self._schema(node)
        return schema.get(keyword) if isinstance(schema, dict) else None

    def counted(self, node: Node) -> tuple[object, ...] | None:
        """What `contains` counts, with all that it refers to; None where nothing is counted."""
        site = self._site(node)
        if site is None or "contains" not in site.keywords:
            return None
        here = self.place(node)
        start = self._documents.below(site, "contains")
        sites = {_relative(one.where, here): _local(one) for one in reachable(self._documents, start)}
        return (site.resource.dialect.uri, *sorted(sites.items()))

    def constants(self, node: Node, keyword: str) -> tuple[Json, ...]:
        """The values that stand in a check: its limits, constants and names."""
        return tuple(_leaves(self.stated(node, keyword)))

    def _inside(self, site: Site, keyword: str) -> list[Site]:
        stated = [name for name in (keyword, *_BESIDE.get(keyword, ())) if name in site.keywords]
        paths = [path for name in stated for path, _ in subschemas(name, site.keywords[name])]
        return [self._documents.below(site, *path) for path in paths]

    def _file(self, node: Node) -> str:
        return self._files.get(node.where.file, node.where.file)

    def _schema(self, node: Node) -> Json:
        document = self._documents.schemas.get(self._file(node), MISSING)
        return value_at(document, names_of(node.where.pointer))

    def _site(self, node: Node) -> Site | None:
        if not isinstance(self._schema(node), dict | bool):
            return None
        return self._documents.root(f"{self._file(node)}#{node.where.pointer}")


def _is_whole(schema: Mapping[str, Json], keyword: str) -> bool:
    """Whether the meaning of a check depends on everything that stands beside it."""
    return keyword in _WHOLE or (keyword.startswith("unevaluated") and not _IN_PLACE.isdisjoint(schema))


def _taken(declared: Json) -> Json:
    """The names or the number of what is declared."""
    if isinstance(declared, dict):
        return [*sorted(declared)]
    return len(declared) if isinstance(declared, list) else None


def plain(schema: Json) -> Json:
    """A schema without its words for people."""
    if not isinstance(schema, dict):
        return schema
    return {keyword: _plain_value(keyword, value) for keyword, value in schema.items() if keyword not in _WORDS}


def _plain_value(keyword: str, value: Json) -> Json:
    if isinstance(value, dict) and keyword in NAMED:
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list) and keyword in SEVERAL:
        return [plain(inner) for inner in value]
    return plain(value) if keyword in ONE else value


def _relative(place: str, here: str) -> str:
    """A place as seen from here, so that a schema that only moved means what it meant."""
    return place.removeprefix(here) if place == here or place.startswith(f"{here}/") else place


def _local(site: Site) -> str:
    """What a schema says itself; the schemas in it are sites of their own."""
    holding = ONE | SEVERAL | NAMED
    own = {name: value for name, value in site.keywords.items() if name not in holding and name not in _WORDS}
    if "dependencies" in site.keywords:
        own["dependencies"] = _names_in(site.keywords["dependencies"])
    return canonical(own) if isinstance(site.schema, dict) else canonical(site.schema)


def _names_in(needed: Json) -> Json:
    """What `dependencies` say by names; its schemas are sites of their own."""
    return {n: v for n, v in needed.items() if isinstance(v, list)} if isinstance(needed, dict) else needed


def _residual(parts: Json, pointer: str, shape: Record) -> Json:
    """The parts of an allOf without the properties that were merged into the shape, which are compared there."""
    taken = {prop.node.where.pointer for prop in shape.properties}
    required = {prop.name for prop in shape.properties if prop.required}
    items = parts if isinstance(parts, list) else []
    return [_residual_part(part, f"{pointer}/{index}", taken, required) for index, part in enumerate(items)]


def _residual_part(part: Json, pointer: str, taken: set[str], required: set[str]) -> Json:
    if not isinstance(part, dict):
        return part
    left: dict[str, Json] = {}
    for keyword, value in part.items():
        place = f"{pointer}/{keyword}"
        if keyword == "properties" and isinstance(value, dict):
            left[keyword] = {n: plain(v) for n, v in value.items() if f"{place}/{token(n)}" not in taken}
        elif keyword == "required" and isinstance(value, list):
            left[keyword] = [name for name in value if name not in required]
        elif keyword == "allOf" and isinstance(value, list):
            inner: Sequence[Json] = value
            left[keyword] = [_residual_part(one, f"{place}/{i}", taken, required) for i, one in enumerate(inner)]
        elif keyword not in _WORDS and (keyword, value) != ("type", "object"):
            left[keyword] = _plain_value(keyword, value)
    return {keyword: value for keyword, value in left.items() if value or keyword not in _MERGED}


def _leaves(value: Json) -> Iterator[Json]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from (name, *_leaves(inner))
        case list():
            yield value
            for inner in value:
                yield from _leaves(inner)
        case _:
            yield value
