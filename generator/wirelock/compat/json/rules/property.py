"""Rules about objects: declared properties, and what else there may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

from wirelock.compat.json.difference import Difference, JsonRule, Pair, Question
from wirelock.compat.json.sides import Lens
from wirelock.compat.json.views import ANYTHING, View
from wirelock.compat.rule import rule
from wirelock.ir import Anything, Node, Property, Record
from wirelock.runtime.json.formatting import name

Kind = Literal["closed", "declared", "open", "typed"]
_WORDS: dict[Kind, str] = {
    "closed": "refused",
    "declared": "taken, but not sent",
    "open": "allowed",
    "typed": "described by a schema",
}


@rule("PROPERTY_ADDED", "JSON")
def property_added(pair: Pair) -> Iterator[Difference]:
    """An object declares a property that it did not declare.

    Backward it breaks when the property is required, and in an open object (`unknown-fields = "keep"`, or
    `additionalProperties`), where old documents may hold anything under that name. Forward it breaks when old readers
    refuse what they do not know.

    What to do: add properties as optional, and let readers take what is undeclared.
    """
    old, new = declared(pair)
    for prop in new.values():
        if prop.name not in old and former_name(prop, old, new) is None:
            what = "required property" if prop.required else "property"
            yield _about(pair, f"{what} {name(prop.name)} was added", prop.node, prop.node, prop.name)


@rule("PROPERTY_REMOVED", "JSON")
def property_removed(pair: Pair) -> Iterator[Difference]:
    """An object no longer declares a property.

    Backward it breaks when new readers refuse what is undeclared. Forward it breaks when old readers require it, and
    in an open object, where new documents may hold anything under that name.

    What to do: deprecate a property, and remove it when nobody reads it any more.
    """
    old, new = declared(pair)
    renamed = {former_name(prop, old, new) for prop in new.values()}
    for prop in old.values():
        if prop.name not in new and prop.name not in renamed:
            what = "required property" if prop.required else "property"
            yield _about(pair, f"{what} {name(prop.name)} was removed", prop.node, pair.new, prop.name)


@rule("PROPERTY_RENAMED", "JSON")
def property_renamed(pair: Pair) -> Iterator[Difference]:
    """A property has another name (`x-renamed-from`).

    The wire does not care, JSON does: it breaks whoever requires the one name or refuses the other. Where both sides
    ignore what they do not know it is valid, but the value is lost.

    What to do: send both names for a while, or keep the name.
    """
    old, new = declared(pair)
    for prop in new.values():
        former = former_name(prop, old, new)
        if former is not None:
            words = f"property {name(former)} was renamed to {name(prop.name)}"
            yield _about(pair, words, prop.node, prop.node, former, prop.name)


@rule("PROPERTY_REQUIRED", "JSON")
def property_required(pair: Pair) -> Iterator[Difference]:
    """A property that was optional is required.

    Backward it breaks: old documents may leave the property out.

    What to do: leave the property optional, and fill it in where it is read.
    """
    yield from _requirement(pair, "property {} became required", required=True)


@rule("PROPERTY_OPTIONAL", "JSON")
def property_optional(pair: Pair) -> Iterator[Difference]:
    """A property that was required is optional.

    Forward it breaks: new documents may leave out what old readers require.

    What to do: go on sending the property until nobody requires it.
    """
    yield from _requirement(pair, "property {} became optional", required=False)


@rule("ADDITIONAL_PROPERTIES_CLOSED", "JSON")
def additional_properties_closed(pair: Pair) -> Iterator[Difference]:
    """An object refuses undeclared properties, which it took.

    Backward it breaks where old documents may hold such properties (`additionalProperties`, or the policy
    `unknown-fields = "keep"`).

    What to do: declare what is really sent before closing an object.
    """
    yield from _rest(pair, lambda old, new: new == "closed" or (new == "declared" and old == "open"))


@rule("ADDITIONAL_PROPERTIES_OPENED", "JSON")
def additional_properties_opened(pair: Pair) -> Iterator[Difference]:
    """An object takes undeclared properties, which it refused.

    Forward it breaks: new documents may hold properties that old readers refuse.

    What to do: let readers take undeclared properties first.
    """
    yield from _rest(pair, lambda old, new: old == "closed" or (old == "declared" and new == "open"))


@rule("ADDITIONAL_PROPERTIES_CHANGED", "JSON")
def additional_properties_changed(pair: Pair) -> Iterator[Difference]:
    """What undeclared properties have to be is said by a schema on one side, and on the other it is not.

    Values that the one allows may be refused by the other. What both schemas say is compared like any other value.

    What to do: keep what was said of undeclared properties, and declare new ones by name.
    """
    yield from _rest(pair, lambda old, new: "typed" in (old, new) and "closed" not in (old, new))


def free_name(*nodes: Node) -> str:
    """A name that none of the records declares."""
    taken = {prop for node in nodes for prop in _properties(node)}
    return next(one for one in ("other", *(f"other{index}" for index in range(2, len(taken) + 3))) if one not in taken)


def _properties(node: Node) -> dict[str, Property]:
    return {prop.name: prop for prop in node.shape.properties} if isinstance(node.shape, Record) else {}


def declared(pair: Pair) -> tuple[dict[str, Property], dict[str, Property]]:
    """The properties of both, by name; none unless both are records."""
    return (_properties(pair.old), _properties(pair.new)) if _both_records(pair) else ({}, {})


def _both_records(pair: Pair) -> bool:
    return isinstance(pair.old.shape, Record) and isinstance(pair.new.shape, Record)


def former_name(prop: Property, old: dict[str, Property], new: dict[str, Property]) -> str | None:
    """The old name of a property that was renamed since (`x-renamed-from`)."""
    former = prop.node.hints.renamed_from
    return former if former and former in old and former not in new and prop.name not in old else None


def _about(pair: Pair, message: str, element: Node, anchor: Node, *names: str) -> Difference:
    """A difference in these properties alone."""
    backward = Question(_only(pair.before.writer, pair.old, names), _only(pair.after.reader, pair.new, names))
    forward = Question(_only(pair.after.writer, pair.new, names), _only(pair.before.reader, pair.old, names))
    return Difference(message, element, anchor, backward, forward, frozenset(names))


def _only(view: View, node: Node, names: tuple[str, ...]) -> Node:
    """A record as one of its users sees it, of which only these properties are declared."""
    assert isinstance(node.shape, Record)
    kept = tuple(prop for prop in node.shape.properties if prop.name in names)
    return Node(Record(kept, view.rest(node, node.shape) or "closed"), node.where)


def _requirement(pair: Pair, message: str, *, required: bool) -> Iterator[Difference]:
    old, new = declared(pair)
    for prop in new.values():
        former = old.get(prop.name)
        if former is not None and prop.required is required and former.required is not required:
            was, now = _loose(former, pair.old), _loose(prop, pair.new)
            words = message.format(name(prop.name))
            members = frozenset({prop.name})
            yield Difference(words, prop.node, prop.node, Question(was, now), Question(now, was), members)


def _loose(prop: Property, node: Node) -> Node:
    """An object that holds one property, of any value, or need not hold it."""
    return Node(Record((replace(prop, node=ANYTHING),), "closed"), node.where)


def _rest(pair: Pair, speaks: Callable[[Kind, Kind], bool]) -> Iterator[Difference]:
    if not _both_records(pair):
        return
    old, new = _kind(pair.before, pair.old), _kind(pair.after, pair.new)
    if old != new and speaks(old, new):
        words = f"undeclared properties were {_WORDS[old]}, and are {_WORDS[new]}"
        yield _about(pair, words, pair.new, pair.new)


def _kind(lens: Lens, node: Node) -> Kind:
    """What a side does with undeclared properties of a record."""
    assert isinstance(node.shape, Record)
    sent, taken = lens.writer.rest(node, node.shape), lens.reader.rest(node, node.shape)
    if taken is None:
        return "closed"
    if sent is None:
        return "declared"
    return "open" if isinstance(taken.shape, Anything) else "typed"


RULES: tuple[JsonRule, ...] = (
    property_added,
    property_removed,
    property_renamed,
    property_required,
    property_optional,
    additional_properties_closed,
    additional_properties_opened,
    additional_properties_changed,
)
