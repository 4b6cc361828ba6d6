"""Proofs from shapes that every value of one node is a value of another.

True is sound; False means that no proof was found. Pairs of named types in progress are assumed to hold, which gives
the greatest fixpoint: a counterexample is finite, so it would show in some pair without the assumption.
"""

from __future__ import annotations

from dataclasses import replace

from wirelock.compat.json.count_limits import is_implied
from wirelock.compat.json.disjointness import are_all_disjoint, are_disjoint
from wirelock.compat.json.nodes import count_positions, get_item, get_max_items, has_unique_items, iter_nodes
from wirelock.compat.json.scalars import enumerate_values, is_number_subtype, is_string_subtype
from wirelock.compat.json.sides import Direction
from wirelock.compat.json.structural_equality import are_structurally_equal
from wirelock.compat.json.views import ANY_NODE, View
from wirelock.ir import (
    AnyValue,
    Array,
    ConstSet,
    Integer,
    Never,
    Node,
    Number,
    Object,
    Property,
    Ref,
    String,
    StringEnum,
    Tuple,
    TypeId,
    Union,
)
from wirelock.runtime.json.text import Json

Names = frozenset[str]
_NO_NAMES: Names = frozenset()
_Pair = tuple[TypeId | int, TypeId | int, Names]


class SubtypeChecker:
    """Checks the pairs of one direction.

    `foreign_names` are properties that an object may contain although it does not declare them, because another branch
    of an undiscriminated union declares them.
    """

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self._writer = direction.writer.writer
        self._reader = direction.reader.reader
        self._assumed: dict[_Pair, tuple[Node, Node]] = {}
        self._proved: dict[_Pair, tuple[Node, Node]] = {}
        self._failed: dict[_Pair, tuple[Node, Node]] = {}
        self._names: dict[TypeId | int, tuple[Node, Names]] = {}

    def is_subtype(self, writer: Node, reader: Node, foreign_names: Names = _NO_NAMES) -> bool:
        """Return True if the reader's node is proved to accept every value of the writer's node."""
        self._assumed = {}
        result = self._is_subtype(writer, reader, foreign_names)
        if result:
            self._proved |= self._assumed
        return result

    def _is_subtype(self, writer: Node, reader: Node, foreign_names: Names) -> bool:
        if isinstance(writer.shape, Never) or (isinstance(reader.shape, AnyValue) and not reader.unmodelled_keywords):
            return True
        if not self._has_all_keywords(writer, reader):
            return False
        match writer.shape, reader.shape:
            case (Ref(), _) | (_, Ref()):
                return self._is_named_subtype(writer, reader, foreign_names)
            case Union() as writer_union, Union() as reader_union if not foreign_names and self._has_same_branches(
                writer, writer_union, reader, reader_union
            ):
                return True
            case Union(branches), _:
                return self._are_branches_subtypes(writer, branches, reader, foreign_names)
            case _, Union():
                return self._is_branch_subtype(writer, reader, reader.shape, foreign_names)
            case _:
                return self._is_shape_subtype(writer, reader, foreign_names)

    def _has_all_keywords(self, writer: Node, reader: Node) -> bool:
        """Return True if each unmodelled keyword of the reader is one of the writer, or is implied by one."""
        writer_keywords, reader_keywords = self._direction.writer.keywords, self._direction.reader.keywords
        keywords = [
            keyword for keyword in reader.unmodelled_keywords if not reader_keywords.is_trivial(reader, keyword)
        ]
        return all(
            (
                keyword in writer.unmodelled_keywords
                and writer_keywords.get_meaning(writer, keyword) == reader_keywords.get_meaning(reader, keyword)
            )
            or is_implied(writer_keywords, writer, reader_keywords, reader, keyword)
            for keyword in keywords
        )

    def _is_named_subtype(self, writer: Node, reader: Node, foreign_names: Names) -> bool:
        pair = (_get_key(writer), _get_key(reader), foreign_names)
        if pair in self._assumed or pair in self._proved:
            return True
        if pair in self._failed:  # failed with more assumptions, so it fails with fewer
            return False
        self._assumed[pair] = writer, reader
        written, read = _resolve_reference(writer, self._writer), _resolve_reference(reader, self._reader)
        result = written is not None and read is not None and self._is_subtype(written, read, foreign_names)
        if not result:
            self._failed[pair] = writer, reader
        return result

    def _has_same_branches(self, writer: Node, writer_union: Union, reader: Node, reader_union: Union) -> bool:
        """Return True if two unions have the same branches in any order."""
        writer_keywords, reader_keywords = self._direction.writer.keywords, self._direction.reader.keywords
        written = sorted(writer_union.branches, key=lambda branch: writer_keywords.get_schema_text(branch) or "")
        read = sorted(reader_union.branches, key=lambda branch: reader_keywords.get_schema_text(branch) or "")
        return self._is_equal(
            replace(writer, shape=replace(writer_union, branches=tuple(written))),
            replace(reader, shape=replace(reader_union, branches=tuple(read))),
        )

    def _is_equal(self, writer: Node, reader: Node) -> bool:
        writer_side, reader_side = self._direction.writer, self._direction.reader
        if self._reader.is_closed > self._writer.is_closed:
            return False
        if not are_structurally_equal(writer_side.definitions, reader_side.definitions, writer, reader):
            return False
        nodes = zip(iter_nodes(writer, self._writer), iter_nodes(reader, self._reader), strict=False)
        return all(
            writer_side.keywords.get_meaning(written, keyword) == reader_side.keywords.get_meaning(read, keyword)
            for written, read in nodes
            for keyword in written.unmodelled_keywords
        )

    def _are_branches_subtypes(
        self, writer: Node, branches: tuple[Node, ...], reader: Node, foreign_names: Names
    ) -> bool:
        is_overlapping = not are_all_disjoint(branches, self._writer)
        for branch in branches:
            overlapping = [other for other in branches if is_overlapping and self._is_overlapping(branch, other)]
            names = foreign_names.union(*map(self.get_declared_names, overlapping))
            if not self._is_subtype(branch, reader, names):
                return False
        return True

    def _is_overlapping(self, branch: Node, other: Node) -> bool:
        return branch is not other and not are_disjoint(branch, other, self._writer, self._writer)

    def _is_branch_subtype(self, writer: Node, reader: Node, union: Union, foreign_names: Names) -> bool:
        assumed = dict(self._assumed)
        same_first = sorted(union.branches, key=lambda branch: _get_key(branch) != _get_key(writer))
        for branch in same_first:
            if self._is_subtype(writer, branch, foreign_names):
                others = [other for other in union.branches if other is not branch]
                return not union.exclusive or self._is_disjoint_from_all(writer, others)
            self._assumed = dict(assumed)  # drop the assumptions of the failed branch
        values = enumerate_values(writer.shape)
        if values is None or len(values) < 2:
            return False
        return all(self._is_value_accepted(value, reader) for value in values)

    def _is_disjoint_from_all(self, writer: Node, others: list[Node]) -> bool:
        return all(are_disjoint(writer, other, self._writer, self._reader) for other in others)

    def _is_value_accepted(self, value: Json, reader: Node) -> bool:
        return self._is_subtype(Node(ConstSet((value,)), reader.location), reader, _NO_NAMES)

    def _is_shape_subtype(self, writer: Node, reader: Node, foreign_names: Names) -> bool:
        values = enumerate_values(writer.shape)
        if values is not None:
            return all(_is_accepted(value, reader, self._reader) for value in values)
        match writer.shape, reader.shape:
            case String() as writer_shape, String() as reader_shape:
                return is_string_subtype(writer_shape, reader_shape, formats=self._reader.asserts_formats)
            case ((String() | StringEnum()), StringEnum(_, extensible)):
                return extensible
            case StringEnum(), String() as reader_shape:
                return is_string_subtype(String(), reader_shape, formats=self._reader.asserts_formats)
            case (Integer() | Number()) as writer_shape, (Integer() | Number()) as reader_shape:
                return is_number_subtype(writer_shape, reader_shape)
            case (Array() | Tuple()) as writer_shape, (Array() | Tuple()) as reader_shape:
                return self._is_array_subtype(writer_shape, reader_shape, foreign_names)
            case Object() as writer_shape, Object() as reader_shape:
                return self._is_object_subtype(writer, writer_shape, reader, reader_shape, foreign_names)
            case _:
                return False

    def _is_array_subtype(self, writer: Array | Tuple, reader: Array | Tuple, foreign_names: Names) -> bool:
        writer_max, reader_max = get_max_items(writer), get_max_items(reader)
        if reader.min_items > writer.min_items:
            return False
        if reader_max is not None and (writer_max is None or writer_max > reader_max):
            return False
        if has_unique_items(reader) and not has_unique_items(writer) and (writer_max is None or writer_max > 1):
            return False
        position_count = 1 + max(count_positions(writer), count_positions(reader))
        for index in range(position_count if writer_max is None else min(position_count, writer_max)):
            written, read = get_item(writer, index), get_item(reader, index)
            if written is not None and (read is None or not self._is_subtype(written, read, foreign_names)):
                return False
        return True

    def _is_object_subtype(
        self, writer: Node, writer_object: Object, reader: Node, reader_object: Object, foreign_names: Names
    ) -> bool:
        writer_properties = {prop.name: prop for prop in writer_object.properties}
        reader_properties = {prop.name: prop for prop in reader_object.properties}
        writer_rest = self._writer.get_additional(writer, writer_object)
        reader_rest = self._reader.get_additional(reader, reader_object)
        possible_names = foreign_names if writer_object.additional_properties == "undeclared" else _NO_NAMES
        for name in dict.fromkeys((*writer_properties, *reader_properties, *sorted(possible_names))):
            foreign = ANY_NODE if name in possible_names else None
            written = writer_properties.get(name) or _build_undeclared_property(name, writer_rest or foreign)
            read = reader_properties.get(name) or _build_undeclared_property(name, reader_rest)
            if not self._is_property_subtype(written, read, foreign_names):
                return False
        if writer_rest is None:
            return True
        return reader_rest is not None and self._is_subtype(writer_rest, reader_rest, foreign_names)

    def _is_property_subtype(self, written: Property | None, read: Property | None, foreign_names: Names) -> bool:
        if read is not None and read.required and (written is None or not written.required):
            return False
        if written is None or isinstance(written.node.shape, Never):
            return True
        return read is not None and self._is_subtype(written.node, read.node, foreign_names)

    def get_declared_names(self, node: Node) -> Names:
        """Return the names of all properties declared inside a node of the writer."""
        key = _get_key(node)
        if key not in self._names:
            self._names[key] = node, self._collect_declared_names(node)
        return self._names[key][1]

    def _collect_declared_names(self, node: Node) -> Names:
        names: set[str] = set()
        for inner in iter_nodes(node, self._writer):
            if isinstance(inner.shape, Object):
                names.update(prop.name for prop in inner.shape.properties)
        return frozenset(names)


def _build_undeclared_property(name: str, rest: Node | None) -> Property | None:
    return None if rest is None else Property(name, rest, required=False)


def _is_accepted(value: Json, reader: Node, view: View) -> bool:
    """Return True if a node without keywords accepts a value; of containers only constants, whose members are fixed."""
    if isinstance(value, list | dict) and not isinstance(reader.shape, ConstSet):
        return False
    return view.fits(reader, value)


def _get_key(node: Node) -> TypeId | int:
    return node.shape.target if isinstance(node.shape, Ref) else id(node)


def _resolve_reference(node: Node, view: View) -> Node | None:
    if not isinstance(node.shape, Ref):
        return node
    definition = view.definitions.get(node.shape.target)
    return None if definition is None else definition.node
