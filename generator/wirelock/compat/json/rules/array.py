"""Rules about arrays: number of items, uniqueness, and positions with shapes of their own."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.compat.json.descriptions import format_range
from wirelock.compat.json.difference import Difference, JsonRule, NodePair, Question
from wirelock.compat.json.nodes import count_positions, get_item, get_max_items, has_unique_items
from wirelock.compat.json.views import ANY_NODE
from wirelock.compat.rule import rule
from wirelock.ir import Array, Node, Shape, Tuple


@rule("ITEM_COUNT_CHANGED", "JSON")
def item_count_changed(pair: NodePair) -> Iterator[Difference]:
    """An array has another `minItems` or `maxItems`.

    Tighter limits break backward, looser limits break forward.

    What to do: keep the limits, and check tighter ones where the data is produced.
    """
    match pair.old.shape, pair.new.shape:
        case (Array() | Tuple()) as old, (Array() | Tuple()) as new:
            old_range, new_range = _get_item_counts(old, new)
            if old_range != new_range:
                message = f"number of items was {format_range(*old_range)}, is now {format_range(*new_range)}"
                yield _build_difference(pair, message, Array(ANY_NODE, *old_range), Array(ANY_NODE, *new_range))
        case _:
            return


@rule("UNIQUE_ITEMS_CHANGED", "JSON")
def unique_items_changed(pair: NodePair) -> Iterator[Difference]:
    """An array gained or lost `uniqueItems`.

    Adding it breaks backward, because old documents may contain equal items. Removing it breaks forward.

    What to do: keep the keyword as it was, and remove equal items where the data is read.
    """
    match pair.old.shape, pair.new.shape:
        case (Array() | Tuple()) as old, (Array() | Tuple()) as new if has_unique_items(old) != has_unique_items(new):
            message = "items may no longer be equal" if has_unique_items(new) else "items may now be equal"
            yield _build_difference(
                pair,
                message,
                Array(ANY_NODE, unique=has_unique_items(old)),
                Array(ANY_NODE, unique=has_unique_items(new)),
            )
        case _:
            return


@rule("TUPLE_ITEM_ADDED", "JSON")
def tuple_item_added(pair: NodePair) -> Iterator[Difference]:
    """An array has an item at a position that allowed none.

    This breaks forward, because old readers reject the longer array.

    What to do: add a property beside the array, or put the items into an object.
    """
    for index in _find_extra_positions(pair.old.shape, pair.new.shape):
        longer, shorter = _keep_length(pair.new.shape), _keep_length(pair.old.shape)
        question = Question(
            Node(longer, pair.new.location),
            Node(shorter, pair.old.location),
            pair.new_side.samples.sample_arrays(pair.new),
        )
        item_node = get_item(pair.new.shape, index) if isinstance(pair.new.shape, Array | Tuple) else None
        yield Difference(f"item {index} was added", item_node or pair.new, item_node or pair.new, None, question)


@rule("TUPLE_ITEM_REMOVED", "JSON")
def tuple_item_removed(pair: NodePair) -> Iterator[Difference]:
    """An array no longer has an item at a position.

    This breaks backward, because old documents may contain the item.

    What to do: keep accepting the item, and ignore it.
    """
    for index in _find_extra_positions(pair.new.shape, pair.old.shape):
        longer, shorter = _keep_length(pair.old.shape), _keep_length(pair.new.shape)
        question = Question(
            Node(longer, pair.old.location),
            Node(shorter, pair.new.location),
            pair.old_side.samples.sample_arrays(pair.old),
        )
        item_node = get_item(pair.old.shape, index) if isinstance(pair.old.shape, Array | Tuple) else None
        yield Difference(f"item {index} was removed", item_node or pair.new, pair.new, question, None)


CountRange = tuple[int, int | None]


def _get_item_counts(old: Array | Tuple, new: Array | Tuple) -> tuple[CountRange, CountRange]:
    """Return the item limits of both; of two tuples only the minimum, as the maximum follows from their positions."""
    if isinstance(old, Tuple) and isinstance(new, Tuple):
        return (old.min_items, None), (new.min_items, None)
    return (old.min_items, get_max_items(old)), (new.min_items, get_max_items(new))


def _find_extra_positions(short: Shape, long: Shape) -> range:
    """Return the positions for which only the longer of two tuples has a shape."""
    if not isinstance(short, Tuple) or not isinstance(long, Tuple):
        return range(0)
    short_length, long_length = get_max_items(short), get_max_items(long)
    if short_length is None or (long_length is not None and long_length <= short_length):
        return range(0)
    return range(short_length, max(short_length + 1, count_positions(long)))


def _keep_length(shape: Shape) -> Shape:
    """Return an array that has only the maximum length of a shape."""
    return Array(ANY_NODE, max_items=get_max_items(shape)) if isinstance(shape, Array | Tuple) else shape


def _build_difference(pair: NodePair, message: str, old_shape: Array, new_shape: Array) -> Difference:
    """Return a difference in one keyword; its candidates are complete arrays at the limits of either side."""
    old, new = Node(old_shape, pair.old.location), Node(new_shape, pair.new.location)
    limits = {
        limit for shape in (old_shape, new_shape) for limit in (shape.min_items, shape.max_items) if limit is not None
    }
    counts = {count for limit in limits for count in (limit - 1, limit, limit + 1)}
    backward = Question(old, new, pair.old_side.samples.sample_arrays(pair.old, counts))
    forward = Question(new, old, pair.new_side.samples.sample_arrays(pair.new, counts))
    return Difference(message, pair.new, pair.new, backward, forward)


RULES: tuple[JsonRule, ...] = (item_count_changed, unique_items_changed, tuple_item_added, tuple_item_removed)
