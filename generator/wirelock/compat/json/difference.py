"""What one rule finds at one pair of nodes: a difference, and the question that it raises in each direction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wirelock.compat.json.sides import Lens
from wirelock.compat.rule import Rule
from wirelock.ir import Node
from wirelock.runtime.json.text import Json


@dataclass(frozen=True, slots=True)
class Place:
    """One side of a pair: the node with references followed and null taken off, as its user sees it.

    Of a node that is nothing but null an empty union is left. `layers` are the node as it stands there and every node
    that a reference in it led to, each with checks of its own.
    """

    core: Node
    nullable: bool
    layers: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """An old and a new node in the same place."""

    was: Place
    now: Place
    before: Lens
    after: Lens

    @property
    def old(self) -> Node:
        """What the old node is, without null."""
        return self.was.core

    @property
    def new(self) -> Node:
        """What the new node is, without null."""
        return self.now.core


@dataclass(frozen=True, slots=True)
class Question:
    """Does the reader's node take every value of the writer's?

    `tries` are values that it may refuse. With `judged`, no shape says which it refuses, only the reference does.
    """

    writer: Node
    reader: Node
    tries: tuple[Json, ...] = ()
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; a direction without a question holds.

    `element` is what differs, `anchor` is it in the new schema, or the nearest parent that is left there. With
    `members`, the values of the questions are objects in which these properties are decided and all others left out.
    """

    message: str
    element: Node
    anchor: Node
    backward: Question | None
    forward: Question | None
    members: frozenset[str] | None = None


JsonRule = Rule[[Pair], Iterator[Difference]]


def whole(pair: Pair, message: str) -> Difference:
    """A difference that is between the nodes as they are."""
    return Difference(message, pair.new, pair.new, Question(pair.old, pair.new), Question(pair.new, pair.old))
