"""Rules about scalars, constants and enums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from wirelock.compat.json.descriptions import describe_kind, format_interval, format_range
from wirelock.compat.json.difference import Difference, JsonRule, NodePair, Question, build_whole_difference
from wirelock.compat.json.scalars import enumerate_values
from wirelock.compat.json.union_branches import match_branches
from wirelock.compat.rule import rule
from wirelock.ir import Bounds, ConstSet, Integer, Node, Number, Shape, String, StringEnum
from wirelock.runtime.json.equality import are_equal
from wirelock.runtime.json.formatting import format_value
from wirelock.runtime.json.text import Json

OpennessChange = Literal["closed", "opened"]


@rule("TYPE_CHANGED", "JSON")
def type_changed(pair: NodePair) -> Iterator[Difference]:
    """A value has another JSON type, or changed from or to any value.

    Documents with a value of one type are invalid where the other type is expected.

    What to do: add a property of the new type beside the old one, and remove the old one when no clients send it.
    """
    old, new = describe_kind(pair.old.shape), describe_kind(pair.new.shape)
    if (
        old != new
        and match_branches(pair) is None
        and not _is_comparable(old, new)
        and not (_get_enum_values(pair) or _classify_openness(pair))
    ):
        yield build_whole_difference(pair, f"was {old}, is now {new}")


@rule("NUMBER_WIDENED", "JSON")
def number_widened(pair: NodePair) -> Iterator[Difference]:
    """An integer became a number.

    This breaks forward, because new documents may contain fractions that old readers reject.

    What to do: round where the data is written, or add another property for fractions.
    """
    if isinstance(pair.old.shape, Integer) and isinstance(pair.new.shape, Number):
        yield _build_aspect_difference(pair, "was integer, is now number", Integer(), Number())


@rule("NUMBER_NARROWED", "JSON")
def number_narrowed(pair: NodePair) -> Iterator[Difference]:
    """A number became an integer.

    This breaks backward, because old documents may contain fractions.

    What to do: keep accepting fractions, and round where they are read.
    """
    if isinstance(pair.old.shape, Number) and isinstance(pair.new.shape, Integer):
        yield _build_aspect_difference(pair, "was number, is now integer", Number(), Integer())


@rule("BOUNDS_CHANGED", "JSON")
def bounds_changed(pair: NodePair) -> Iterator[Difference]:
    """A number has another minimum or maximum.

    Tighter bounds break backward, looser bounds break forward.

    What to do: keep the bounds, and check tighter ones where the data is produced.
    """
    match pair.old.shape, pair.new.shape:
        case (Integer() | Number()) as old, (Integer() | Number()) as new:
            limits = [replace(shape, bounds=replace(shape.bounds, multiple_of=None)) for shape in (old, new)]
            if limits[0].bounds != limits[1].bounds:
                message = f"bounds were {format_interval(old.bounds)}, are now {format_interval(new.bounds)}"
                yield _build_aspect_difference(pair, message, *_to_common_type(limits[0], limits[1]))
        case _:
            return


@rule("MULTIPLE_OF_CHANGED", "JSON")
def multiple_of_changed(pair: NodePair) -> Iterator[Difference]:
    """A number has another `multipleOf`.

    Multiples of one value that are not multiples of the other are rejected.

    What to do: keep the keyword, and round where the data is produced.
    """
    match pair.old.shape, pair.new.shape:
        case (Integer() | Number()) as old, (Integer() | Number()) as new:
            steps = [replace(shape, bounds=Bounds(multiple_of=shape.bounds.multiple_of)) for shape in (old, new)]
            if steps[0].bounds != steps[1].bounds:
                was, now = _format_optional(old.bounds.multiple_of), _format_optional(new.bounds.multiple_of)
                message = f"multipleOf was {was}, is now {now}"
                yield _build_aspect_difference(pair, message, *_to_common_type(steps[0], steps[1]))
        case _:
            return


@rule("LENGTH_CHANGED", "JSON")
def length_changed(pair: NodePair) -> Iterator[Difference]:
    """A string has another `minLength` or `maxLength`.

    Tighter limits break backward, looser limits break forward.

    What to do: keep the limits, and check tighter ones where the data is produced.
    """
    match pair.old.shape, pair.new.shape:
        case String() as old, String() as new if (old.min_length, old.max_length) != (new.min_length, new.max_length):
            was, now = format_range(old.min_length, old.max_length), format_range(new.min_length, new.max_length)
            message = f"length was {was}, is now {now}"
            changed = replace(old, min_length=new.min_length, max_length=new.max_length)
            restored = replace(new, min_length=old.min_length, max_length=old.max_length)
            yield _build_string_difference(pair, message, changed, restored)
        case _:
            return


@rule("PATTERN_CHANGED", "JSON")
def pattern_changed(pair: NodePair) -> Iterator[Difference]:
    """A string has another pattern.

    wirelock tries strings that match one pattern and not the other; if it finds none, the result is unproved.

    What to do: keep the pattern, or add another property for strings of the new one.
    """
    match pair.old.shape, pair.new.shape:
        case String() as old, String() as new if old.pattern != new.pattern:
            message = f"pattern was {_format_optional(old.pattern)}, is now {_format_optional(new.pattern)}"
            yield _build_string_difference(
                pair, message, replace(old, pattern=new.pattern), replace(new, pattern=old.pattern)
            )
        case _:
            return


@rule("FORMAT_CHANGED", "JSON")
def format_changed(pair: NodePair) -> Iterator[Difference]:
    """A value has another format.

    Formats are annotations unless `format-assertion` is set; then strings of one format are rejected by the other.

    What to do: keep the format, or add another property for strings of the new one.
    """
    match pair.old.shape, pair.new.shape:
        case String() as old, String() as new if old.format != new.format:
            message = f"format was {_format_optional(old.format)}, is now {_format_optional(new.format)}"
            yield _build_string_difference(
                pair, message, replace(old, format=new.format), replace(new, format=old.format)
            )
        case Integer() as old, Integer() as new if old.format != new.format:
            message = f"format was {_format_optional(old.format)}, is now {_format_optional(new.format)}"
            yield Difference(message, pair.new, pair.new, None, None)
        case _:
            return


@rule("ENUM_VALUE_ADDED", "JSON")
def enum_value_added(pair: NodePair) -> Iterator[Difference]:
    """An enum has a new value.

    This breaks forward, because old readers reject the value, unless the enum accepts unlisted values
    (`x-extensible-enum`).

    What to do: make the enum extensible before adding values, so that readers accept unknown ones.
    """
    old, new = _get_enum_values(pair) or ((), ())
    for value in new:
        if not _has_value(value, old) and not _are_constants(old, new):
            question = Question(Node(ConstSet((value,)), pair.new.location), pair.old)
            yield Difference(f"value {format_value(value)} was added", pair.new, pair.new, None, question)


@rule("ENUM_VALUE_REMOVED", "JSON")
def enum_value_removed(pair: NodePair) -> Iterator[Difference]:
    """An enum no longer has a value.

    This breaks backward, because old documents may contain the value, unless the enum accepts unlisted values.

    What to do: keep the value, and note in its description that it is no longer sent.
    """
    old, new = _get_enum_values(pair) or ((), ())
    for value in old:
        if not _has_value(value, new) and not _are_constants(old, new):
            question = Question(Node(ConstSet((value,)), pair.old.location), pair.new)
            yield Difference(f"value {format_value(value)} was removed", pair.new, pair.new, question, None)


@rule("CONST_CHANGED", "JSON")
def const_changed(pair: NodePair) -> Iterator[Difference]:
    """A constant has another value.

    This breaks both directions: each side rejects the value of the other.

    What to do: let readers accept both values before writers send the new one.
    """
    match _get_enum_values(pair):
        case (old,), (new,) if not are_equal(old, new):
            yield build_whole_difference(pair, f"was {format_value(old)}, is now {format_value(new)}")
        case _:
            return


@rule("ENUM_CLOSED", "JSON")
def enum_closed(pair: NodePair) -> Iterator[Difference]:
    """A value of which any was allowed is restricted to a list.

    This breaks backward, because old documents may contain other values.

    What to do: keep an enum of strings open with `x-extensible-enum`.
    """
    if _classify_openness(pair) == "closed":
        yield build_whole_difference(pair, f"was any {describe_kind(pair.old.shape)}, is now one of a list")


@rule("ENUM_OPENED", "JSON")
def enum_opened(pair: NodePair) -> Iterator[Difference]:
    """A value that was restricted to a list may now be any of its type.

    This breaks forward, because new documents may contain values that old readers reject.

    What to do: let readers accept any value of the type first.
    """
    if _classify_openness(pair) == "opened":
        yield build_whole_difference(pair, f"was one of a list, is now any {describe_kind(pair.new.shape)}")


def _build_aspect_difference(pair: NodePair, message: str, old_shape: Shape, new_shape: Shape) -> Difference:
    """Return a difference in one keyword, tried with sample values of the complete nodes."""
    old, new = Node(old_shape, pair.old.location), Node(new_shape, pair.new.location)
    candidates = (*pair.old_side.samples.sample(pair.old), *pair.new_side.samples.sample(pair.new))
    return Difference(message, pair.new, pair.new, Question(old, new, candidates), Question(new, old, candidates))


def _build_string_difference(pair: NodePair, message: str, changed: String, restored: String) -> Difference:
    """Return a difference in one keyword of a string; the other keywords are those of the writer."""
    backward = Question(pair.old, Node(changed, pair.old.location))
    forward = Question(pair.new, Node(restored, pair.new.location))
    return Difference(message, pair.new, pair.new, backward, forward)


def _to_common_type(old: Integer | Number, new: Integer | Number) -> tuple[Integer | Number, Integer | Number]:
    """Return both as integers if one of them is, so that fractions are not part of the difference."""
    if isinstance(old, Integer) or isinstance(new, Integer):
        return Integer(old.bounds), Integer(new.bounds)
    return old, new


def _is_comparable(old: str, new: str) -> bool:
    """Return True if values of one kind can be values of the other."""
    return old == new or {old, new} == {"number", "integer"}


def _get_enum_values(pair: NodePair) -> tuple[tuple[Json, ...], tuple[Json, ...]] | None:
    """Return the values of two enums of the same kind; None otherwise."""
    old, new = _list_values(pair.old.shape), _list_values(pair.new.shape)
    is_mixed = "one of a list" in (describe_kind(pair.old.shape), describe_kind(pair.new.shape))
    is_comparable = is_mixed or _is_comparable(describe_kind(pair.old.shape), describe_kind(pair.new.shape))
    return (old, new) if old and new and is_comparable else None


def _list_values(shape: Shape) -> tuple[Json, ...]:
    match shape:
        case StringEnum(values) | ConstSet(values):
            return values
        case _:
            return enumerate_values(shape) or ()


def _classify_openness(pair: NodePair) -> OpennessChange | None:
    """Return "opened" if a list of values became any value of the type, "closed" for the reverse, else None."""
    old, new = pair.old.shape, pair.new.shape
    if not _is_comparable(describe_kind(old), describe_kind(new)) or not (_list_values(old) or _list_values(new)):
        return None
    if enumerate_values(old) is None and enumerate_values(new) is not None:
        return "closed"
    if enumerate_values(old) is not None and enumerate_values(new) is None:
        return "opened"
    return None


def _has_value(value: Json, values: tuple[Json, ...]) -> bool:
    return any(are_equal(value, other) for other in values)


def _are_constants(old: tuple[Json, ...], new: tuple[Json, ...]) -> bool:
    return len(old) == len(new) == 1


def _format_optional(value: object) -> str:
    return "none" if value in (None, "") else format_value(value)


RULES: tuple[JsonRule, ...] = (
    type_changed,
    number_widened,
    number_narrowed,
    bounds_changed,
    multiple_of_changed,
    length_changed,
    pattern_changed,
    format_changed,
    enum_value_added,
    enum_value_removed,
    const_changed,
    enum_closed,
    enum_opened,
)
