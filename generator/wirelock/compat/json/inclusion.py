"""Whether every value of one node is a value of another, as far as it can be proved from their shapes.

The answer True is sound; False means that no proof was found. Pairs of named types in progress are taken as proved,
which is the greatest fixpoint: a counterexample is finite, so it would show in some pair without the assumption.
"""

from __future__ import annotations

from dataclasses import replace

from wirelock.compat.json.count_limits import follows
from wirelock.compat.json.disjointness import apart, disjoint
from wirelock.compat.json.nodes import inside, item, max_items, positions, unique
from wirelock.compat.json.scalars import finite, number_includes, text_includes
from wirelock.compat.json.sides import Direction
from wirelock.compat.json.structural_equality import same
from wirelock.compat.json.views import ANYTHING, View
from wirelock.ir import (
    Anything,
    Array,
    Choice,
    Constant,
    Integer,
    Never,
    Node,
    Number,
    Property,
    Record,
    Ref,
    Text,
    Tuple,
    TypeId,
    Union,
)
from wirelock.runtime.json.text import Json

Names = frozenset[str]
_NONE: Names = frozenset()
_Pair = tuple[TypeId | int, TypeId | int, Names]


class Inclusion:
    """The proofs of one direction.

    `strays` are names that a record may hold although it does not declare them, since another branch of a union that
    nothing tells apart declares them.
    """

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self._writer = direction.writer.writer
        self._reader = direction.reader.reader
        self._assumed: dict[_Pair, tuple[Node, Node]] = {}
        self._proved: dict[_Pair, tuple[Node, Node]] = {}
        self._failed: dict[_Pair, tuple[Node, Node]] = {}
        self._names: dict[TypeId | int, tuple[Node, Names]] = {}

    def holds(self, writer: Node, reader: Node, strays: Names = _NONE) -> bool:
        """Whether the reader's node takes every value of the writer's."""
        self._assumed = {}
        holds = self._holds(writer, reader, strays)
        if holds:
            self._proved |= self._assumed
        return holds

    def _holds(self, writer: Node, reader: Node, strays: Names) -> bool:
        if isinstance(writer.shape, Never) or (isinstance(reader.shape, Anything) and not reader.checks):
            return True
        if not self._keeps_checks(writer, reader):
            return False
        match writer.shape, reader.shape:
            case (Ref(), _) | (_, Ref()):
                return self._holds_named(writer, reader, strays)
            case Union() as left, Union() as right if not strays and self._same_branches(writer, left, reader, right):
                return True
            case Union(branches), _:
                return self._holds_branches(writer, branches, reader, strays)
            case _, Union():
                return self._one_holds(writer, reader, reader.shape, strays)
            case _:
                return self._holds_shape(writer, reader, strays)

    def _keeps_checks(self, writer: Node, reader: Node) -> bool:
        """Whether each check of the reader is one of the writer, in meaning, or follows from it."""
        ours, theirs = self._direction.writer.constraints, self._direction.reader.constraints
        told = [check for check in reader.checks if not theirs.says_nothing(reader, check)]
        return all(
            (check in writer.checks and ours.meaning(writer, check) == theirs.meaning(reader, check))
            or follows(ours, writer, theirs, reader, check)
            for check in told
        )

    def _holds_named(self, writer: Node, reader: Node, strays: Names) -> bool:
        pair = (_key(writer), _key(reader), strays)
        if pair in self._assumed or pair in self._proved:
            return True
        if pair in self._failed:  # what failed although all in progress was taken as proved, fails without it
            return False
        self._assumed[pair] = writer, reader
        left, right = _target(writer, self._writer), _target(reader, self._reader)
        holds = left is not None and right is not None and self._holds(left, right, strays)
        if not holds:
            self._failed[pair] = writer, reader
        return holds

    def _same_branches(self, writer: Node, left: Union, reader: Node, right: Union) -> bool:
        """Whether two unions have the same branches, in whatever order."""
        ours, theirs = self._direction.writer.constraints, self._direction.reader.constraints
        some = sorted(left.branches, key=lambda branch: ours.schema(branch) or "")
        others = sorted(right.branches, key=lambda branch: theirs.schema(branch) or "")
        one, other = replace(left, branches=tuple(some)), replace(right, branches=tuple(others))
        return self._same(replace(writer, shape=one), replace(reader, shape=other))

    def _same(self, writer: Node, reader: Node) -> bool:
        one, other = self._direction.writer, self._direction.reader
        takes = self._reader.closes <= self._writer.closes
        return (
            takes
            and same(one.side.graph.definitions, other.side.graph.definitions, writer, reader)
            and all(
                one.constraints.meaning(left, check) == other.constraints.meaning(right, check)
                for left, right in zip(inside(writer, self._writer), inside(reader, self._reader), strict=False)
                for check in left.checks
            )
        )

    def _holds_branches(self, writer: Node, branches: tuple[Node, ...], reader: Node, strays: Names) -> bool:
        mixed = not disjoint(branches, self._writer)
        for branch in branches:
            others = [self.names(other) for other in branches if mixed and self._overlap(branch, other)]
            if not self._holds(branch, reader, strays.union(*others)):
                return False
        return True

    def _overlap(self, branch: Node, other: Node) -> bool:
        return branch is not other and not apart(branch, other, self._writer, self._writer)

    def _one_holds(self, writer: Node, reader: Node, union: Union, strays: Names) -> bool:
        assumed = dict(self._assumed)
        for branch in sorted(union.branches, key=lambda branch: _key(branch) != _key(writer)):  # itself, most likely
            if self._holds(writer, branch, strays):
                others = [other for other in union.branches if other is not branch]
                return not union.exclusive or self._apart(writer, others)
            self._assumed = dict(assumed)  # what followed from a branch that failed is not proved
        values = finite(writer.shape)
        return values is not None and len(values) > 1 and all(self._holds_value(value, reader) for value in values)

    def _apart(self, writer: Node, others: list[Node]) -> bool:
        return all(apart(writer, other, self._writer, self._reader) for other in others)

    def _holds_value(self, value: Json, reader: Node) -> bool:
        return self._holds(Node(Constant((value,)), reader.where), reader, _NONE)

    def _holds_shape(self, writer: Node, reader: Node, strays: Names) -> bool:
        values = finite(writer.shape)
        if values is not None:
            return all(_takes(value, reader, self._reader) for value in values)
        match writer.shape, reader.shape:
            case Text() as left, Text() as right:
                return text_includes(left, right, formats=self._reader.formats)
            case ((Text() | Choice()), Choice(_, extensible)):
                return extensible
            case Choice(), Text() as right:
                return text_includes(Text(), right, formats=self._reader.formats)
            case (Integer() | Number()) as left, (Integer() | Number()) as right:
                return number_includes(left, right)
            case (Array() | Tuple()) as left, (Array() | Tuple()) as right:
                return self._holds_list(left, right, strays)
            case Record() as left, Record() as right:
                return self._holds_record(writer, left, reader, right, strays)
            case _:
                return False

    def _holds_list(self, writer: Array | Tuple, reader: Array | Tuple, strays: Names) -> bool:
        most, theirs = max_items(writer), max_items(reader)
        if reader.min_items > writer.min_items or (theirs is not None and (most is None or most > theirs)):
            return False
        if unique(reader) and not unique(writer) and (most is None or most > 1):
            return False
        places = 1 + max(positions(writer), positions(reader))
        for index in range(places if most is None else min(places, most)):
            ours, other = item(writer, index), item(reader, index)
            if ours is not None and (other is None or not self._holds(ours, other, strays)):
                return False
        return True

    def _holds_record(self, writer: Node, left: Record, reader: Node, right: Record, strays: Names) -> bool:
        ours = {prop.name: prop for prop in left.properties}
        theirs = {prop.name: prop for prop in right.properties}
        rest, others = self._writer.rest(writer, left), self._reader.rest(reader, right)
        for name in dict.fromkeys((*ours, *theirs, *(sorted(strays) if left.rest == "undeclared" else ()))):
            stray = ANYTHING if name in strays and left.rest == "undeclared" else None
            sent = ours.get(name) or _undeclared(name, rest or stray)
            taken = theirs.get(name) or _undeclared(name, others)
            if not self._holds_property(sent, taken, strays):
                return False
        return rest is None or (others is not None and self._holds(rest, others, strays))

    def _holds_property(self, sent: Property | None, taken: Property | None, strays: Names) -> bool:
        if taken is not None and taken.required and (sent is None or not sent.required):
            return False
        if sent is None or isinstance(sent.node.shape, Never):
            return True
        return taken is not None and self._holds(sent.node, taken.node, strays)

    def names(self, node: Node) -> Names:
        """Every property that is declared anywhere in a node of the writer's."""
        key = _key(node)
        if key not in self._names:
            self._names[key] = node, self._declared(node)
        return self._names[key][1]

    def _declared(self, node: Node) -> Names:
        found: set[str] = set()
        for inner in inside(node, self._writer):
            if isinstance(inner.shape, Record):
                found.update(prop.name for prop in inner.shape.properties)
        return frozenset(found)


def _undeclared(name: str, rest: Node | None) -> Property | None:
    return None if rest is None else Property(name, rest, required=False)


def _takes(value: Json, reader: Node, view: View) -> bool:
    """Whether a node without checks takes one value; containers only as constants, since what is in them has checks."""
    if isinstance(value, list | dict) and not isinstance(reader.shape, Constant):
        return False
    return view.fits(reader, value)


def _key(node: Node) -> TypeId | int:
    return node.shape.target if isinstance(node.shape, Ref) else id(node)


def _target(node: Node, view: View) -> Node | None:
    if not isinstance(node.shape, Ref):
        return node
    definition = view.definitions.get(node.shape.target)
    return None if definition is None else definition.node
