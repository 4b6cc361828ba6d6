"""Rules about unions and null."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.compat.json.descriptions import kind
from wirelock.compat.json.difference import Difference, JsonRule, Pair, Question, whole
from wirelock.compat.json.disjointness import disjoint
from wirelock.compat.json.sides import Lens
from wirelock.compat.json.union_branches import discriminator, matching
from wirelock.compat.rule import rule
from wirelock.ir import Node, Null, Ref, Union
from wirelock.runtime.json.formatting import name


@rule("NULLABLE_ADDED", "JSON")
def nullable_added(pair: Pair) -> Iterator[Difference]:
    """A value may be null, which it might not be.

    Forward it breaks: new documents may have null where old readers want a value.

    What to do: leave the property out instead of sending null.
    """
    if pair.now.nullable and not pair.was.nullable:
        question = Question(Node(Null(), pair.new.where), pair.was.layers[0])
        yield Difference("null was added", pair.new, pair.new, None, question)


@rule("NULLABLE_REMOVED", "JSON")
def nullable_removed(pair: Pair) -> Iterator[Difference]:
    """A value may no longer be null.

    Backward it breaks: old documents may have null.

    What to do: go on taking null, and treat it as absent.
    """
    if pair.was.nullable and not pair.now.nullable:
        question = Question(Node(Null(), pair.old.where), pair.now.layers[0])
        yield Difference("null was removed", pair.new, pair.new, question, None)


@rule("UNION_BRANCH_ADDED", "JSON")
def union_branch_added(pair: Pair) -> Iterator[Difference]:
    """A union has a branch that it had not.

    Forward it breaks: new documents may be of that branch, which old readers refuse. Backward it breaks where a
    `oneOf` has two branches now that fit an old document.

    What to do: let readers take what they do not know before sending it, or offer it under another endpoint.
    """
    found = matching(pair)
    for branch in found.added if found else ():
        backward = Question(pair.old, pair.new, judged=True) if _overlaps(pair.after, pair.new) else None
        words = f"branch {_word(pair.after, branch)} was added"
        yield Difference(words, branch, branch, backward, Question(branch, pair.old))


@rule("UNION_BRANCH_REMOVED", "JSON")
def union_branch_removed(pair: Pair) -> Iterator[Difference]:
    """A union no longer has a branch.

    Backward it breaks: old documents may be of that branch. Forward it breaks where a `oneOf` had two branches that
    fit a new document.

    What to do: go on taking the branch until nobody sends it.
    """
    found = matching(pair)
    for branch in found.removed if found else ():
        forward = Question(pair.new, pair.old, judged=True) if _overlaps(pair.before, pair.old) else None
        words = f"branch {_word(pair.before, branch)} was removed"
        yield Difference(words, branch, pair.new, Question(branch, pair.new), forward)


@rule("UNION_EXCLUSIVE_CHANGED", "JSON")
def union_exclusive_changed(pair: Pair) -> Iterator[Difference]:
    """A union was `anyOf` and is `oneOf`, or the reverse.

    Values that fit two branches are refused by `oneOf`: towards `oneOf` it breaks backward, towards `anyOf` forward.
    Where the branches have nothing in common nothing breaks.

    What to do: use `anyOf`, or tell the branches apart by a constant property.
    """
    match pair.old.shape, pair.new.shape:
        case Union(exclusive=was), Union(exclusive=now) if was is not now:
            backward = Question(pair.old, pair.new, judged=True) if _overlaps(pair.after, pair.new) else None
            forward = Question(pair.new, pair.old, judged=True) if _overlaps(pair.before, pair.old) else None
            words = "was oneOf, and is anyOf" if was else "was anyOf, and is oneOf"
            yield Difference(words, pair.new, pair.new, backward, forward)
        case _:
            return


@rule("DISCRIMINATOR_CHANGED", "JSON")
def discriminator_changed(pair: Pair) -> Iterator[Difference]:
    """The branches of a union are told apart by another property, or no longer by one.

    Who picks the branch by the property of before picks none. Whether documents are refused depends on the branches.

    What to do: keep the property with its constants in every branch.
    """
    old, new = discriminator(pair.before, pair.old), discriminator(pair.after, pair.new)
    if old and old != new and isinstance(pair.new.shape, Union):
        yield whole(pair, f"branches were told apart by {name(old)}, and are by {name(new) if new else 'nothing'}")


def _overlaps(lens: Lens, node: Node) -> bool:
    """Whether a value may fit two branches of a `oneOf`, and is refused for that."""
    shape = node.shape
    return isinstance(shape, Union) and shape.exclusive and not disjoint(shape.branches, lens.reader)


def _word(lens: Lens, branch: Node) -> str:
    """A branch as people call it: by the type that it refers to, or by its kind."""
    if isinstance(branch.shape, Ref):
        definition = lens.side.graph.definitions.get(branch.shape.target)
        return name(definition.name) if definition else name(str(branch.shape.target))
    return kind(branch.shape)


RULES: tuple[JsonRule, ...] = (
    nullable_added,
    nullable_removed,
    union_branch_added,
    union_branch_removed,
    union_exclusive_changed,
    discriminator_changed,
)
