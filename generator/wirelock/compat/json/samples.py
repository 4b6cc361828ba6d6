"""Small valid values of nodes: optional members are left out, required ones present, and recursion ends."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import islice
from typing import assert_never

from wirelock.compat.json.nodes import count_positions, get_item, get_max_items
from wirelock.compat.json.pattern_samples import build_matching_string
from wirelock.compat.json.views import View
from wirelock.diagnostics import Location
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
    TypeId,
    Union,
)
from wirelock.runtime.json.text import Json, canonicalize

_ANY_VALUES: tuple[Json, ...] = (0, "", False, None, {}, [])
_FORMAT_SAMPLES: Mapping[str, str] = {
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
_MAX_SAMPLES = 6
_MAX_ITEMS = 64
_MAX_REQUESTED_ITEMS = 1024
_EXTRA_ITEMS = 3


def sort_by_size(values: Iterable[Json]) -> tuple[Json, ...]:
    """Return distinct values, shortest text first."""
    distinct = {canonicalize(value): value for value in values}
    return tuple(distinct[text] for text in sorted(distinct, key=lambda text: (len(text), text)))


class Samples:
    """Samples of the nodes of one view. Samples of named types are computed once, bottom-up."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[TypeId, tuple[Json, ...]] = {}
        self._is_sampled = False

    def sample(self, node: Node) -> tuple[Json, ...]:
        """Return a few small values of a node; none if none was found."""
        if not self._is_sampled:
            self._is_sampled = True
            self._sample_types()
        return self._sample(node)

    def sample_variants(self, node: Node, names: tuple[Json, ...]) -> tuple[Json, ...]:
        """Return values of a node with different members; objects also get undeclared properties with these names."""
        shape = self._view.resolve(node).shape
        match shape:
            case Array() | Tuple():
                return self.sample_arrays(self._view.resolve(node))
            case Object():
                return self._sample_objects(node, shape, [name for name in names if isinstance(name, str)])
            case Union(branches):
                return sort_by_size(value for branch in branches for value in self.sample_variants(branch, names))
            case AnyValue():
                undeclared: list[Json] = [{name: 0} for name in names if isinstance(name, str)]
                return sort_by_size((*self.sample(node), *undeclared))
            case _:
                return self.sample(node)

    def _sample_objects(self, node: Node, shape: Object, names: list[str]) -> tuple[Json, ...]:
        """Return objects with the required members, with each other one alone, with all, and with undeclared ones."""
        samples = {prop.name: self.sample(prop.node) for prop in shape.properties}
        required = {p.name: samples[p.name][0] for p in shape.properties if p.required and samples[p.name]}
        rest = self._view.get_additional(node, shape)
        undeclared = [name for name in (*names, "other") if name not in samples] if rest is not None else []
        samples |= {name: self.sample(rest) for name in undeclared if rest is not None}
        single = [{**required, name: value} for name, values in samples.items() for value in values]
        full = {name: values[0] for name, values in samples.items() if values}
        declared = {name: value for name, value in full.items() if name not in undeclared}
        return sort_by_size(value for value in (required, declared, full, *single) if self._view.fits(node, value))

    def sample_arrays(self, node: Node, counts: Iterable[int] = ()) -> tuple[Json, ...]:
        """Return arrays of a node: short, long and of these counts, with equal and with different items.

        Arrays of the given counts may be longer than the others.
        """
        shape = node.shape
        if not isinstance(shape, Array | Tuple):
            return ()
        maximum = get_max_items(shape)
        requested = frozenset(count for count in counts if count >= 0)
        longest = _MAX_ITEMS if maximum is None else min(maximum, _MAX_ITEMS)
        long_count = max(shape.min_items, count_positions(shape)) + _EXTRA_ITEMS if maximum is None else longest
        arrays = [
            array
            for count in sorted(
                {shape.min_items, shape.min_items + 1, count_positions(shape), long_count - 1, long_count, *requested}
            )
            if 0 <= count <= longest
            or (count in requested and count <= _MAX_REQUESTED_ITEMS and (maximum is None or count <= maximum))
            for turn in (0, 1)
            if (array := self._fill_array(shape, count, turn)) is not None
        ]
        return sort_by_size(value for value in arrays if self._view.fits(node, value))

    def _fill_array(self, shape: Array | Tuple, count: int, turn: int) -> Json | None:
        """Return an array of `count` items; with `turn` 1, of different items where samples differ."""
        items: list[Json] = []
        for index in range(count):
            item_node = get_item(shape, index)
            values = self.sample(item_node) if item_node is not None else ()
            if not values:
                return None
            items.append(values[index * turn % len(values)])
        return items

    def _sample_types(self) -> None:
        """Sample the named types in rounds: each finds types that depend on sampled ones, until one finds none."""
        waiting = list(self._view.definitions.items())
        while waiting:
            remaining = [
                (key, definition) for key, definition in waiting if not self._sample_type(key, definition.node)
            ]
            if len(remaining) == len(waiting):
                return
            waiting = remaining

    def _sample_type(self, key: TypeId, node: Node) -> bool:
        samples = self._sample(node)
        if samples:
            self._known[key] = samples
        return bool(samples)

    def _sample(self, node: Node) -> tuple[Json, ...]:
        return sort_by_size(islice(self._generate(node), _MAX_SAMPLES))

    def _generate(self, node: Node) -> Iterator[Json]:
        shape = node.shape
        match shape:
            case AnyValue():
                yield from _ANY_VALUES
            case Never():
                return
            case Null():
                yield None
            case Boolean():
                yield from (False, True)
            case String():
                yield from (text for text in _generate_strings(shape) if self._view.fits(node, text))
            case Integer(bounds):
                yield from (value for value in _generate_numbers(bounds) if isinstance(value, int))
            case Number(bounds):
                yield from _generate_numbers(bounds)
            case StringEnum(values) | ConstSet(values):
                yield from values
            case Array():
                yield from self._generate_arrays(shape)
            case Tuple():
                yield from self._generate_tuples(shape)
            case Object():
                yield from self._generate_objects(shape)
            case Union(branches):
                yield from _interleave([self._sample(branch) for branch in branches])
            case Ref(target):
                yield from self._known.get(target, ())
            case _:
                assert_never(shape)

    def _generate_arrays(self, shape: Array) -> Iterator[Json]:
        items = self._sample(shape.items) if shape.min_items else ()
        if not shape.min_items:
            yield []
        elif shape.min_items > _MAX_ITEMS or not items:
            return
        elif not shape.unique:
            yield [items[index % len(items)] for index in range(shape.min_items)]
        elif shape.min_items <= len(items):
            yield list(items[: shape.min_items])
        else:
            yield from _generate_distinct_items(shape)

    def _generate_tuples(self, shape: Tuple) -> Iterator[Json]:
        nodes = [
            *shape.items,
            *([shape.additional_items] * shape.min_items if shape.additional_items is not None else []),
        ]
        items = [self._sample(node) for node in nodes[: shape.min_items]]
        if len(items) == shape.min_items and all(items):
            yield [values[0] for values in items]

    def _generate_objects(self, shape: Object) -> Iterator[Json]:
        samples = {prop.name: self._sample(prop.node) for prop in shape.properties}
        required = [prop.name for prop in shape.properties if prop.required]
        if all(samples[name] for name in required):
            yield {name: samples[name][0] for name in required}
            full: dict[str, Json] = {name: values[0] for name, values in samples.items() if values}
            yield full


