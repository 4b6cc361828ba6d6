"""Strategies for documents of a type: mostly valid ones, and ones that are wrong in one place."""

from __future__ import annotations

import base64
import math
import re
from typing import assert_never

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from wirelock.ir import (
    Anything,
    Array,
    Boolean,
    Bounds,
    Choice,
    Constant,
    Integer,
    Never,
    Node,
    Null,
    Number,
    Record,
    Ref,
    Text,
    Tuple,
    TypeGraph,
    TypeId,
    Union,
)
from wirelock.runtime.json.text import Json

Documents = SearchStrategy[Json]
_TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
_EDGES = (0, 1, -1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64)
_ODD: tuple[Json, ...] = (
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
_MORE_ITEMS = 3
_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), _TEXT
)
_ANYTHING: Documents = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=6
)


class Drawing:
    """The strategies of one graph; each named type has one, so that recursion ends."""

    def __init__(self, graph: TypeGraph) -> None:
        self._graph = graph
        self._named: dict[TypeId, Documents] = {}

    def documents(self, key: TypeId) -> Documents:
        """Documents of a type, every second one changed in one place."""
        plain = _ANYTHING if self._type(key).is_empty else self._type(key)
        return st.one_of(plain, plain.flatmap(_broken))

    def _type(self, key: TypeId) -> Documents:
        if key not in self._named:
            self._named[key] = st.deferred(lambda: self._node(self._graph.definitions[key].node))
        return self._named[key]

    def _node(self, node: Node) -> Documents:
        shape = node.shape
        match shape:
            case Ref(target):
                return self._type(target)
            case Anything() | Never() | Constant(()):  # where nothing is right, whatever is drawn is wrong
                return _ANYTHING
            case Null():
                return st.none()
            case Boolean():
                return st.booleans()
            case Text():
                return _text(shape)
            case Integer(bounds):
                return _integers(bounds)
            case Number(bounds):
                return _integers(bounds) | _floats(bounds)
            case Choice(values, extensible):
                return st.sampled_from(values) | _TEXT if extensible else st.sampled_from(values)
            case Constant(values):
                return st.sampled_from(values)
            case Array():
                return self._array(shape)
            case Tuple(items):
                return st.tuples(*map(self._node, items)).map(list)
            case Record():
                return self._record(shape)
            case Union(branches):
                return st.one_of(*map(self._node, branches))
            case _:
                assert_never(shape)

    def _array(self, shape: Array) -> Documents:
        most = shape.min_items + _MORE_ITEMS
        if shape.max_items is not None:
            most = min(most, max(shape.max_items, shape.min_items))
        return st.lists(self._node(shape.items), min_size=shape.min_items, max_size=most).map(list)

    def _record(self, shape: Record) -> Documents:
        required = {prop.name: self._node(prop.node) for prop in shape.properties if prop.required}
        optional = {prop.name: self._node(prop.node) for prop in shape.properties if not prop.required}
        declared = st.fixed_dictionaries(required, optional=optional)
        if shape.rest == "closed":
            return declared
        rest = self._node(shape.rest) if isinstance(shape.rest, Node) else _LEAVES
        more = st.just(dict[str, Json]()) | st.dictionaries(_TEXT, rest, max_size=2)
        return st.tuples(more, declared).map(lambda parts: {**parts[0], **parts[1]})


# values


def _text(shape: Text) -> Documents:
    most = shape.min_length + 8 if shape.max_length is None else min(shape.max_length, shape.min_length + 8)
    plain = st.text(st.characters(codec="utf-8"), min_size=shape.min_length, max_size=max(most, shape.min_length))
    if shape.base64:
        plain |= st.binary(max_size=8).map(lambda data: base64.b64encode(data).decode())
    if shape.pattern is None:
        return plain
    try:
        return plain | st.from_regex(re.compile(shape.pattern))
    except re.error:  # ECMA-262 that Python does not know: the reference will refuse most of what is drawn
        return plain


def _integers(bounds: Bounds) -> Documents:
    low, high = _low(bounds), _high(bounds)
    if low is not None and high is not None and low > high:
        return _ANYTHING
    edges = [edge for edge in _EDGES if (low is None or edge >= low) and (high is None or edge <= high)]
    step = bounds.multiple_of
    drawn = st.integers(low, high)
    if isinstance(step, int) and step > 1:
        drawn = st.integers(-100, 100).map(lambda count: count * step)
    return drawn | st.sampled_from(edges) if edges else drawn


def _low(bounds: Bounds) -> int | None:
    lows = [math.ceil(bounds.minimum)] if bounds.minimum is not None else []
    lows += [math.floor(bounds.exclusive_minimum) + 1] if bounds.exclusive_minimum is not None else []
    return max(lows, default=None)


def _high(bounds: Bounds) -> int | None:
    highs = [math.floor(bounds.maximum)] if bounds.maximum is not None else []
    highs += [math.ceil(bounds.exclusive_maximum) - 1] if bounds.exclusive_maximum is not None else []
    return min(highs, default=None)


def _floats(bounds: Bounds) -> Documents:
    low = None if bounds.minimum is None else float(bounds.minimum)
    high = None if bounds.maximum is None else float(bounds.maximum)
    if low is not None and high is not None and low > high:
        return _ANYTHING
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


# almost


def _broken(document: Json) -> Documents:
    """The document with one place in it changed, left out or added to."""
    places = [(), *_places(document, ())]
    return st.tuples(st.sampled_from(places), st.sampled_from(("put", "drop", "add")), st.sampled_from(_ODD)).map(
        lambda choice: _changed(document, *choice)
    )


def _places(value: Json, at: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in members for place in ((*at, key), *_places(inner, (*at, key)))]


def _changed(value: Json, place: tuple[str | int, ...], how: str, odd: Json) -> Json:
    if place:
        head, rest = place[0], place[1:]
        if isinstance(value, dict):
            if not rest and how == "drop":
                return {key: inner for key, inner in value.items() if key != head}
            return {key: _changed(inner, rest, how, odd) if key == head else inner for key, inner in value.items()}
        assert isinstance(value, list)
        if not rest and how == "drop":
            return [inner for index, inner in enumerate(value) if index != head]
        return [_changed(inner, rest, how, odd) if index == head else inner for index, inner in enumerate(value)]
    match value:
        case dict() if how == "add":
            return {**value, "colour": odd}
        case list() if how == "add":
            return [*value, odd]
        case _:
            return odd
