"""Rules about arrays: how many items, whether they differ, and which positions have shapes of their own."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.compat.json.descriptions import span
from wirelock.compat.json.difference import Difference, JsonRule, Pair, Question
from wirelock.compat.json.nodes import item, max_items, positions, unique
from wirelock.compat.json.views import ANYTHING
from wirelock.compat.rule import rule
from wirelock.ir import Array, Node, Shape, Tuple


@rule("ITEM_COUNT_CHANGED", "JSON")
def item_count_changed(pair: Pair) -> Iterator[Difference]:
    """An array has another minItems or maxItems.

    Tighter limits break backward, looser ones forward.

    What to do: keep the limits that were promised, and check tighter ones where the data is made.
    """
    match pair.old.shape, pair.new.shape:
        case (Array() | Tuple()) as old, (Array() | Tuple()) as new:
            was, now = _counts(old, new)
            if was != now:
                words = f"number of items was {span(*was)}, and is {span(*now)}"
                yield _aspect(pair, words, Array(ANYTHING, *was), Array(ANYTHING, *now))
        case _:
            return


@rule("UNIQUE_ITEMS_CHANGED", "JSON")
def unique_items_changed(pair: Pair) -> Iterator[Difference]:
    """An array has `uniqueItems` which it had not, or the reverse.

    Added it breaks backward: old documents may have equal items. Taken away it breaks forward.

    What to do: drop equal items where the data is read instead.
    """
    match pair.old.shape, pair.new.shape:
        case (Array() | Tuple()) as old, (Array() | Tuple()) as new if unique(old) != unique(new):
            words = "items may no longer be equal" if unique(new) else "items may be equal now"
            yield _aspect(pair, words, Array(ANYTHING, unique=unique(old)), Array(ANYTHING, unique=unique(new)))
        case _:
            return


@rule("TUPLE_ITEM_ADDED", "JSON")
def tuple_item_added(pair: Pair) -> Iterator[Difference]:
    """A position of an array may have an item, where none was allowed.

    Forward it breaks: old readers refuse the longer array.

    What to do: add a property beside the array, or put the items into an object.
    """
    for index in _taken(pair.old.shape, pair.new.shape):
        longer, shorter = _cut(pair.new.shape), _cut(pair.old.shape)
        question = Question(
            Node(longer, pair.new.where), Node(shorter, pair.old.where), pair.after.samples.lists(pair.new)
        )
        where = item(pair.new.shape, index) if isinstance(pair.new.shape, Array | Tuple) else None
        yield Difference(f"item {index} was added", where or pair.new, where or pair.new, None, question)


@rule("TUPLE_ITEM_REMOVED", "JSON")
def tuple_item_removed(pair: Pair) -> Iterator[Difference]:
    """A position of an array may no longer have an item.

    Backward it breaks: old documents may have the item.

    What to do: go on taking the item, and ignore it.
    """
    for index in _taken(pair.new.shape, pair.old.shape):
        longer, shorter = _cut(pair.old.shape), _cut(pair.new.shape)
        question = Question(
            Node(longer, pair.old.where), Node(shorter, pair.new.where), pair.before.samples.lists(pair.old)
        )
        where = item(pair.old.shape, index) if isinstance(pair.old.shape, Array | Tuple) else None
        yield Difference(f"item {index} was removed", where or pair.new, pair.new, question, None)


Count = tuple[int, int | None]


def _counts(old: Array | Tuple, new: Array | Tuple) -> tuple[Count, Count]:
    """How many items both may have; of two tuples only the fewest, since the most follow from their positions."""
    if isinstance(old, Tuple) and isinstance(new, Tuple):
        return (old.min_items, None), (new.min_items, None)
    return (old.min_items, max_items(old)), (new.min_items, max_items(new))


def _taken(short: Shape, long: Shape) -> range:
    """The positions for which only the longer of two lists has a shape."""
    if not isinstance(short, Tuple) or not isinstance(long, Tuple):
        return range(0)
    least, most = max_items(short), max_items(long)
    if least is None or (most is not None and most <= least):
        return range(0)
    return range(least, max(least + 1, positions(long)))


def _cut(shape: Shape) -> Shape:
    """A list of which only the number of positions is left."""
    return Array(ANYTHING, max_items=max_items(shape)) if isinstance(shape, Array | Tuple) else shape


def _aspect(pair: Pair, message: str, before: Array, after: Array) -> Difference:
    """A difference in one respect, tried with lists of the whole that are at the limits of either."""
    old, new = Node(before, pair.old.where), Node(after, pair.new.where)
    limits = {limit for shape in (before, after) for limit in (shape.min_items, shape.max_items) if limit is not None}
    counts = {count for limit in limits for count in (limit - 1, limit, limit + 1)}
    backward = Question(old, new, pair.before.samples.lists(pair.old, counts))
    forward = Question(new, old, pair.after.samples.lists(pair.new, counts))
    return Difference(message, pair.new, pair.new, backward, forward)


RULES: tuple[JsonRule, ...] = (item_count_changed, unique_items_changed, tuple_item_added, tuple_item_removed)
