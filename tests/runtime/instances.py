"""Strategies for random instances of schemas, and for random mutations of them."""

from __future__ import annotations

import copy
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, cast

from hypothesis import strategies as st

from wirelock.runtime.json.pointers import split_pointer
from wirelock.runtime.schema.documents import get_value_at

Instances = st.SearchStrategy[Any]
MAX_DEPTH = 4
TEXT = st.sampled_from(["", "a", "A", "0", "é😀", "\0", "x" * 40, "NaN", "card"]) | st.text(max_size=3)
INTEGERS = st.integers(-2, 3) | st.sampled_from([2**31, 2**32, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 1.0, -0.0])
NUMBERS = INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([1.5, 1e300, 10**400])
SCALARS = st.none() | st.booleans() | TEXT | NUMBERS
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2), max_leaves=3
)


class InstanceGenerator:
    """Strategies for instances of the schema documents of a project, by file."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self._documents = documents

    def draw_from(self, file: str, pointer: str = "", depth: int = 0) -> Instances:
        """Return a strategy for mostly valid instances of one schema; minimal ones past MAX_DEPTH."""
        return self._draw_schema(file, get_value_at(self._documents[file], split_pointer(pointer)), depth)

    def _draw_schema(self, file: str, schema: Any, depth: int) -> Instances:
        match schema:
            case bool():
                return ANYTHING
            case {"$ref": str(reference)}:
                target, _, pointer = reference.partition("#")
                found = posixpath.normpath(posixpath.join(posixpath.dirname(file), target)) if target else file
                return st.deferred(lambda: self.draw_from(found, pointer, depth + 1))
            case {"const": value}:
                return st.just(value)
            case {"enum": values}:
                return st.sampled_from(values) | (TEXT if schema.get("x-extensible-enum") else st.nothing())
            case {"anyOf": branches} | {"oneOf": branches}:
                return st.one_of([self._draw_schema(file, branch, depth) for branch in branches])
            case {"allOf": parts}:
                return st.tuples(*(self._draw_schema(file, part, depth) for part in parts)).map(_merge_parts)
            case _:
                names = schema.get("type", "any")
                return st.one_of(
                    [self._draw_type(file, schema, name, depth) for name in ([names] * isinstance(names, str) or names)]
                )

    def _draw_type(self, file: str, schema: Any, name: str, depth: int) -> Instances:
        match name:
            case "null":
                return st.none()
            case "boolean":
                return st.booleans()
            case "integer":
                return INTEGERS
            case "number":
                return NUMBERS
            case "string":
                return TEXT
            case "array":
                return self._draw_array(file, schema, depth)
            case "object":
                return self._draw_object(file, schema, depth)
            case _:
                return ANYTHING

    def _draw_array(self, file: str, schema: Any, depth: int) -> Instances:
        if "prefixItems" in schema:
            return st.tuples(*(self._draw_schema(file, item, depth + 1) for item in schema["prefixItems"])).map(list)
        if depth >= MAX_DEPTH:
            return st.just([])
        return st.lists(self._draw_schema(file, schema.get("items", True), depth + 1), max_size=3)

    def _draw_object(self, file: str, schema: Any, depth: int) -> Instances:
        members = {
            name: self._draw_schema(file, inner, depth + 1) for name, inner in schema.get("properties", {}).items()
        }
        members |= {name: ANYTHING for name in schema.get("required", ()) if name not in members}
        required = {name: members.pop(name) for name in schema.get("required", ())}
        declared = st.fixed_dictionaries(required, optional=members if depth < MAX_DEPTH else {})
        rest = schema.get("additionalProperties", not schema.get("properties"))
        if rest is False or depth >= MAX_DEPTH:
            return declared
        more = st.dictionaries(TEXT, self._draw_schema(file, rest, depth + 1), max_size=2)
        return st.tuples(more, declared).map(_merge_parts)


def _merge_parts(parts: Any) -> Any:
    """Return the merged members of objects, or the last part if one of them is not an object."""
    return (
        {name: item for part in parts for name, item in part.items()}
        if all(isinstance(p, dict) for p in parts)
        else parts[-1]
    )


@st.composite
def mutate(draw: st.DrawFn, instances: Instances) -> Any:
    """Draw an instance with up to two values replaced, removed or added."""
    value = [copy.deepcopy(draw(instances))]  # in a list, so that the whole instance can be replaced too
    for _ in range(draw(st.integers(0, 2))):
        holder, name = draw(st.sampled_from(list(_iter_places(value))))
        change = draw(st.sampled_from(["replace", "replace", "drop", "add"]))
        if change == "add" and isinstance(holder[name], dict):
            holder[name][draw(TEXT)] = draw(ANYTHING)
        elif change == "add" and isinstance(holder[name], list):
            holder[name].append(draw(ANYTHING))
        elif change == "drop" and holder is not value:
            del holder[name]
        else:
            holder[name] = draw(ANYTHING)
    return value[0]


def _iter_places(holder: Any) -> Iterator[tuple[Any, Any]]:
    for name, item in enumerate(cast("list[Any]", holder)) if isinstance(holder, list) else holder.items():
        yield holder, name
        if isinstance(item, dict | list):
            yield from _iter_places(item)
