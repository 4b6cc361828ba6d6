"""Path, query and header parameters of a request, as JSON values of the request message.

The parameter's style decides the form (OpenAPI 3.1, "Style Values"). A text that does not fit its property stays a
text, so that the validator reports it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wirelock.ir import (
    Array,
    Boolean,
    ConstSet,
    Definition,
    Integer,
    Node,
    Number,
    Object,
    ParameterStyle,
    Property,
    String,
    StringEnum,
    TypeId,
    Union,
)
from wirelock.lower.unions import resolve_refs
from wirelock.runtime.json.text import Json, MalformedText, parse
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.http.router import RouteMatch

Definitions = Mapping[TypeId, Definition]
SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_DEFAULT = ParameterStyle()


def read_parameters(exchange: Exchange, match: RouteMatch, definitions: Definitions) -> dict[str, Json]:
    """Return the parameters of a request by property."""
    method = match.route.method
    nodes = {name: prop.node for name, prop in get_properties(method.request, definitions).items()}
    styles = dict(method.parameter_styles)
    results: dict[str, Json] = {
        name: _read_scalar(text, nodes.get(name), definitions) for name, text in match.parameters.items()
    }
    for name, place in method.parameter_locations:
        style = styles.get(name, _DEFAULT)
        pairs = exchange.query if place == "query" else exchange.request_headers
        wire = style.name or name
        value = _read_value(
            wire if place == "query" else wire.lower(), place, style, nodes.get(name), pairs, definitions
        )
        if value is not None:
            results[name] = value
    return results


def get_properties(key: TypeId, definitions: Definitions) -> Mapping[str, Property]:
    """Return the declared properties of a type by name."""
    shape = resolve_refs(definitions[key].node, definitions).shape
    return {prop.name: prop for prop in shape.properties} if isinstance(shape, Object) else {}


def _read_value(
    name: str,
    place: str,
    style: ParameterStyle,
    node: Node | None,
    pairs: Sequence[tuple[str, str]],
    definitions: Definitions,
) -> Json:
    """Return the value of one parameter, or None if it is absent."""
    texts = [text for key, text in pairs if key == name]
    shape = resolve_refs(node, definitions).shape if node else None
    if style.content and texts:
        return _parse(texts[-1])
    if isinstance(shape, Object) and not texts:
        return _read_members(name, style, shape, pairs, definitions) if place == "query" else None
    if isinstance(shape, Array) and texts:
        split = place == "header" or style.explode is False or style.style in SEPARATORS
        items = texts[-1].split(SEPARATORS.get(style.style, ",")) if split else texts
        return [_read_scalar(item.strip() if place == "header" else item, shape.items, definitions) for item in items]
    return _read_scalar(texts[-1], node, definitions) if texts else None


def _read_members(
    name: str, style: ParameterStyle, record: Object, parameters: Sequence[tuple[str, str]], definitions: Definitions
) -> Json:
    """Return an object whose members are parameters: `name[member]`, or plain members in form style."""
    nodes = {prop.name: prop.node for prop in record.properties}
    if style.style == "deepObject":
        open_bracket = f"{name}["
        pairs = [
            (key[len(open_bracket) : -1], text)
            for key, text in parameters
            if key.startswith(open_bracket) and key[-1] == "]"
        ]
    else:
        pairs = [(key, text) for key, text in parameters if key in nodes] if style.explode is not False else []
    return {key: _read_scalar(text, nodes.get(key), definitions) for key, text in pairs} or None


def _read_scalar(text: str, node: Node | None, definitions: Definitions) -> Json:
    """Return a text as the number or boolean that its property requires, or else as text."""
    if node is None or not _wants_parsing(text, node, definitions):
        return text
    value = _parse(text)
    return value if isinstance(value, int | float) else text


def _wants_parsing(text: str, node: Node, definitions: Definitions) -> bool:
    match resolve_refs(node, definitions).shape:
        case Integer() | Number() | Boolean() | ConstSet():
            return True
        case Union(branches):
            shapes = [resolve_refs(branch, definitions).shape for branch in branches]
            if any(
                isinstance(shape, String) or (isinstance(shape, StringEnum) and text in shape.values)
                for shape in shapes
            ):
                return False
            return any(_wants_parsing(text, branch, definitions) for branch in branches)
        case _:
            return False


def _parse(text: str) -> Json:
    try:
        return parse(text)
    except MalformedText:
        return text
