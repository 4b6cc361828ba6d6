"""Strategies for documents of a type: mostly valid ones, and ones with a single mutation."""

from __future__ import annotations

import base64
import math
import re
from typing import Literal, assert_never

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from wirelock.ir import (
    AnyValue,
    Array,
    Boolean,
    Bounds,
    ConstSet,
    Integer,
    Never,
    Node,
    Null,
    Number,
    Object,
    Ref,
    String,
    StringEnum,
    Tuple,
    TypeGraph,
    TypeId,
    Union,
)
from wirelock.runtime.json.text import Json

Documents = SearchStrategy[Json]
Tokens = tuple[str | int, ...]
Mutation = Literal["replace", "remove", "add"]
_MUTATIONS: tuple[Mutation, ...] = ("replace", "remove", "add")
_TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
_BOUNDARY_INTEGERS = (0, 1, -1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64)
_REPLACEMENTS: tuple[Json, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    1.5,
    2**53 + 1,
    2**63,
    "",
    "1",
    "null",
    [],
    {},
    [None],
    {"": None},
)
_EXTRA_ITEMS = 3
_EXTRA_LENGTH = 8
_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), _TEXT
)
_ANY_JSON: Documents = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=6
)


class DocumentStrategies:
    """The strategies of one graph; each named type has one strategy, so that recursion ends."""

    def __init__(self, graph: TypeGraph) -> None:
        self._graph = graph
        self._named: dict[TypeId, Documents] = {}

    def build(self, key: TypeId) -> Documents:
        """Build the strategy of a type; half of the documents have one mutation."""
        strategy = self._get_type_strategy(key)
        documents = _ANY_JSON if strategy.is_empty else strategy
        return st.one_of(documents, documents.flatmap(_mutate))

    def _get_type_strategy(self, key: TypeId) -> Documents:
        if key not in self._named:
            self._named[key] = st.deferred(lambda: self._build_node(self._graph.definitions[key].node))
        return self._named[key]

    def _build_node(self, node: Node) -> Documents:
        shape = node.shape
        match shape:
            case Ref(target):
                return self._get_type_strategy(target)
            case AnyValue() | Never() | ConstSet(()):  # no value is valid, so any value will do
                return _ANY_JSON
            case Null():
                return st.none()
            case Boolean():
                return st.booleans()
            case String():
                return _build_string(shape)
            case Integer(bounds):
                return _build_integer(bounds)
            case Number(bounds):
                return _build_integer(bounds) | _build_float(bounds)
            case StringEnum(values, extensible):
                return st.sampled_from(values) | _TEXT if extensible else st.sampled_from(values)
            case ConstSet(values):
                return st.sampled_from(values)
            case Array():
                return self._build_array(shape)
            case Tuple(items):
                return st.tuples(*map(self._build_node, items)).map(list)
            case Object():
                return self._build_object(shape)
            case Union(branches):
                return st.one_of(*map(self._build_node, branches))
            case _:
                assert_never(shape)

    def _build_array(self, shape: Array) -> Documents:
        max_items = shape.min_items + _EXTRA_ITEMS
        if shape.max_items is not None:
            max_items = min(max_items, max(shape.max_items, shape.min_items))
        return st.lists(self._build_node(shape.items), min_size=shape.min_items, max_size=max_items).map(list)

    def _build_object(self, shape: Object) -> Documents:
        required = {prop.name: self._build_node(prop.node) for prop in shape.properties if prop.required}
        optional = {prop.name: self._build_node(prop.node) for prop in shape.properties if not prop.required}
        declared = st.fixed_dictionaries(required, optional=optional)
        if shape.additional_properties == "closed":
            return declared
        rest = (
            self._build_node(shape.additional_properties) if isinstance(shape.additional_properties, Node) else _LEAVES
        )
        additional = st.just(dict[str, Json]()) | st.dictionaries(_TEXT, rest, max_size=2)
        return st.tuples(additional, declared).map(lambda parts: {**parts[0], **parts[1]})


# values


def _build_string(shape: String) -> Documents:
    max_length = shape.min_length + _EXTRA_LENGTH
    if shape.max_length is not None:
        max_length = max(min(max_length, shape.max_length), shape.min_length)
    strings = st.text(st.characters(codec="utf-8"), min_size=shape.min_length, max_size=max_length)
    if shape.base64:
        strings |= st.binary(max_size=8).map(lambda data: base64.b64encode(data).decode())
    if shape.pattern is None:
        return strings
    try:
        return strings | st.from_regex(re.compile(shape.pattern))
    except re.error:  # an ECMA-262 pattern that Python does not support; most documents will then be invalid
        return strings


def _build_integer(bounds: Bounds) -> Documents:
    low, high = _find_lower_bound(bounds), _find_upper_bound(bounds)
    if low is not None and high is not None and low > high:
        return _ANY_JSON
    boundaries = [
        value for value in _BOUNDARY_INTEGERS if (low is None or value >= low) and (high is None or value <= high)
    ]
    step = bounds.multiple_of
    integers = st.integers(low, high)
    if isinstance(step, int) and step > 1:
        integers = st.integers(-100, 100).map(lambda count: count * step)
    return integers | st.sampled_from(boundaries) if boundaries else integers


def _find_lower_bound(bounds: Bounds) -> int | None:
    lows = [math.ceil(bounds.minimum)] if bounds.minimum is not None else []
    lows += [math.floor(bounds.exclusive_minimum) + 1] if bounds.exclusive_minimum is not None else []
    return max(lows, default=None)


def _find_upper_bound(bounds: Bounds) -> int | None:
    highs = [math.floor(bounds.maximum)] if bounds.maximum is not None else []
    highs += [math.ceil(bounds.exclusive_maximum) - 1] if bounds.exclusive_maximum is not None else []
    return min(highs, default=None)


def _build_float(bounds: Bounds) -> Documents:
    low = None if bounds.minimum is None else float(bounds.minimum)
    high = None if bounds.maximum is None else float(bounds.maximum)
    if low is not None and high is not None and low > high:
        return _ANY_JSON
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


# mutations


def _mutate(document: Json) -> Documents:
    """Return a strategy for copies of a document with one value replaced, removed or added."""
    paths: list[Tokens] = [(), *_find_paths(document, ())]
    choices = st.tuples(st.sampled_from(paths), st.sampled_from(_MUTATIONS), st.sampled_from(_REPLACEMENTS))
    return choices.map(lambda choice: _apply_mutation(document, *choice))


def _find_paths(value: Json, base: Tokens) -> list[Tokens]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, member in members for path in ((*base, key), *_find_paths(member, (*base, key)))]


def _apply_mutation(value: Json, path: Tokens, mutation: Mutation, new: Json) -> Json:
    if path:
        head, rest = path[0], path[1:]
        is_removal = not rest and mutation == "remove"
        if isinstance(value, dict):
            if is_removal:
                return {key: member for key, member in value.items() if key != head}
            return {
                key: _apply_mutation(member, rest, mutation, new) if key == head else member
                for key, member in value.items()
            }
        assert isinstance(value, list)
        if is_removal:
            return [item for index, item in enumerate(value) if index != head]
        return [
            _apply_mutation(item, rest, mutation, new) if index == head else item for index, item in enumerate(value)
        ]
    match value:
        case dict() if mutation == "add":
            return {**value, "color": new}
        case list() if mutation == "add":
            return [*value, new]
        case _:
            return new
