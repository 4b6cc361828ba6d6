"""A graph as one of its users sees it: which values have the shape of a node, and what in them is undeclared.

Who writes documents sends what is declared, unless the policy keeps everything; who reads them takes what is
undeclared too, unless the policy refuses it. Keywords that no shape says are left out here: the reference judges them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from wirelock.compat.json.change import Side
from wirelock.diagnostics import Location
from wirelock.ir import (
    Anything,
    Array,
    Boolean,
    Bounds,
    Choice,
    Constant,
    Definition,
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
from wirelock.runtime.json.equality import equal
from wirelock.runtime.json.pointers import token
from wirelock.runtime.json.text import Json, canonical
from wirelock.runtime.schema.assertions import breaks, is_type

ANYTHING = Node(Anything(), Location())
_OPENING = frozenset({"patternProperties", "unevaluatedProperties"})
_BOUNDS = (
    ("minimum", "minimum"),
    ("maximum", "maximum"),
    ("exclusiveMinimum", "exclusive_minimum"),
    ("exclusiveMaximum", "exclusive_maximum"),
    ("multipleOf", "multiple_of"),
)


@dataclass(frozen=True, slots=True)
class View:
    """The definitions, whether undeclared properties are left out or refused, and whether formats count."""

    definitions: Mapping[TypeId, Definition]
    closes: bool
    formats: bool

    def follow(self, node: Node) -> Node:
        """The node behind references that stand alone."""
        seen: set[TypeId] = set()
        while isinstance(node.shape, Ref) and not node.checks and node.shape.target in self.definitions:
            if node.shape.target in seen:
                break
            seen.add(node.shape.target)
            node = self.definitions[node.shape.target].node
        return node

    def rest(self, node: Node, record: Record) -> Node | None:
        """What each undeclared property of a record has to be; None where there are none."""
        if record.rest == "closed":
            return None
        if isinstance(record.rest, Node):
            return record.rest
        declares = bool(record.properties) and _OPENING.isdisjoint(node.checks)
        return None if self.closes and declares else ANYTHING

    def has(self, node: Node, value: Json) -> bool:
        """Whether a value is one of a node's, undeclared properties included, as far as shapes say."""
        return self.fits(node, value) and not self.undeclared(node, value)

    def fits(self, node: Node, value: Json) -> bool:
        """Whether a value has the shape of a node; what the policy says of undeclared properties is no part of it."""
        shape = node.shape
        match shape:
            case Anything():
                return True
            case Never():
                return False
            case Null():
                return value is None
            case Boolean():
                return isinstance(value, bool)
            case Text():
                return isinstance(value, str) and self._text(shape, value)
            case Integer(bounds):
                return is_type(value, "integer") and _within(bounds, value)
            case Number(bounds):
                return is_type(value, "number") and _within(bounds, value)
            case Choice(values, extensible):
                return isinstance(value, str) and (extensible or value in values)
            case Constant(values):
                return any(equal(value, one) for one in values)
            case Array():
                return isinstance(value, list) and self._array(shape, value)
            case Tuple():
                return isinstance(value, list) and self._tuple(shape, value)
            case Record():
                return isinstance(value, dict) and self._record(shape, value)
            case Union(branches):
                return any(self.fits(branch, value) for branch in branches)
            case Ref(target):
                return target not in self.definitions or self.fits(self.definitions[target].node, value)
            case _:
                assert_never(shape)

    def undeclared(self, node: Node, value: Json) -> frozenset[str]:
        """The pointers of undeclared properties in a value that fits; none when the view does not close."""
        return frozenset(self._undeclared(node, value, "")) if self.closes else frozenset()

    def _text(self, shape: Text, value: str) -> bool:
        return (
            len(value) >= shape.min_length
            and (shape.max_length is None or len(value) <= shape.max_length)
            and (shape.pattern is None or not breaks("pattern", shape.pattern, value))
            and not (self.formats and shape.format and breaks("format", shape.format, value))
        )

    def _array(self, shape: Array, value: list[Json]) -> bool:
        return (
            len(value) >= shape.min_items
            and (shape.max_items is None or len(value) <= shape.max_items)
            and not (shape.unique and len({canonical(item) for item in value}) < len(value))
            and all(self.fits(shape.items, item) for item in value)
        )

    def _tuple(self, shape: Tuple, value: list[Json]) -> bool:
        beyond = value[len(shape.items) :]
        return (
            len(value) >= shape.min_items
            and all(self.fits(node, item) for node, item in zip(shape.items, value, strict=False))
            and all(shape.rest is not None and self.fits(shape.rest, item) for item in beyond)
        )

    def _record(self, shape: Record, value: Mapping[str, Json]) -> bool:
        names = {prop.name for prop in shape.properties}
        if any(prop.required and prop.name not in value for prop in shape.properties):
            return False
        if not all(self.fits(prop.node, value[prop.name]) for prop in shape.properties if prop.name in value):
            return False
        others = [inner for name, inner in value.items() if name not in names]
        rest = shape.rest
        return not others or (rest != "closed" and all(rest == "undeclared" or self.fits(rest, one) for one in others))

    def _undeclared(self, node: Node, value: Json, at: str) -> Iterator[str]:
        shape = node.shape
        match shape, value:
            case Ref(target), _ if target in self.definitions:
                yield from self._undeclared(self.definitions[target].node, value, at)
            case Union(branches), _:
                found = [set(self._undeclared(branch, value, at)) for branch in branches if self.fits(branch, value)]
                yield from set[str].intersection(*found) if found else set[str]()
            case Array(items), list():
                for index, item in enumerate(value):
                    yield from self._undeclared(items, item, f"{at}/{index}")
            case Tuple(items, rest), list():
                nodes = (*items, *[rest or ANYTHING] * max(0, len(value) - len(items)))
                for index, (inner, item) in enumerate(zip(nodes, value, strict=False)):
                    yield from self._undeclared(inner, item, f"{at}/{index}")
            case Record(), dict():
                yield from self._undeclared_members(node, shape, value, at)
            case _:
                return

    def _undeclared_members(self, node: Node, shape: Record, value: Mapping[str, Json], at: str) -> Iterator[str]:
        declared = {prop.name: prop.node for prop in shape.properties}
        rest = self.rest(node, shape)
        for name, inner in value.items():
            known = declared.get(name, rest)
            if known is None:
                yield f"{at}/{token(name)}"
            else:
                yield from self._undeclared(known, inner, f"{at}/{token(name)}")


def writes(side: Side) -> View:
    """A side as those see it who send its documents."""
    return View(side.graph.definitions, side.policy in ("error", "warn"), side.format_assertion)


def reads(side: Side) -> View:
    """A side as those see it who are sent its documents."""
    return View(side.graph.definitions, side.policy == "error", side.format_assertion)


def _within(bounds: Bounds, value: Json) -> bool:
    limits = ((keyword, getattr(bounds, name)) for keyword, name in _BOUNDS)
    return not any(limit is not None and breaks(keyword, limit, value) for keyword, limit in limits)
