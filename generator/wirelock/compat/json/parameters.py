"""Where the properties of a request go and how they are written there, in two states of a method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wirelock.ir import Definition, Method, Node, Record, Style, TypeId
from wirelock.lower.unions import follow, json_types
from wirelock.parse.services import path_parameters

_DEFAULT = Style()
_NOWHERE = "nowhere"
"""Where a property goes that is not in the one that is the body, and has no place."""


@dataclass(frozen=True, slots=True)
class Written:
    """A parameter as a request shows it: its place, its name there, and its style."""

    place: str
    name: str
    style: str
    explode: bool
    content: str

    @property
    def words(self) -> str:
        """How it is written, in words."""
        form = self.content or f"{self.style}{', exploded' if self.explode else ''}"
        return f"`{self.name}` ({form})"


@dataclass(frozen=True, slots=True)
class Moved:
    """A property whose parameter differs between the states."""

    property: str
    old: Written
    new: Written


def moved(
    old: Method, new: Method, before: Mapping[TypeId, Definition], after: Mapping[TypeId, Definition]
) -> Iterator[Moved]:
    """The properties that both states have, and that one of them says a place of, where that is not the same."""
    left, right = _properties(old.request, before), _properties(new.request, after)
    for name in sorted(left.keys() & right.keys() & {name for name, _ in (*old.places, *new.places)}):
        plain = _is_plain(left[name], before) and _is_plain(right[name], after)
        was, now = _written(old, name, plain), _written(new, name, plain)
        if was != now and was.place != _NOWHERE:
            yield Moved(name, was, now)


def _properties(key: TypeId, definitions: Mapping[TypeId, Definition]) -> Mapping[str, Node]:
    shape = follow(definitions[key].node, definitions).shape
    return {prop.name: prop.node for prop in shape.properties} if isinstance(shape, Record) else {}


def _is_plain(node: Node, definitions: Mapping[TypeId, Definition]) -> bool:
    """Whether a value is written the same whether or not its members are written apart."""
    return {"array", "object"}.isdisjoint(json_types(node, definitions))


def _written(method: Method, name: str, plain: bool) -> Written:
    place = _place(method, name)
    stated = dict(method.styles).get(name, _DEFAULT)
    if place in ("body", _NOWHERE):
        return Written(place, name, "", False, "")
    style = stated.style or ("form" if place == "query" else "simple")
    explode = not plain and (style == "form" if stated.explode is None else stated.explode)
    called = name if place == "path" else stated.name or name
    return Written(place, called.lower() if place == "header" else called, style, explode, stated.content)


def _place(method: Method, name: str) -> str:
    stated = "path" if name in path_parameters(method.path) else dict(method.places).get(name, "")
    return stated or ("body" if method.body in ("*", name) else _NOWHERE if method.body else "query")
