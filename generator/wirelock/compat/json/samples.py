"""Small valid values of a node: optional things are left out, required ones filled, and recursion ends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import islice
from typing import assert_never

from wirelock.compat.json.nodes import item, max_items, positions
from wirelock.compat.json.pattern_samples import text_for
from wirelock.compat.json.views import View
from wirelock.diagnostics import Location
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
    TypeId,
    Union,
)
from wirelock.runtime.json.text import Json, canonical

_ANYTHING: tuple[Json, ...] = (0, "", False, None, {}, [])
_FORMATS: Mapping[str, str] = {
    "date-time": "2000-01-01T00:00:00Z",
    "date": "2000-01-01",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "a@b.c",
    "idn-email": "a@b.c",
    "hostname": "a.b",
    "idn-hostname": "a.b",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "uri": "a:b",
    "iri": "a:b",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "regex": "a",
}
_NOWHERE = Location()
_MOST = 6
_MOST_ITEMS = 64
_MOST_ASKED = 1024
_MORE = 3


def smallest_first(values: Iterable[Json]) -> tuple[Json, ...]:
    """Different values, shortest text first."""
    distinct = {canonical(value): value for value in values}
    return tuple(distinct[text] for text in sorted(distinct, key=lambda text: (len(text), text)))


class Samples:
    """Small values of the nodes of one view; those of named types are found once, from the leaves upward."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[TypeId, tuple[Json, ...]] = {}
        self._settled = False

    def of(self, node: Node) -> tuple[Json, ...]:
        """A few small values that have the shape of a node; none where none is found."""
        if not self._settled:
            self._settled = True
            self._settle()
        return self._of(node)

    def around(self, node: Node, named: tuple[Json, ...]) -> tuple[Json, ...]:
        """Values of a node that differ in what they hold; objects also hold properties that are called as `named`."""
        shape = self._view.follow(node).shape
        match shape:
            case Array() | Tuple():
                return self.lists(self._view.follow(node))
            case Record():
                return self._members(node, shape, [one for one in named if isinstance(one, str)])
            case Union(branches):
                return smallest_first(value for branch in branches for value in self.around(branch, named))
            case Anything():
                strange: list[Json] = [{one: 0} for one in named if isinstance(one, str)]
                return smallest_first((*self.of(node), *strange))
            case _:
                return self.of(node)

    def _members(self, node: Node, shape: Record, named: list[str]) -> tuple[Json, ...]:
        """Objects with what is required, and with each further property alone, all together, and with strange ones."""
        known = {prop.name: self.of(prop.node) for prop in shape.properties}
        least = {p.name: known[p.name][0] for p in shape.properties if p.required and known[p.name]}
        rest = self._view.rest(node, shape)
        strange = [name for name in (*named, "other") if name not in known] if rest is not None else []
        known |= {name: self.of(rest) for name in strange if rest is not None}
        single = [{**least, name: value} for name, values in known.items() for value in values]
        full = {name: values[0] for name, values in known.items() if values}
        declared = {name: value for name, value in full.items() if name not in strange}
        return smallest_first(value for value in (least, declared, full, *single) if self._view.fits(node, value))

    def lists(self, node: Node, counts: Iterable[int] = ()) -> tuple[Json, ...]:
        """Lists that have the shape of a node: short ones, long ones and `counts`, of equal items and of different.

        What is asked for by its count may be longer than what is tried unasked.
        """
        shape = node.shape
        if not isinstance(shape, Array | Tuple):
            return ()
        most = max_items(shape)
        asked = frozenset(count for count in counts if count >= 0)
        longest = _MOST_ITEMS if most is None else min(most, _MOST_ITEMS)
        plain = max(shape.min_items, positions(shape)) + _MORE if most is None else longest
        found = [
            filled
            for count in sorted({shape.min_items, shape.min_items + 1, positions(shape), plain - 1, plain, *asked})
            if 0 <= count <= longest or (count in asked and count <= _MOST_ASKED and (most is None or count <= most))
            for turn in (0, 1)
            if (filled := self._filled(shape, count, turn)) is not None
        ]
        return smallest_first(value for value in found if self._view.fits(node, value))

    def _filled(self, shape: Array | Tuple, count: int, turn: int) -> Json | None:
        """A list of so many items; with `turn`, items that are different as far as samples go."""
        filled: list[Json] = []
        for index in range(count):
            inner = item(shape, index)
            values = self.of(inner) if inner is not None else ()
            if not values:
                return None
            filled.append(values[index * turn % len(values)])
        return filled

    def _settle(self) -> None:
        """A type is known once what it needs is; a round that finds nothing new is the last."""
        waiting = list(self._view.definitions.items())
        while waiting:
            left = [(key, definition) for key, definition in waiting if not self._find(key, definition.node)]
            if len(left) == len(waiting):
                return
            waiting = left

    def _find(self, key: TypeId, node: Node) -> bool:
        found = self._of(node)
        if found:
            self._known[key] = found
        return bool(found)

    def _of(self, node: Node) -> tuple[Json, ...]:
        return smallest_first(islice(self._values(node), _MOST))

    def _values(self, node: Node) -> Iterator[Json]:
        shape = node.shape
        match shape:
            case Anything():
                yield from _ANYTHING
            case Never():
                return
            case Null():
                yield None
            case Boolean():
                yield from (False, True)
            case Text():
                yield from texts(shape)
            case Integer(bounds):
                yield from (value for value in numbers(bounds) if isinstance(value, int))
            case Number(bounds):
                yield from numbers(bounds)
            case Choice(values) | Constant(values):
                yield from values
            case Array():
                yield from self._arrays(shape)
            case Tuple():
                yield from self._tuples(shape)
            case Record():
                yield from self._records(shape)
            case Union(branches):
                yield from _in_turn([self._of(branch) for branch in branches])
            case Ref(target):
                yield from self._known.get(target, ())
            case _:
                assert_never(shape)

    def _arrays(self, shape: Array) -> Iterator[Json]:
        items = self._of(shape.items) if shape.min_items else ()
        if not shape.min_items:
            yield []
        elif shape.min_items > _MOST_ITEMS or not items:
            return
        elif not shape.unique:
            yield [items[index % len(items)] for index in range(shape.min_items)]
        elif shape.min_items <= len(items):
            yield list(items[: shape.min_items])
        else:
            yield from many_items(shape)

    def _tuples(self, shape: Tuple) -> Iterator[Json]:
        nodes = [*shape.items, *([shape.rest] * shape.min_items if shape.rest is not None else [])]
        items = [self._of(node) for node in nodes[: shape.min_items]]
        if len(items) == shape.min_items and all(items):
            yield [values[0] for values in items]

    def _records(self, shape: Record) -> Iterator[Json]:
        known = {prop.name: self._of(prop.node) for prop in shape.properties}
        required = [prop.name for prop in shape.properties if prop.required]
        if all(known[name] for name in required):
            yield {name: known[name][0] for name in required}
            full: dict[str, Json] = {name: values[0] for name, values in known.items() if values}
            yield full


