"""Request messages as HTTP requests; the inverse of `parameters`.

The parameter's style decides the form (OpenAPI 3.1, "Style Values"). A property outside of path and `in` belongs to the
body if there is one, else to the query (google.api.HttpRule).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from wirelock.ir import Method, ParameterStyle
from wirelock.path_templates import PathVariable, parse_variable
from wirelock.runtime.json.pointers import escape_token
from wirelock.runtime.json.text import Json, dump
from wirelock.traffic.http.parameters import SEPARATORS

Pairs = tuple[tuple[str, str], ...]
_DEFAULT = ParameterStyle()
INVALID_FIELD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|\A[ \t]|[ \t]\Z")
"""Characters that no header value may contain (RFC 9110, 5.5)."""


class EncodeError(ValueError):
    """Raised when the request cannot hold a value; `pointer` is the property."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.pointer = f"/{escape_token(name)}"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request: `target` is the percent-encoded path and query; `body` is None without a body."""

    verb: str
    target: str
    headers: Pairs = ()
    body: bytes | None = None


class RequestEncoder:
    """Encodes the requests of one method."""

    def __init__(self, method: Method) -> None:
        self._verb = method.verb
        self._body = method.body
        self._segments = [(parse_variable(segment), segment) for segment in method.path.split("/")]
        in_path = {variable.name for variable, _ in self._segments if variable}
        styles = dict(method.parameter_styles)
        self._places = {
            name: (place, styles.get(name, _DEFAULT))
            for name, place in method.parameter_locations
            if name not in in_path
        }
        self._elsewhere = in_path | self._places.keys()

    def encode(self, message: Json) -> HttpRequest:
        """Encode a message, which is the body if it is not an object; raises EncodeError."""
        request = message if isinstance(message, dict) else {}
        path = "/".join(self._encode_segment(request, variable, text) for variable, text in self._segments)
        query = [
            pair
            for name, style in self._iter_query_properties(request)
            for pair in _encode_query(name, style, request[name])
        ]
        target = f"{path}?{'&'.join(map(_encode_pair, query))}" if query else path
        return HttpRequest(self._verb, target, tuple(self._encode_headers(request)), self._encode_body(message))

    def _encode_segment(self, request: Mapping[str, Json], variable: PathVariable | None, text: str) -> str:
        if variable is None:
            return text
        value = request.get(variable.name)
        plain = ",".join(map(_to_text, value)) if isinstance(value, list) else _to_text(value)
        if value is None or not plain:
            raise EncodeError(variable.name, "a path parameter must not be empty")
        if {".", ".."} & set(plain.split("/") if variable.pattern else [plain]):
            raise EncodeError(variable.name, "a path parameter must not be `.` or `..`")
        return quote(plain, safe="/" if variable.pattern else "")

    def _iter_query_properties(self, request: Mapping[str, Json]) -> Iterator[tuple[str, ParameterStyle]]:
        for name, value in request.items():
            place, style = self._places.get(name, ("" if name in self._elsewhere or self._body else "query", _DEFAULT))
            if place == "query" and value is not None:
                yield name, style

    def _encode_headers(self, request: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
        for name, (place, style) in self._places.items():
            value = request.get(name)
            if place != "header" or value is None:
                continue
            text = _encode_header(style, value)
            if INVALID_FIELD_VALUE.search(text):
                raise EncodeError(name, "a header must not have control characters or blanks at its ends")
            yield style.name or name, text

    def _encode_body(self, request: Json) -> bytes | None:
        if not isinstance(request, dict):
            return dump(request) if self._body == "*" else None
        if self._body == "*":
            return dump({name: value for name, value in request.items() if name not in self._elsewhere})
        return dump(request[self._body]) if self._body in request else None


def _encode_query(name: str, style: ParameterStyle, value: Json) -> Iterator[tuple[str, str]]:
    """Yield the query parameters of one value."""
    wire = style.name or name
    match value:
        case _ if style.content:
            yield wire, dump(value).decode()
        case dict() if style.style == "deepObject":
            yield from ((f"{wire}[{key}]", _to_text(item)) for key, item in value.items() if item is not None)
        case dict() if style.explode is not False:
            yield from ((key, _to_text(item)) for key, item in value.items() if item is not None)
        case list() if style.explode is False or style.style in SEPARATORS:
            if value:
                yield wire, SEPARATORS.get(style.style, ",").join(map(_to_text, value))
        case list():
            yield from ((wire, _to_text(item)) for item in value)
        case dict():
            yield wire, ",".join(f"{key},{_to_text(item)}" for key, item in value.items())
        case _:
            yield wire, _to_text(value)


def _encode_header(style: ParameterStyle, value: Json) -> str:
    if style.content:
        return dump(value).decode()
    if isinstance(value, dict):
        between = "=" if style.explode else ","
        return ",".join(f"{key}{between}{_to_text(item)}" for key, item in value.items())
    return ",".join(map(_to_text, value)) if isinstance(value, list) else _to_text(value)


def _to_text(value: Json) -> str:
    return value if isinstance(value, str) else dump(value).decode()


def _encode_pair(pair: tuple[str, str]) -> str:
    name, value = pair
    return f"{quote(name, safe='')}={quote(value, safe='')}"
