"""Rules about objects: declared and undeclared properties."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

from wirelock.compat.json.difference import Difference, JsonRule, NodePair, Question
from wirelock.compat.json.sides import PreparedSide
from wirelock.compat.json.views import ANY_NODE, View
from wirelock.compat.rule import rule
from wirelock.ir import AnyValue, Node, Object, Property
from wirelock.runtime.json.formatting import quote_name

AdditionalKind = Literal["closed", "declared", "open", "typed"]
_KIND_TEXTS: dict[AdditionalKind, str] = {
    "closed": "rejected",
    "declared": "accepted but not sent",
    "open": "allowed",
    "typed": "restricted by a schema",
}


@rule("PROPERTY_ADDED", "JSON")
def property_added(pair: NodePair) -> Iterator[Difference]:
    """An object declares a new property.

    This breaks backward if the property is required, or if the object is open (`additionalProperties` or
    `unknown-fields = "keep"`), because old documents may contain anything under that name. It breaks forward if old
    readers reject unknown properties.

    What to do: add properties as optional, and let readers accept undeclared properties.
    """
    old, new = get_declared(pair)
    for prop in new.values():
        if prop.name not in old and find_former_name(prop, old, new) is None:
            kind = "required property" if prop.required else "property"
            yield _build_difference(pair, f"{kind} {quote_name(prop.name)} was added", prop.node, prop.node, prop.name)


@rule("PROPERTY_REMOVED", "JSON")
def property_removed(pair: NodePair) -> Iterator[Difference]:
    """An object no longer declares a property.

    This breaks backward if new readers reject undeclared properties. It breaks forward if old readers require the
    property, or if the object is open, because new documents may contain anything under that name.

    What to do: deprecate the property, and remove it when no readers use it.
    """
    old, new = get_declared(pair)
    renamed = {find_former_name(prop, old, new) for prop in new.values()}
    for prop in old.values():
        if prop.name not in new and prop.name not in renamed:
            kind = "required property" if prop.required else "property"
            yield _build_difference(pair, f"{kind} {quote_name(prop.name)} was removed", prop.node, pair.new, prop.name)


@rule("PROPERTY_RENAMED", "JSON")
def property_renamed(pair: NodePair) -> Iterator[Difference]:
    """A property has another name (`x-renamed-from`).

    The binary format is not affected, JSON is: readers that require the old name or reject the new one break. Readers
    that ignore unknown properties accept the document but lose the value.

    What to do: send both names for a while, or keep the name.
    """
    old, new = get_declared(pair)
    for prop in new.values():
        former_name = find_former_name(prop, old, new)
        if former_name is not None:
            message = f"property {quote_name(former_name)} was renamed to {quote_name(prop.name)}"
            yield _build_difference(pair, message, prop.node, prop.node, former_name, prop.name)


@rule("PROPERTY_REQUIRED", "JSON")
def property_required(pair: NodePair) -> Iterator[Difference]:
    """An optional property became required.

    This breaks backward, because old documents may omit the property.

    What to do: keep the property optional, and fill in a default where it is read.
    """
    yield from _compare_required(pair, "property {} became required", required=True)


@rule("PROPERTY_OPTIONAL", "JSON")
def property_optional(pair: NodePair) -> Iterator[Difference]:
    """A required property became optional.

    This breaks forward, because new documents may omit a property that old readers require.

    What to do: keep sending the property until no readers require it.
    """
    yield from _compare_required(pair, "property {} became optional", required=False)


@rule("ADDITIONAL_PROPERTIES_CLOSED", "JSON")
def additional_properties_closed(pair: NodePair) -> Iterator[Difference]:
    """An object rejects undeclared properties that it accepted.

    This breaks backward if old documents may contain such properties (`additionalProperties`, or the policy
    `unknown-fields = "keep"`).

    What to do: declare the properties in use before closing the object.
    """
    yield from _compare_additional(pair, lambda old, new: new == "closed" or (new == "declared" and old == "open"))


@rule("ADDITIONAL_PROPERTIES_OPENED", "JSON")
def additional_properties_opened(pair: NodePair) -> Iterator[Difference]:
    """An object accepts undeclared properties that it rejected.

    This breaks forward, because new documents may contain properties that old readers reject.

    What to do: let readers accept undeclared properties first.
    """
    yield from _compare_additional(pair, lambda old, new: old == "closed" or (old == "declared" and new == "open"))


@rule("ADDITIONAL_PROPERTIES_CHANGED", "JSON")
def additional_properties_changed(pair: NodePair) -> Iterator[Difference]:
    """Undeclared properties of an object have a schema in only one of the two states.

    Values that one state allows may be rejected by the other. If both states have a schema, its changes are reported by
    other rules.

    What to do: keep the schema of undeclared properties, and declare new properties by name.
    """
    yield from _compare_additional(pair, lambda old, new: "typed" in (old, new) and "closed" not in (old, new))


def find_unused_name(*nodes: Node) -> str:
    """Return a property name that none of the objects declares."""
    taken = {prop for node in nodes for prop in _get_properties(node)}
    return next(
        name for name in ("other", *(f"other{index}" for index in range(2, len(taken) + 3))) if name not in taken
    )


def _get_properties(node: Node) -> dict[str, Property]:
    return {prop.name: prop for prop in node.shape.properties} if isinstance(node.shape, Object) else {}


def get_declared(pair: NodePair) -> tuple[dict[str, Property], dict[str, Property]]:
    """Return the properties of both nodes by name; empty unless both are objects."""
    return (_get_properties(pair.old), _get_properties(pair.new)) if _are_objects(pair) else ({}, {})


def _are_objects(pair: NodePair) -> bool:
    return isinstance(pair.old.shape, Object) and isinstance(pair.new.shape, Object)


def find_former_name(prop: Property, old: dict[str, Property], new: dict[str, Property]) -> str | None:
    """Return the old name of a renamed property (`x-renamed-from`); None if it was not renamed."""
    former = prop.node.extensions.renamed_from
    return former if former and former in old and former not in new and prop.name not in old else None


def _build_difference(pair: NodePair, message: str, element: Node, anchor: Node, *names: str) -> Difference:
    """Return a difference in these properties only."""
    backward = Question(
        _restrict(pair.old_side.writer, pair.old, names), _restrict(pair.new_side.reader, pair.new, names)
    )
    forward = Question(
        _restrict(pair.new_side.writer, pair.new, names), _restrict(pair.old_side.reader, pair.old, names)
    )
    return Difference(message, element, anchor, backward, forward, frozenset(names))


def _restrict(view: View, node: Node, names: tuple[str, ...]) -> Node:
    """Return an object, as one of its users sees it, that declares only these properties."""
    assert isinstance(node.shape, Object)
    restricted = tuple(prop for prop in node.shape.properties if prop.name in names)
    return Node(Object(restricted, view.get_additional(node, node.shape) or "closed"), node.location)


def _compare_required(pair: NodePair, template: str, *, required: bool) -> Iterator[Difference]:
    old, new = get_declared(pair)
    for new_property in new.values():
        old_property = old.get(new_property.name)
        if old_property is not None and new_property.required is required and old_property.required is not required:
            old_node, new_node = (
                _build_presence_node(old_property, pair.old),
                _build_presence_node(new_property, pair.new),
            )
            message = template.format(quote_name(new_property.name))
            members = frozenset({new_property.name})
            yield Difference(
                message,
                new_property.node,
                new_property.node,
                Question(old_node, new_node),
                Question(new_node, old_node),
                members,
            )


def _build_presence_node(prop: Property, node: Node) -> Node:
    """Return an object with one property of any value, required or not."""
    return Node(Object((replace(prop, node=ANY_NODE),), "closed"), node.location)


def _compare_additional(
    pair: NodePair, is_reported: Callable[[AdditionalKind, AdditionalKind], bool]
) -> Iterator[Difference]:
    if not _are_objects(pair):
        return
    old, new = _classify_additional(pair.old_side, pair.old), _classify_additional(pair.new_side, pair.new)
    if old != new and is_reported(old, new):
        message = f"undeclared properties were {_KIND_TEXTS[old]}, are now {_KIND_TEXTS[new]}"
        yield _build_difference(pair, message, pair.new, pair.new)


def _classify_additional(side: PreparedSide, node: Node) -> AdditionalKind:
    """Return how a side treats undeclared properties of an object."""
    assert isinstance(node.shape, Object)
    written, read = side.writer.get_additional(node, node.shape), side.reader.get_additional(node, node.shape)
    if read is None:
        return "closed"
    if written is None:
        return "declared"
    return "open" if isinstance(read.shape, AnyValue) else "typed"


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