def _in_turn(groups: list[tuple[Json, ...]]) -> Iterator[Json]:
    """The first value of each group, then the second of each, and so on."""
    for index in range(max(map(len, groups), default=0)):
        yield from (group[index] for group in groups if index < len(group))


def many_items(shape: Array) -> Iterator[Json]:
    """As many different numbers or texts as an array of them needs."""
    match shape.items.shape:
        case Integer() | Number() | Anything():
            yield list(range(shape.min_items))
        case Text():
            yield [*map(str, range(shape.min_items))]
        case _:
            return


def texts(shape: Text) -> Iterator[str]:
    """Short texts of a shape."""
    if shape.max_length is not None and shape.max_length < shape.min_length:
        return
    if shape.pattern is not None:
        found = text_for(shape.pattern, shape.min_length)
        if found is not None and (shape.max_length is None or len(found) <= shape.max_length):
            yield found
        return
    formatted = _FORMATS.get(shape.format)
    if formatted is not None and len(formatted) >= shape.min_length:
        yield formatted
    yield "a" * shape.min_length


def numbers(bounds: Bounds) -> Iterator[int | float]:
    """Numbers within bounds, the plainest first."""
    low = max((x for x in (bounds.minimum, bounds.exclusive_minimum) if x is not None), default=None)
    high = min((x for x in (bounds.maximum, bounds.exclusive_maximum) if x is not None), default=None)
    step = Fraction(repr(bounds.multiple_of)) if bounds.multiple_of else Fraction(1)
    start = low if low is not None else high if high is not None else 0
    near = math.floor(Fraction(repr(start)) / step)
    tried: list[int | float] = [0, 1, *(_plain((near + more) * step) for more in (0, 1, -1))]
    if low is not None and high is not None:
        tried.append(_plain((Fraction(repr(low)) + Fraction(repr(high))) / 2))
    for value in tried:
        if within(bounds, value):
            yield value


def within(bounds: Bounds, value: int | float) -> bool:
    """Whether a number keeps its limits."""
    return View({}, closes=False, formats=False).fits(Node(Number(bounds), _NOWHERE), value)


def _plain(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)
