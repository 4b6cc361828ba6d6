"""Path, query and header parameters of a recorded request as the JSON values that the request message has.

How a value is written is the parameter's style (OpenAPI 3.1, "Style Values"). A text that is not what its property
wants stays a text, so that the validator says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wirelock.ir import (
    Array,
    Boolean,
    Choice,
    Constant,
    Definition,
    Integer,
    Node,
    Number,
    Property,
    Record,
    Style,
    Text,
    TypeId,
    Union,
)
from wirelock.lower.unions import follow
from wirelock.runtime.json.text import Json, MalformedText, parse
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.http.router import Match

Definitions = Mapping[TypeId, Definition]
SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_DEFAULT = Style()


def parameters(exchange: Exchange, match: Match, definitions: Definitions) -> dict[str, Json]:
    """The parameters that the request has, by property."""
    method = match.route.method
    nodes = {name: prop.node for name, prop in properties(method.request, definitions).items()}
    styles = dict(method.styles)
    found: dict[str, Json] = {
        name: _scalar(text, nodes.get(name), definitions) for name, text in match.parameters.items()
    }
    for name, place in method.places:
        style = styles.get(name, _DEFAULT)
        given = exchange.query if place == "query" else exchange.request_headers
        wire = style.name or name
        value = _value(wire if place == "query" else wire.lower(), place, style, nodes.get(name), given, definitions)
        if value is not None:
            found[name] = value
    return found


def properties(key: TypeId, definitions: Definitions) -> Mapping[str, Property]:
    """The declared properties of a type, by name."""
    shape = follow(definitions[key].node, definitions).shape
    return {prop.name: prop for prop in shape.properties} if isinstance(shape, Record) else {}


def _value(
    name: str,
    place: str,
    style: Style,
    node: Node | None,
    given: Sequence[tuple[str, str]],
    definitions: Definitions,
) -> Json:
    """The value of one parameter; None if it is not there."""
    texts = [text for key, text in given if key == name]
    shape = follow(node, definitions).shape if node else None
    if style.content and texts:
        return _parsed(texts[-1])
    if isinstance(shape, Record) and not texts:
        return _members(name, style, shape, given, definitions) if place == "query" else None
    if isinstance(shape, Array) and texts:
        split = place == "header" or style.explode is False or style.style in SEPARATORS
        items = texts[-1].split(SEPARATORS.get(style.style, ",")) if split else texts
        return [_scalar(item.strip() if place == "header" else item, shape.items, definitions) for item in items]
    return _scalar(texts[-1], node, definitions) if texts else None


def _members(
    name: str, style: Style, record: Record, given: Sequence[tuple[str, str]], definitions: Definitions
) -> Json:
    """An object whose members are parameters: `name[member]`, or the bare members where the style is form."""
    nodes = {prop.name: prop.node for prop in record.properties}
    if style.style == "deepObject":
        open_bracket = f"{name}["
        pairs = [
            (key[len(open_bracket) : -1], text)
            for key, text in given
            if key.startswith(open_bracket) and key[-1] == "]"
        ]
    else:
        pairs = [(key, text) for key, text in given if key in nodes] if style.explode is not False else []
    return {key: _scalar(text, nodes.get(key), definitions) for key, text in pairs} or None


def _scalar(text: str, node: Node | None, definitions: Definitions) -> Json:
    """A parameter's text as the number or boolean that its property wants; any other text stays one."""
    if node is None or not _wants_parsing(text, node, definitions):
        return text
    value = _parsed(text)
    return value if isinstance(value, int | float) else text


def _wants_parsing(text: str, node: Node, definitions: Definitions) -> bool:
    match follow(node, definitions).shape:
        case Integer() | Number() | Boolean() | Constant():
            return True
        case Union(branches):
            said = [follow(branch, definitions).shape for branch in branches]
            if any(isinstance(shape, Text) or (isinstance(shape, Choice) and text in shape.values) for shape in said):
                return False
            return any(_wants_parsing(text, branch, definitions) for branch in branches)
        case _:
            return False


def _parsed(text: str) -> Json:
    try:
        return parse(text)
    except MalformedText:
        return text