def _interleave(groups: list[tuple[Json, ...]]) -> Iterator[Json]:
    """Yield the first value of each group, then the second of each, and so on."""
    for index in range(max(map(len, groups), default=0)):
        yield from (group[index] for group in groups if index < len(group))


def _generate_distinct_items(shape: Array) -> Iterator[Json]:
    """Yield an array of as many different numbers or strings as required."""
    match shape.items.shape:
        case Integer() | Number() | AnyValue():
            yield list(range(shape.min_items))
        case String():
            yield [*map(str, range(shape.min_items))]
        case _:
            return


def _generate_strings(shape: String) -> Iterator[str]:
    """Yield short strings of a shape."""
    if shape.max_length is not None and shape.max_length < shape.min_length:
        return
    if shape.pattern is not None:
        string = build_matching_string(shape.pattern, shape.min_length)
        if string is not None and (shape.max_length is None or len(string) <= shape.max_length):
            yield string
        return
    sample = _FORMAT_SAMPLES.get(shape.format)
    if sample is not None and len(sample) >= shape.min_length:
        yield sample
    yield "a" * shape.min_length


def _generate_numbers(bounds: Bounds) -> Iterator[int | float]:
    """Yield numbers within bounds, simplest first."""
    low = max((x for x in (bounds.minimum, bounds.exclusive_minimum) if x is not None), default=None)
    high = min((x for x in (bounds.maximum, bounds.exclusive_maximum) if x is not None), default=None)
    step = Fraction(repr(bounds.multiple_of)) if bounds.multiple_of else Fraction(1)
    start = low if low is not None else high if high is not None else 0
    quotient = math.floor(Fraction(repr(start)) / step)
    candidates: list[int | float] = [0, 1, *(_to_number((quotient + offset) * step) for offset in (0, 1, -1))]
    if low is not None and high is not None:
        candidates.append(_to_number((Fraction(repr(low)) + Fraction(repr(high))) / 2))
    for value in candidates:
        if _is_within_bounds(bounds, value):
            yield value


def _is_within_bounds(bounds: Bounds, value: int | float) -> bool:
    """Return True if a number satisfies bounds."""
    return View({}, is_closed=False, asserts_formats=False).fits(Node(Number(bounds), _NOWHERE), value)


def _to_number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)
