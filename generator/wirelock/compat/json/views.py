"""Views of a type graph by one of its users: the values that fit a node, and their undeclared properties.

A writer sends only declared properties unless the policy is "keep". A reader accepts undeclared properties unless the
policy is "error". Views ignore unmodelled keywords; the reference validator checks those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from wirelock.compat.json.change import Side
from wirelock.diagnostics import Location
from wirelock.ir import (
    AnyValue,
    Array,
    Boolean,
    Bounds,
    ConstSet,
    Definition,
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
from wirelock.runtime.json.equality import are_equal
from wirelock.runtime.json.pointers import escape_token
from wirelock.runtime.json.text import Json, canonicalize
from wirelock.runtime.schema.assertions import has_type, violates

ANY_NODE = Node(AnyValue(), Location())
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
    """The definitions of a graph, `is_closed` if undeclared properties do not occur, and `asserts_formats`."""

    definitions: Mapping[TypeId, Definition]
    is_closed: bool
    asserts_formats: bool

    def resolve(self, node: Node) -> Node:
        """Return the node behind references that have no keywords beside them."""
        seen: set[TypeId] = set()
        while isinstance(node.shape, Ref) and not node.unmodelled_keywords and node.shape.target in self.definitions:
            if node.shape.target in seen:
                break
            seen.add(node.shape.target)
            node = self.definitions[node.shape.target].node
        return node

    def get_additional(self, node: Node, shape: Object) -> Node | None:
        """Return the node of undeclared properties of an object; None if there are none."""
        if shape.additional_properties == "closed":
            return None
        if isinstance(shape.additional_properties, Node):
            return shape.additional_properties
        declares = bool(shape.properties) and _OPENING.isdisjoint(node.unmodelled_keywords)
        return None if self.is_closed and declares else ANY_NODE

    def accepts(self, node: Node, value: Json) -> bool:
        """Return True if a value fits a node and has no undeclared properties."""
        return self.fits(node, value) and not self.find_undeclared(node, value)

    def fits(self, node: Node, value: Json) -> bool:
        """Return True if a value has the shape of a node; undeclared properties of open objects are allowed."""
        shape = node.shape
        match shape:
            case AnyValue():
                return True
            case Never():
                return False
            case Null():
                return value is None
            case Boolean():
                return isinstance(value, bool)
            case String():
                return isinstance(value, str) and self._fits_string(shape, value)
            case Integer(bounds):
                return has_type(value, "integer") and _is_within_bounds(bounds, value)
            case Number(bounds):
                return has_type(value, "number") and _is_within_bounds(bounds, value)
            case StringEnum(values, extensible):
                return isinstance(value, str) and (extensible or value in values)
            case ConstSet(values):
                return any(are_equal(value, other) for other in values)
            case Array():
                return isinstance(value, list) and self._fits_array(shape, value)
            case Tuple():
                return isinstance(value, list) and self._fits_tuple(shape, value)
            case Object():
                return isinstance(value, dict) and self._fits_object(shape, value)
            case Union(branches):
                return any(self.fits(branch, value) for branch in branches)
            case Ref(target):
                return target not in self.definitions or self.fits(self.definitions[target].node, value)
            case _:
                assert_never(shape)

    def find_undeclared(self, node: Node, value: Json) -> frozenset[str]:
        """Return the pointers of undeclared properties in a value that fits; empty if the view is not closed."""
        return frozenset(self._iter_undeclared(node, value, "")) if self.is_closed else frozenset()

    def _fits_string(self, shape: String, value: str) -> bool:
        return (
            len(value) >= shape.min_length
            and (shape.max_length is None or len(value) <= shape.max_length)
            and (shape.pattern is None or not violates("pattern", shape.pattern, value))
            and not (self.asserts_formats and shape.format and violates("format", shape.format, value))
        )

    def _fits_array(self, shape: Array, value: list[Json]) -> bool:
        return (
            len(value) >= shape.min_items
            and (shape.max_items is None or len(value) <= shape.max_items)
            and not (shape.unique and len({canonicalize(item) for item in value}) < len(value))
            and all(self.fits(shape.items, item) for item in value)
        )

    def _fits_tuple(self, shape: Tuple, value: list[Json]) -> bool:
        additional = value[len(shape.items) :]
        return (
            len(value) >= shape.min_items
            and all(self.fits(node, item) for node, item in zip(shape.items, value, strict=False))
            and all(
                shape.additional_items is not None and self.fits(shape.additional_items, item) for item in additional
            )
        )

    def _fits_object(self, shape: Object, value: Mapping[str, Json]) -> bool:
        names = {prop.name for prop in shape.properties}
        if any(prop.required and prop.name not in value for prop in shape.properties):
            return False
        if not all(self.fits(prop.node, value[prop.name]) for prop in shape.properties if prop.name in value):
            return False
        others = [inner for name, inner in value.items() if name not in names]
        rest = shape.additional_properties
        return not others or (
            rest != "closed" and all(rest == "undeclared" or self.fits(rest, other) for other in others)
        )

    def _iter_undeclared(self, node: Node, value: Json, pointer: str) -> Iterator[str]:
        shape = node.shape
        match shape, value:
            case Ref(target), _ if target in self.definitions:
                yield from self._iter_undeclared(self.definitions[target].node, value, pointer)
            case Union(branches), _:
                candidates = [
                    set(self._iter_undeclared(branch, value, pointer))
                    for branch in branches
                    if self.fits(branch, value)
                ]
                yield from set[str].intersection(*candidates) if candidates else set[str]()
            case Array(items), list():
                for index, item in enumerate(value):
                    yield from self._iter_undeclared(items, item, f"{pointer}/{index}")
            case Tuple(items, rest), list():
                nodes = (*items, *[rest or ANY_NODE] * max(0, len(value) - len(items)))
                for index, (inner, item) in enumerate(zip(nodes, value, strict=False)):
                    yield from self._iter_undeclared(inner, item, f"{pointer}/{index}")
            case Object(), dict():
                yield from self._iter_undeclared_members(node, shape, value, pointer)
            case _:
                return

    def _iter_undeclared_members(
        self, node: Node, shape: Object, value: Mapping[str, Json], pointer: str
    ) -> Iterator[str]:
        declared = {prop.name: prop.node for prop in shape.properties}
        rest = self.get_additional(node, shape)
        for name, inner in value.items():
            member = declared.get(name, rest)
            if member is None:
                yield f"{pointer}/{escape_token(name)}"
            else:
                yield from self._iter_undeclared(member, inner, f"{pointer}/{escape_token(name)}")


def build_writer_view(side: Side) -> View:
    """Return the view of those who write documents of a side."""
    return View(side.graph.definitions, side.policy in ("error", "warn"), side.format_assertion)


def build_reader_view(side: Side) -> View:
    """Return the view of those who read documents of a side."""
    return View(side.graph.definitions, side.policy == "error", side.format_assertion)


def _is_within_bounds(bounds: Bounds, value: Json) -> bool:
    limits = ((keyword, getattr(bounds, name)) for keyword, name in _BOUNDS)
    return not any(limit is not None and violates(keyword, limit, value) for keyword, limit in limits)
