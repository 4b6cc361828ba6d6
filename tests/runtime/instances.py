"""Random instances of schemas, from their keywords, and random faults put into them."""

from __future__ import annotations

import copy
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from wirelock.runtime.json.pointers import names_of
from wirelock.runtime.schema.documents import value_at

Instances = st.SearchStrategy[Any]
DEEPEST = 4
TEXT = st.sampled_from(["", "a", "A", "0", "é😀", "\0", "x" * 40, "NaN", "card"]) | st.text(max_size=3)
INTEGERS = st.integers(-2, 3) | st.sampled_from([2**31, 2**32, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 1.0, -0.0])
NUMBERS = INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([1.5, 1e300, 10**400])
SCALARS = st.none() | st.booleans() | TEXT | NUMBERS
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2), max_leaves=3
)


class Schemata:
    """The schema documents of a project, by file."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self._documents = documents

    def instances(self, file: str, pointer: str = "", depth: int = 0) -> Instances:
        """Mostly valid instances of one schema; past DEEPEST, as small as can be."""
        return self._of(file, value_at(self._documents[file], names_of(pointer)), depth)

    def _of(self, file: str, schema: Any, depth: int) -> Instances:
        match schema:
            case bool():
                return ANYTHING
            case {"$ref": str(reference)}:
                target, _, pointer = reference.partition("#")
                found = posixpath.normpath(posixpath.join(posixpath.dirname(file), target)) if target else file
                return st.deferred(lambda: self.instances(found, pointer, depth + 1))
            case {"const": value}:
                return st.just(value)
            case {"enum": values}:
                return st.sampled_from(values) | (TEXT if schema.get("x-extensible-enum") else st.nothing())
            case {"anyOf": branches} | {"oneOf": branches}:
                return st.one_of(self._of(file, branch, depth) for branch in branches)
            case {"allOf": parts}:
                return st.tuples(*(self._of(file, part, depth) for part in parts)).map(_united)
            case _:
                names = schema.get("type", "any")
                return st.one_of(
                    self._typed(file, schema, name, depth) for name in ([names] * isinstance(names, str) or names)
                )

    def _typed(self, file: str, schema: Any, name: str, depth: int) -> Instances:
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
                return self._array(file, schema, depth)
            case "object":
                return self._object(file, schema, depth)
            case _:
                return ANYTHING

    def _array(self, file: str, schema: Any, depth: int) -> Instances:
        if "prefixItems" in schema:
            return st.tuples(*(self._of(file, item, depth + 1) for item in schema["prefixItems"])).map(list)
        if depth >= DEEPEST:
            return st.just([])
        return st.lists(self._of(file, schema.get("items", True), depth + 1), max_size=3)

    def _object(self, file: str, schema: Any, depth: int) -> Instances:
        members = {name: self._of(file, inner, depth + 1) for name, inner in schema.get("properties", {}).items()}
        members |= {name: ANYTHING for name in schema.get("required", ()) if name not in members}
        required = {name: members.pop(name) for name in schema.get("required", ())}
        declared = st.fixed_dictionaries(required, optional=members if depth < DEEPEST else {})
        rest = schema.get("additionalProperties", not schema.get("properties"))
        if rest is False or depth >= DEEPEST:
            return declared
        more = st.dictionaries(TEXT, self._of(file, rest, depth + 1), max_size=2)
        return st.tuples(more, declared).map(_united)


def _united(parts: Any) -> Any:
    """Members of several objects as one; anything else stays what the last part is."""
    return (
        {name: item for part in parts for name, item in part.items()}
        if all(isinstance(p, dict) for p in parts)
        else parts[-1]
    )


@st.composite
def broken(draw: st.DrawFn, instances: Instances) -> Any:
    """An instance with up to two places changed: another value, none, or one more."""
    value = [copy.deepcopy(draw(instances))]  # in a list, so that the whole has a place too
    for _ in range(draw(st.integers(0, 2))):
        holder, name = draw(st.sampled_from(list(_places(value))))
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


def _places(holder: Any) -> Iterator[tuple[Any, Any]]:
    for name, item in enumerate(holder) if isinstance(holder, list) else holder.items():
        yield holder, name
        if isinstance(item, dict | list):
            yield from _places(item)
