"""Locations and styles of request properties in two states of a method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wirelock.ir import Definition, Method, Node, Object, ParameterStyle, TypeId
from wirelock.lower.unions import get_json_types, resolve_refs
from wirelock.path_templates import find_variable_names

_DEFAULT = ParameterStyle()
_NOWHERE = "nowhere"
"""Location of a property that is neither a parameter nor part of the body."""


@dataclass(frozen=True, slots=True)
class ParameterForm:
    """The form of a parameter in a request: its location, its name there, and its style."""

    location: str
    name: str
    style: str
    explode: bool
    content: str

    @property
    def description(self) -> str:
        """The name and the style for messages."""
        form = self.content or f"{self.style}{', exploded' if self.explode else ''}"
        return f"`{self.name}` ({form})"


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """A property whose parameter form differs between the states."""

    property: str
    old: ParameterForm
    new: ParameterForm


def find_parameter_changes(
    old: Method, new: Method, old_definitions: Mapping[TypeId, Definition], new_definitions: Mapping[TypeId, Definition]
) -> Iterator[ParameterChange]:
    """Yield the properties of both states whose parameter form changed; at least one state declares a location."""
    old_properties, new_properties = (
        _get_properties(old.request, old_definitions),
        _get_properties(new.request, new_definitions),
    )
    for name in sorted(
        old_properties.keys()
        & new_properties.keys()
        & {name for name, _ in (*old.parameter_locations, *new.parameter_locations)}
    ):
        is_scalar = _is_scalar(old_properties[name], old_definitions) and _is_scalar(
            new_properties[name], new_definitions
        )
        old_form, new_form = _get_form(old, name, is_scalar), _get_form(new, name, is_scalar)
        if old_form != new_form and old_form.location != _NOWHERE:
            yield ParameterChange(name, old_form, new_form)


def _get_properties(key: TypeId, definitions: Mapping[TypeId, Definition]) -> Mapping[str, Node]:
    shape = resolve_refs(definitions[key].node, definitions).shape
    return {prop.name: prop.node for prop in shape.properties} if isinstance(shape, Object) else {}


def _is_scalar(node: Node, definitions: Mapping[TypeId, Definition]) -> bool:
    """Return True if a value has no members, so that `explode` does not matter."""
    return {"array", "object"}.isdisjoint(get_json_types(node, definitions))


def _get_form(method: Method, name: str, is_scalar: bool) -> ParameterForm:
    location = _get_location(method, name)
    style_options = dict(method.parameter_styles).get(name, _DEFAULT)
    if location in ("body", _NOWHERE):
        return ParameterForm(location, name, "", False, "")
    style = style_options.style or ("form" if location == "query" else "simple")
    explode = not is_scalar and (style == "form" if style_options.explode is None else style_options.explode)
    sent_name = name if location == "path" else style_options.name or name
    return ParameterForm(
        location, sent_name.lower() if location == "header" else sent_name, style, explode, style_options.content
    )


def _get_location(method: Method, name: str) -> str:
    declared = "path" if name in find_variable_names(method.path) else dict(method.parameter_locations).get(name, "")
    return declared or ("body" if method.body in ("*", name) else _NOWHERE if method.body else "query")
