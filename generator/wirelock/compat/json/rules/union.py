"""Rules about unions and null."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.compat.json.descriptions import describe_kind
from wirelock.compat.json.difference import Difference, JsonRule, NodePair, Question, build_whole_difference
from wirelock.compat.json.disjointness import are_all_disjoint
from wirelock.compat.json.sides import PreparedSide
from wirelock.compat.json.union_branches import find_discriminator, match_branches
from wirelock.compat.rule import rule
from wirelock.ir import Node, Null, Ref, Union
from wirelock.runtime.json.formatting import quote_name


@rule("NULLABLE_ADDED", "JSON")
def nullable_added(pair: NodePair) -> Iterator[Difference]:
    """A value may now be null.

    This breaks forward, because old readers reject null.

    What to do: omit the property instead of sending null.
    """
    if pair.new_resolved.nullable and not pair.old_resolved.nullable:
        question = Question(Node(Null(), pair.new.location), pair.old_resolved.chain[0])
        yield Difference("null is now allowed", pair.new, pair.new, None, question)


@rule("NULLABLE_REMOVED", "JSON")
def nullable_removed(pair: NodePair) -> Iterator[Difference]:
    """A value may no longer be null.

    This breaks backward, because old documents may contain null.

    What to do: keep accepting null, and treat it as absent.
    """
    if pair.old_resolved.nullable and not pair.new_resolved.nullable:
        question = Question(Node(Null(), pair.old.location), pair.new_resolved.chain[0])
        yield Difference("null is no longer allowed", pair.new, pair.new, question, None)


@rule("UNION_BRANCH_ADDED", "JSON")
def union_branch_added(pair: NodePair) -> Iterator[Difference]:
    """A union has a new branch.

    This breaks forward, because old readers reject values of that branch. It breaks backward if an old document now
    matches two branches of a `oneOf`.

    What to do: let readers accept unknown values before the branch is sent, or add another endpoint.
    """
    branches = match_branches(pair)
    for branch in branches.added if branches else ():
        backward = Question(pair.old, pair.new, reference_only=True) if _may_overlap(pair.new_side, pair.new) else None
        message = f"branch {_format_branch(pair.new_side, branch)} was added"
        yield Difference(message, branch, branch, backward, Question(branch, pair.old))


@rule("UNION_BRANCH_REMOVED", "JSON")
def union_branch_removed(pair: NodePair) -> Iterator[Difference]:
    """A union no longer has a branch.

    This breaks backward, because old documents may use that branch. It breaks forward if a new document matched two
    branches of the old `oneOf`.

    What to do: keep accepting the branch until no clients send it.
    """
    branches = match_branches(pair)
    for branch in branches.removed if branches else ():
        forward = Question(pair.new, pair.old, reference_only=True) if _may_overlap(pair.old_side, pair.old) else None
        message = f"branch {_format_branch(pair.old_side, branch)} was removed"
        yield Difference(message, branch, pair.new, Question(branch, pair.new), forward)


@rule("UNION_EXCLUSIVE_CHANGED", "JSON")
def union_exclusive_changed(pair: NodePair) -> Iterator[Difference]:
    """A union changed between `anyOf` and `oneOf`.

    `oneOf` rejects values that match two branches: changing to `oneOf` breaks backward, changing to `anyOf` breaks
    forward. If no value matches two branches, the change breaks neither.

    What to do: use `anyOf`, or give each branch a discriminator.
    """
    match pair.old.shape, pair.new.shape:
        case Union(exclusive=was_exclusive), Union(exclusive=is_exclusive) if was_exclusive is not is_exclusive:
            backward = (
                Question(pair.old, pair.new, reference_only=True) if _may_overlap(pair.new_side, pair.new) else None
            )
            forward = (
                Question(pair.new, pair.old, reference_only=True) if _may_overlap(pair.old_side, pair.old) else None
            )
            message = "was oneOf, is now anyOf" if was_exclusive else "was anyOf, is now oneOf"
            yield Difference(message, pair.new, pair.new, backward, forward)
        case _:
            return


@rule("DISCRIMINATOR_CHANGED", "JSON")
def discriminator_changed(pair: NodePair) -> Iterator[Difference]:
    """The branches of a union have another discriminator, or none.

    Readers that select the branch by the old property find no branch. Whether documents are rejected depends on the
    branches.

    What to do: keep the property with its constants in every branch.
    """
    old, new = find_discriminator(pair.old_side, pair.old), find_discriminator(pair.new_side, pair.new)
    if old and old != new and isinstance(pair.new.shape, Union):
        yield build_whole_difference(
            pair, f"the discriminator was {quote_name(old)}, is now {quote_name(new) if new else 'none'}"
        )


def _may_overlap(side: PreparedSide, node: Node) -> bool:
    """Return True if a value may match two branches of a `oneOf`, which rejects it."""
    shape = node.shape
    return isinstance(shape, Union) and shape.exclusive and not are_all_disjoint(shape.branches, side.reader)


def _format_branch(side: PreparedSide, branch: Node) -> str:
    """Return the name of the type that a branch refers to, or the kind of its values."""
    if isinstance(branch.shape, Ref):
        definition = side.definitions.get(branch.shape.target)
        return quote_name(definition.name) if definition else quote_name(str(branch.shape.target))
    return describe_kind(branch.shape)


RULES: tuple[JsonRule, ...] = (
    nullable_added,
    nullable_removed,
    union_branch_added,
    union_branch_removed,
    union_exclusive_changed,
    discriminator_changed,
)
