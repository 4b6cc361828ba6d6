"""Rules about scalars, constants and null."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from wirelock.compat.json.descriptions import interval, kind, span
from wirelock.compat.json.difference import Difference, JsonRule, Pair, Question, whole
from wirelock.compat.json.scalars import finite
from wirelock.compat.json.union_branches import matching
from wirelock.compat.rule import rule
from wirelock.ir import Bounds, Choice, Constant, Integer, Node, Number, Shape, Text
from wirelock.runtime.json.equality import equal
from wirelock.runtime.json.formatting import literal
from wirelock.runtime.json.text import Json

Turn = Literal["closed", "opened"]


@rule("TYPE_CHANGED", "JSON")
def type_changed(pair: Pair) -> Iterator[Difference]:
    """A value has another JSON type, or a type where any value was allowed, or the reverse.

    Documents with a value of the one type are invalid where the other is wanted.

    What to do: add a property of the new type beside the old one, and remove the old one when nobody sends it.
    """
    old, new = kind(pair.old.shape), kind(pair.new.shape)
    if old != new and matching(pair) is None and not _is_one_class(old, new) and not (_lists(pair) or _turned(pair)):
        yield whole(pair, f"was {old}, and is {new}")


@rule("NUMBER_WIDENED", "JSON")
def number_widened(pair: Pair) -> Iterator[Difference]:
    """An integer became a number.

    Forward it breaks: new documents may have fractions that old readers refuse.

    What to do: round where the data is written, or add another property for fractions.
    """
    if isinstance(pair.old.shape, Integer) and isinstance(pair.new.shape, Number):
        yield _aspect(pair, "was integer, and is number", Integer(), Number())


@rule("NUMBER_NARROWED", "JSON")
def number_narrowed(pair: Pair) -> Iterator[Difference]:
    """A number became an integer.

    Backward it breaks: old documents may have fractions.

    What to do: go on taking fractions, and round where they are read.
    """
    if isinstance(pair.old.shape, Number) and isinstance(pair.new.shape, Integer):
        yield _aspect(pair, "was number, and is integer", Number(), Integer())


@rule("BOUNDS_CHANGED", "JSON")
def bounds_changed(pair: Pair) -> Iterator[Difference]:
    """A number has another minimum or maximum.

    Tighter bounds break backward, looser ones forward.

    What to do: keep the bounds that were promised, and check tighter ones where the data is made.
    """
    match pair.old.shape, pair.new.shape:
        case (Integer() | Number()) as old, (Integer() | Number()) as new:
            limits = [replace(shape, bounds=replace(shape.bounds, multiple_of=None)) for shape in (old, new)]
            if limits[0].bounds != limits[1].bounds:
                words = f"bounds were {interval(old.bounds)}, and are {interval(new.bounds)}"
                yield _aspect(pair, words, *_of_one_class(limits[0], limits[1]))
        case _:
            return


@rule("MULTIPLE_OF_CHANGED", "JSON")
def multiple_of_changed(pair: Pair) -> Iterator[Difference]:
    """A number has to be a multiple of something else.

    Numbers that are multiples of the one and not of the other are refused.

    What to do: keep the step, and round where the data is made.
    """
    match pair.old.shape, pair.new.shape:
        case (Integer() | Number()) as old, (Integer() | Number()) as new:
            steps = [replace(shape, bounds=Bounds(multiple_of=shape.bounds.multiple_of)) for shape in (old, new)]
            if steps[0].bounds != steps[1].bounds:
                words = f"multipleOf was {_or_none(old.bounds.multiple_of)}, and is {_or_none(new.bounds.multiple_of)}"
                yield _aspect(pair, words, *_of_one_class(steps[0], steps[1]))
        case _:
            return


@rule("LENGTH_CHANGED", "JSON")
def length_changed(pair: Pair) -> Iterator[Difference]:
    """A string has another minLength or maxLength.

    Tighter lengths break backward, looser ones forward.

    What to do: keep the lengths that were promised, and check tighter ones where the data is made.
    """
    match pair.old.shape, pair.new.shape:
        case Text() as old, Text() as new if (old.min_length, old.max_length) != (new.min_length, new.max_length):
            words = f"length was {span(old.min_length, old.max_length)}, and is {span(new.min_length, new.max_length)}"
            changed = replace(old, min_length=new.min_length, max_length=new.max_length)
            restored = replace(new, min_length=old.min_length, max_length=old.max_length)
            yield _texts(pair, words, changed, restored)
        case _:
            return


@rule("PATTERN_CHANGED", "JSON")
def pattern_changed(pair: Pair) -> Iterator[Difference]:
    """A string has another pattern.

    Which texts the one pattern matches and the other does not is tried, not computed: without a witness it is unproved.

    What to do: keep the pattern, or add another property for texts of the new one.
    """
    match pair.old.shape, pair.new.shape:
        case Text() as old, Text() as new if old.pattern != new.pattern:
            words = f"pattern was {_or_none(old.pattern)}, and is {_or_none(new.pattern)}"
            yield _texts(pair, words, replace(old, pattern=new.pattern), replace(new, pattern=old.pattern))
        case _:
            return


@rule("FORMAT_CHANGED", "JSON")
def format_changed(pair: Pair) -> Iterator[Difference]:
    """A value has another format.

    Formats are words for people unless `format-assertion` is set; then texts of the one are refused by the other.

    What to do: keep the format, or add another property for texts of the new one.
    """
    match pair.old.shape, pair.new.shape:
        case Text() as old, Text() as new if old.format != new.format:
            words = f"format was {_or_none(old.format)}, and is {_or_none(new.format)}"
            yield _texts(pair, words, replace(old, format=new.format), replace(new, format=old.format))
        case Integer() as old, Integer() as new if old.format != new.format:
            words = f"format was {_or_none(old.format)}, and is {_or_none(new.format)}"
            yield Difference(words, pair.new, pair.new, None, None)
        case _:
            return


@rule("ENUM_VALUE_ADDED", "JSON")
def enum_value_added(pair: Pair) -> Iterator[Difference]:
    """An enum has a value that it had not.

    Forward it breaks: old readers refuse it, unless the enum is open to values not listed (`x-extensible-enum`).

    What to do: make the enum extensible before it grows, so that readers take values they do not know.
    """
    old, new = _lists(pair) or ((), ())
    for value in new:
        if not _among(value, old) and not _one_each(old, new):
            question = Question(Node(Constant((value,)), pair.new.where), pair.old)
            yield Difference(f"value {literal(value)} was added", pair.new, pair.new, None, question)


@rule("ENUM_VALUE_REMOVED", "JSON")
def enum_value_removed(pair: Pair) -> Iterator[Difference]:
    """An enum no longer has a value.

    Backward it breaks: old documents may have it, unless the enum is open to values not listed.

    What to do: keep the value, and say in its description that it is no longer sent.
    """
    old, new = _lists(pair) or ((), ())
    for value in old:
        if not _among(value, new) and not _one_each(old, new):
            question = Question(Node(Constant((value,)), pair.old.where), pair.new)
            yield Difference(f"value {literal(value)} was removed", pair.new, pair.new, question, None)


@rule("CONST_CHANGED", "JSON")
def const_changed(pair: Pair) -> Iterator[Difference]:
    """A constant has another value.

    It breaks both ways: what the one side sends, the other refuses.

    What to do: let readers take both values before writers send the new one.
    """
    match _lists(pair):
        case (old,), (new,) if not equal(old, new):
            yield whole(pair, f"was {literal(old)}, and is {literal(new)}")
        case _:
            return


@rule("ENUM_CLOSED", "JSON")
def enum_closed(pair: Pair) -> Iterator[Difference]:
    """Any value of a type was allowed, and now only the listed ones are.

    Backward it breaks: old documents may have others.

    What to do: keep an enum of strings open with `x-extensible-enum`.
    """
    if _turned(pair) == "closed":
        yield whole(pair, f"was any {kind(pair.old.shape)}, and is one of a list")


@rule("ENUM_OPENED", "JSON")
def enum_opened(pair: Pair) -> Iterator[Difference]:
    """Only listed values were allowed, and now any value of the type is.

    Forward it breaks: new documents may have values that old readers refuse.

    What to do: let readers take any value of the type first.
    """
    if _turned(pair) == "opened":
        yield whole(pair, f"was one of a list, and is any {kind(pair.new.shape)}")


def _aspect(pair: Pair, message: str, before: Shape, after: Shape) -> Difference:
    """A difference in one respect: both nodes with nothing else said of them, tried with values of the whole."""
    old, new = Node(before, pair.old.where), Node(after, pair.new.where)
    tries = (*pair.before.samples.of(pair.old), *pair.after.samples.of(pair.new))
    return Difference(message, pair.new, pair.new, Question(old, new, tries), Question(new, old, tries))


def _texts(pair: Pair, message: str, changed: Text, restored: Text) -> Difference:
    """A difference in one respect of a text, the others being as they are on the side that writes."""
    backward = Question(pair.old, Node(changed, pair.old.where))
    forward = Question(pair.new, Node(restored, pair.new.where))
    return Difference(message, pair.new, pair.new, backward, forward)


def _of_one_class(old: Integer | Number, new: Integer | Number) -> tuple[Integer | Number, Integer | Number]:
    """Both as integers if one of them is, so that fractions are not the difference."""
    if isinstance(old, Integer) or isinstance(new, Integer):
        return Integer(old.bounds), Integer(new.bounds)
    return old, new


def _is_one_class(old: str, new: str) -> bool:
    """Whether values of the one kind can be values of the other."""
    return old == new or {old, new} == {"number", "integer"}


def _lists(pair: Pair) -> tuple[tuple[Json, ...], tuple[Json, ...]] | None:
    """The values of two enums of one kind."""
    old, new = _listed(pair.old.shape), _listed(pair.new.shape)
    mixed = "one of a list" in (kind(pair.old.shape), kind(pair.new.shape))
    alike = mixed or _is_one_class(kind(pair.old.shape), kind(pair.new.shape))
    return (old, new) if old and new and alike else None


def _listed(shape: Shape) -> tuple[Json, ...]:
    match shape:
        case Choice(values) | Constant(values):
            return values
        case _:
            return finite(shape) or ()


def _turned(pair: Pair) -> Turn | None:
    """Whether a list of values was opened to all of their kind, or the reverse."""
    old, new = pair.old.shape, pair.new.shape
    if not _is_one_class(kind(old), kind(new)) or not (_listed(old) or _listed(new)):
        return None
    if finite(old) is None and finite(new) is not None:
        return "closed"
    if finite(old) is not None and finite(new) is None:
        return "opened"
    return None


def _among(value: Json, values: tuple[Json, ...]) -> bool:
    return any(equal(value, one) for one in values)


def _one_each(old: tuple[Json, ...], new: tuple[Json, ...]) -> bool:
    return len(old) == len(new) == 1


def _or_none(value: object) -> str:
    return "none" if value in (None, "") else literal(value)


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
