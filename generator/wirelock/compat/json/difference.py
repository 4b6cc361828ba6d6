"""Differences between two nodes, and the question that each raises for a direction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wirelock.compat.json.sides import PreparedSide
from wirelock.compat.rule import Rule
from wirelock.ir import Node
from wirelock.runtime.json.text import Json


@dataclass(frozen=True, slots=True)
class ResolvedNode:
    """A node with references followed and null removed.

    `core` is an empty union if the node accepts only null. `chain` is the original node and each node that its
    references led to; each may have unmodelled keywords of its own.
    """

    core: Node
    nullable: bool
    chain: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class NodePair:
    """An old and a new node at the same place."""

    old_resolved: ResolvedNode
    new_resolved: ResolvedNode
    old_side: PreparedSide
    new_side: PreparedSide

    @property
    def old(self) -> Node:
        """The old node without null."""
        return self.old_resolved.core

    @property
    def new(self) -> Node:
        """The new node without null."""
        return self.new_resolved.core


@dataclass(frozen=True, slots=True)
class Question:
    """Does the reader's node accept every value of the writer's node?

    `candidates` are values that it may reject. With `reference_only`, only the reference validator can tell which.
    """

    writer: Node
    reader: Node
    candidates: tuple[Json, ...] = ()
    reference_only: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; a direction without a question holds.

    `element` is the node that differs. `anchor` is that node in the new schema, or its nearest remaining parent. With
    `members`, the questions are about objects of which only these properties are decided.
    """

    message: str
    element: Node
    anchor: Node
    backward: Question | None
    forward: Question | None
    members: frozenset[str] | None = None


JsonRule = Rule[[NodePair], Iterator[Difference]]


def build_whole_difference(pair: NodePair, message: str) -> Difference:
    """Return a difference between the nodes as a whole."""
    return Difference(message, pair.new, pair.new, Question(pair.old, pair.new), Question(pair.new, pair.old))
