"""Random schemas and random changes of them: one to three of the changes that the rules are about."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Schema = dict[str, Any]
NODE = {"$ref": "#/$defs/node"}
_NAMES = ("a", "b", "c", "d")
_LEAVES: tuple[Schema, ...] = (
    {"type": "string"},
    {"type": "string", "minLength": 2, "maxLength": 4},
    {"type": "string", "pattern": "^[a-c]+$"},
    {"type": "integer"},
    {"type": "integer", "minimum": 0, "maximum": 10},
    {"type": "number", "multipleOf": 0.5},
    {"type": "number", "exclusiveMinimum": 0},
    {"type": "boolean"},
    {"type": "null"},
    {"enum": ["x", "y"]},
    {"enum": [1, 2, "z"]},
    {"const": "k"},
    {"type": "string", "enum": ["x"], "x-extensible-enum": True},
    {"type": ["string", "null"]},
    {},
    NODE,
)
leaves = st.sampled_from(_LEAVES).map(copy.deepcopy)


def build_objects(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    """Return a strategy of objects with a few properties, some of them required."""
    rest = st.sampled_from(({}, {}, {"additionalProperties": False}, {"additionalProperties": {"type": "integer"}}))
    properties = st.dictionaries(st.sampled_from(_NAMES), inner, max_size=3)
    return st.tuples(properties, st.lists(st.booleans(), min_size=4, max_size=4), rest).map(_build_object)


def _build_object(drawn: tuple[dict[str, Schema], list[bool], Schema]) -> Schema:
    properties, needed, rest = drawn
    required = [
        name for name, is_needed in zip(properties, needed, strict=False) if is_needed and properties[name] != NODE
    ]
    return {"type": "object", "properties": properties, "required": required, **rest}


def build_nodes(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        build_objects(inner),
        inner.map(lambda items: {"type": "array", "items": items, "maxItems": 3}),
        several.map(lambda items: {"type": "array", "prefixItems": items, "items": False}),
        several.map(lambda branches: {"anyOf": branches}),
        several.map(lambda branches: {"oneOf": branches}),
        st.tuples(inner, inner).map(lambda two: {"anyOf": [_build_tagged("p", two[0]), _build_tagged("q", two[1])]}),
        inner.map(lambda values: {"type": "object", "additionalProperties": values}),
    )


def _build_tagged(tag: str, value: Schema) -> Schema:
    return {"type": "object", "properties": {"kind": {"const": tag}, "value": value}, "required": ["kind"]}


nodes = st.recursive(leaves, build_nodes, max_leaves=6)
small_objects = build_objects(leaves)
roots = st.one_of(
    *(
        (st.tuples(outer, inner).map(lambda two: {**two[0], "$defs": {"node": two[1]}}))
        for outer in (small_objects, build_objects(nodes))
        for inner in (small_objects, build_objects(nodes))
    )
)
"""Complete schemas, most of them small; references to the node make them recursive."""


@dataclass(frozen=True, slots=True)
class Evolution:
    """A schema before and after its changes."""

    old: Schema
    new: Schema


Change = Callable[[Schema, Schema], None]
"""Changes the first schema in place; the second one is a fresh schema to use for it."""


def _drop(schema: Schema, fresh: Schema) -> None:
    properties = schema.get("properties", {})
    if properties:
        name = next(iter(properties))
        del properties[name]
        schema["required"] = [one for one in schema.get("required", []) if one != name]


def _add(schema: Schema, fresh: Schema) -> None:
    if "properties" in schema:
        schema["properties"].setdefault("e", fresh)


def _add_required(schema: Schema, fresh: Schema) -> None:
    if "properties" in schema:
        _add(schema, fresh)
        schema["required"] = [*schema.get("required", []), "e"]


def _rename(schema: Schema, fresh: Schema) -> None:
    properties = schema.get("properties", {})
    if properties and "f" not in properties:
        name, node = next(iter(properties.items()))
        del properties[name]
        properties["f"] = {**node, "x-renamed-from": name}
        schema["required"] = ["f" if one == name else one for one in schema.get("required", [])]


def _require(schema: Schema, fresh: Schema) -> None:
    if "properties" in schema:
        schema["required"] = [] if schema.get("required") else [*schema["properties"]][:1]


def _reorder(schema: Schema, fresh: Schema) -> None:
    if "properties" in schema:
        schema["properties"] = dict(reversed(schema["properties"].items()))
    for keyword in ("anyOf", "oneOf"):
        schema.get(keyword, []).reverse()


def _close(schema: Schema, fresh: Schema) -> None:
    if "properties" in schema:
        schema["additionalProperties"] = schema.get("additionalProperties") is False


def _replace(schema: Schema, fresh: Schema) -> None:
    if "$defs" not in schema and "kind" not in schema.get("properties", {}):
        schema.clear()
        schema.update(fresh)


def _toggle_null(schema: Schema, fresh: Schema) -> None:
    if isinstance(schema.get("type"), str) and schema["type"] not in ("null", "object") and "enum" not in schema:
        schema["type"] = [schema["type"], "null"]
    elif isinstance(schema.get("type"), list):
        schema["type"] = schema["type"][0]


def _add_branch(schema: Schema, fresh: Schema) -> None:
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            schema[keyword].append(fresh)


def _remove_branch(schema: Schema, fresh: Schema) -> None:
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            schema[keyword].pop()
            schema[keyword] = schema[keyword] or [fresh]


def _toggle_exclusive(schema: Schema, fresh: Schema) -> None:
    if "anyOf" in schema:
        schema["oneOf"] = schema.pop("anyOf")
    elif "oneOf" in schema:
        schema["anyOf"] = schema.pop("oneOf")


def _extend_enum(schema: Schema, fresh: Schema) -> None:
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], "w"]
    elif "const" in schema:
        schema["const"] = "l"


def _shrink_enum(schema: Schema, fresh: Schema) -> None:
    if "enum" in schema:
        schema["enum"] = schema["enum"][:1]
        schema.pop("x-extensible-enum", None)


def _limit(schema: Schema, fresh: Schema) -> None:
    kinds = schema.get("type")
    if kinds == "string":
        schema["minLength"] = 1 - schema.get("minLength", 0) // 2
    if kinds == "integer":
        schema["minimum"] = 3
    if kinds == "number":
        schema["maximum"] = 100
    if kinds == "array":
        schema["minItems"] = 1


def _remove_limits(schema: Schema, fresh: Schema) -> None:
    for keyword in ("minLength", "maxLength", "minimum", "maximum", "multipleOf", "pattern", "maxItems"):
        schema.pop(keyword, None)


def _toggle_integer(schema: Schema, fresh: Schema) -> None:
    turned = {"integer": "number", "number": "integer"}
    if isinstance(schema.get("type"), str) and schema["type"] in turned:
        schema["type"] = turned[schema["type"]]


def _toggle_unique(schema: Schema, fresh: Schema) -> None:
    if schema.get("type") == "array":
        schema["uniqueItems"] = not schema.get("uniqueItems")


def _add_position(schema: Schema, fresh: Schema) -> None:
    if "prefixItems" in schema:
        schema["prefixItems"].append(fresh)


def _constrain(schema: Schema, fresh: Schema) -> None:
    if "properties" in schema and "$defs" not in schema:
        schema.update({"not": {"required": ["b"]}, "dependentRequired": {"a": ["c"]}})
    elif schema.get("type") == "array":
        schema["contains"] = {"type": "string"}


def _limit_names(schema: Schema, fresh: Schema) -> None:
    if "properties" in schema:
        schema["propertyNames"] = {"maxLength": 4}


def _add_pattern_properties(schema: Schema, fresh: Schema) -> None:
    if "properties" in schema:
        schema.update({"patternProperties": {"^[ae]": fresh}, "additionalProperties": False})


def _close_unevaluated(schema: Schema, fresh: Schema) -> None:
    if "properties" in schema:
        schema["unevaluatedProperties"] = False


def _add_all_of(schema: Schema, fresh: Schema) -> None:
    if "properties" in schema and "allOf" not in schema:
        schema["allOf"] = [{"type": "object", "properties": {"g": fresh}}]


def _describe(schema: Schema, fresh: Schema) -> None:
    schema["description"] = "another description"


CHANGES: tuple[Change, ...] = (
    _drop, _add, _add_required, _rename, _require, _reorder, _close, _replace, _toggle_null, _add_branch, _remove_branch,
    _toggle_exclusive, _extend_enum, _shrink_enum, _limit, _remove_limits, _toggle_integer, _toggle_unique, _add_position, _constrain, _limit_names, _add_pattern_properties, _close_unevaluated, _add_all_of, _describe,
)  # fmt: skip
_UNMODELLED: tuple[Change, ...] = (
    _describe,
    _constrain,
    _limit_names,
    _add_pattern_properties,
    _close_unevaluated,
    _add_all_of,
)
GENTLE: tuple[Change, ...] = (_add, _reorder, _describe, _rename, _drop, _remove_limits)
"""Changes that rarely break anything."""


def build_evolutions(
    schemas: st.SearchStrategy[Schema] = roots, changes: tuple[Change, ...] = CHANGES
) -> st.SearchStrategy[Evolution]:
    """Return a strategy of schemas with one to three changes at random places."""
    step = st.tuples(st.sampled_from(changes), st.integers(0, 20), leaves | nodes)
    steps = st.lists(step, min_size=1, max_size=3)
    earlier = st.lists(st.tuples(st.sampled_from(_UNMODELLED), st.integers(0, 20), leaves), max_size=1)
    return st.tuples(schemas, earlier, steps).map(lambda drawn: _evolve(*drawn))


Step = tuple[Change, int, Schema]


def _evolve(old: Schema, earlier: list[Step], steps: list[Step]) -> Evolution:
    """Apply the steps; `earlier` steps apply to both schemas and add unmodelled keywords."""
    old = copy.deepcopy(old)
    for change, index, fresh in earlier:
        old = _apply_change(old, change, index, fresh)
    new = copy.deepcopy(old)
    for change, index, fresh in steps:
        new = _apply_change(new, change, index, fresh)
    return Evolution(old, new)


def _apply_change(schema: Schema, change: Change, index: int, fresh: Schema) -> Schema:
    """Return the schema with a change at the first suitable place, starting at an index and wrapping around."""
    count = len([*_iter_schemas(schema)])
    for turn in range(count):
        changed = copy.deepcopy(schema)
        change([*_iter_schemas(changed)][(index + turn) % count], copy.deepcopy(fresh))
        if changed != schema or [*changed.get("properties", {})] != [*schema.get("properties", {})]:
            return changed
    return schema


def _iter_schemas(schema: Schema) -> Iterator[Schema]:
    """Yield a schema and every schema in it."""
    yield schema
    for holder in (schema.get("properties", {}), schema.get("$defs", {})):
        for inner in holder.values():
            yield from _iter_schemas(inner)
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from _iter_schemas(schema[keyword])
    for keyword in ("anyOf", "oneOf", "prefixItems"):
        for inner in schema.get(keyword, []):
            yield from _iter_schemas(inner)
