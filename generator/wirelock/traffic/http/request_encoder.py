"""A request message as the HTTP request that its method's rule describes: what `traffic.parameters` reads, written.

How a value is written is the parameter's style (OpenAPI 3.1, "Style Values"). What neither the path nor `in` places is
the body where there is one, else a query parameter (google.api.HttpRule).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from wirelock.ir import Method, Style
from wirelock.runtime.json.pointers import token
from wirelock.runtime.json.text import Json, dump
from wirelock.traffic.http.parameters import SEPARATORS
from wirelock.traffic.http.router import PARAMETER

Pairs = tuple[tuple[str, str], ...]
_DEFAULT = Style()
UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|\A[ \t]|[ \t]\Z")
"""What no field value may hold (RFC 9110, 5.5)."""


class Unsendable(ValueError):
    """A value that its place in the request cannot hold; `pointer` is the property."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(words)
        self.pointer = f"/{token(name)}"


@dataclass(frozen=True, slots=True)
class Call:
    """An HTTP request: `target` is the percent-encoded path with its query; without a body, `body` is None."""

    verb: str
    target: str
    headers: Pairs = ()
    body: bytes | None = None


class Caller:
    """Writes the requests of one method."""

    def __init__(self, method: Method) -> None:
        self._verb = method.verb
        self._body = method.body
        self._segments = [(PARAMETER.fullmatch(segment), segment) for segment in method.path.split("/")]
        in_path = {found[1] for found, _ in self._segments if found}
        styles = dict(method.styles)
        self._places = {
            name: (place, styles.get(name, _DEFAULT)) for name, place in method.places if name not in in_path
        }
        self._elsewhere = in_path | self._places.keys()

    def call(self, message: Json) -> Call:
        """The request for a message, which is its body alone where it is no object; raises Unsendable."""
        request = message if isinstance(message, dict) else {}
        path = "/".join(self._segment(request, found, text) for found, text in self._segments)
        query = [pair for name, style in self._queried(request) for pair in _query(name, style, request[name])]
        target = f"{path}?{'&'.join(map(_encoded, query))}" if query else path
        return Call(self._verb, target, tuple(self._headers(request)), self._content(message))

    def _segment(self, request: Mapping[str, Json], found: re.Match[str] | None, text: str) -> str:
        if found is None:
            return text
        value = request.get(found[1])
        plain = ",".join(map(_text, value)) if isinstance(value, list) else _text(value)
        if value is None or not plain:
            raise Unsendable(found[1], "a part of the path cannot be empty")
        if {".", ".."} & set(plain.split("/") if found[2] else [plain]):
            raise Unsendable(found[1], "a relative part cannot stand in a path")
        return quote(plain, safe="/" if found[2] else "")

    def _queried(self, request: Mapping[str, Json]) -> Iterator[tuple[str, Style]]:
        for name, value in request.items():
            place, style = self._places.get(name, ("" if name in self._elsewhere or self._body else "query", _DEFAULT))
            if place == "query" and value is not None:
                yield name, style

    def _headers(self, request: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
        for name, (place, style) in self._places.items():
            value = request.get(name)
            if place != "header" or value is None:
                continue
            text = _header(style, value)
            if UNSENDABLE.search(text):
                raise Unsendable(name, "control characters, and blanks at an end, cannot stand in a header")
            yield style.name or name, text

    def _content(self, request: Json) -> bytes | None:
        if not isinstance(request, dict):
            return dump(request) if self._body == "*" else None
        if self._body == "*":
            return dump({name: value for name, value in request.items() if name not in self._elsewhere})
        return dump(request[self._body]) if self._body in request else None


def _query(name: str, style: Style, value: Json) -> Iterator[tuple[str, str]]:
    """The parameters that one value is."""
    wire = style.name or name
    match value:
        case _ if style.content:
            yield wire, dump(value).decode()
        case dict() if style.style == "deepObject":
            yield from ((f"{wire}[{key}]", _text(item)) for key, item in value.items() if item is not None)
        case dict() if style.explode is not False:
            yield from ((key, _text(item)) for key, item in value.items() if item is not None)
        case list() if style.explode is False or style.style in SEPARATORS:
            if value:
                yield wire, SEPARATORS.get(style.style, ",").join(map(_text, value))
        case list():
            yield from ((wire, _text(item)) for item in value)
        case dict():
            yield wire, ",".join(f"{key},{_text(item)}" for key, item in value.items())
        case _:
            yield wire, _text(value)


def _header(style: Style, value: Json) -> str:
    if style.content:
        return dump(value).decode()
    if isinstance(value, dict):
        between = "=" if style.explode else ","
        return ",".join(f"{key}{between}{_text(item)}" for key, item in value.items())
    return ",".join(map(_text, value)) if isinstance(value, list) else _text(value)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else dump(value).decode()


def _encoded(pair: tuple[str, str]) -> str:
    name, value = pair
    return f"{quote(name, safe='')}={quote(value, safe='')}"
