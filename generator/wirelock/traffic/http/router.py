"""The router: the method that an exchange calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, unquote_to_bytes

from wirelock.ir import Method, Service
from wirelock.path_templates import PathVariable, parse_variable
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.traffic.http.exchange import Exchange

_VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LITERAL, _SINGLE, _REST, _END = range(4)


@dataclass(frozen=True, slots=True)
class Route:
    """A service method with an HTTP rule."""

    service: Service
    method: Method


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """The route of an exchange, with the decoded path parameters by property name."""

    route: Route
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _CompiledTemplate:
    """A compiled path template; `rank` sorts templates with more literal segments first, from the left."""

    route: Route
    names: tuple[str, ...]
    pattern: re.Pattern[str]
    rank: tuple[int, ...]
    undocumented: frozenset[str]

    def match(self, path: str) -> Mapping[str, str] | None:
        """Return the parameters of a canonical path, or None if it does not match."""
        match = None if path in self.undocumented else self.pattern.fullmatch(path)
        return None if match is None else dict(zip(self.names, map(unquote, match.groups()), strict=True))


class Router:
    """The HTTP rules of services.

    A trailing slash makes another path. `{name}` matches one segment and `{name=**}` the rest with slashes; neither is
    empty. If several templates match, the one that is literal at the leftmost difference wins.
    """

    def __init__(self, services: Iterable[Service]) -> None:
        self._services = tuple(services)
        routes = (Route(service, method) for service in self._services for method in service.methods if method.verb)
        self._templates = sorted(map(_compile, routes), key=lambda template: template.rank)

    def find(self, exchange: Exchange) -> RouteMatch | None:
        """Return the route of an exchange, or None if no service documents it."""
        path = _canonicalize(exchange.path)
        for template in self._templates:
            if template.route.method.verb.upper() == exchange.method.upper():
                parameters = template.match(path)
                if parameters is not None:
                    return RouteMatch(template.route, parameters)
        return None

    def list_allowed_methods(self, path: str) -> tuple[str, ...]:
        """List the documented HTTP methods of a path."""
        canonical = _canonicalize(path)
        verbs = {t.route.method.verb.upper() for t in self._templates if t.match(canonical) is not None}
        return tuple(verb for verb in _VERBS if verb in verbs)

    def explain_mismatch(self, exchange: Exchange) -> str:
        """Explain why an exchange has no route."""
        message = f"no service documents {escape_unprintable(exchange.method)} {escape_unprintable(exchange.path)}"
        if allowed := self.list_allowed_methods(exchange.path):
            return f"{message} (documented: {', '.join(allowed)})"
        path = _canonicalize(exchange.path)
        leaving = (service.name for service in self._services if path in map(_canonicalize, service.undescribed))
        named = ", ".join(leaving)
        return f"{message} ({named} lists it as undescribed)" if named else message


def _compile(route: Route) -> _CompiledTemplate:
    segments = route.method.path.split("/")
    variables = [parse_variable(segment) for segment in segments]
    pairs = list(zip(segments, variables, strict=True))
    rank = tuple(_LITERAL if variable is None else _REST if variable.pattern else _SINGLE for variable in variables)
    return _CompiledTemplate(
        route,
        tuple(variable.name for variable in variables if variable),
        re.compile("/".join(_to_expression(segment, variable) for segment, variable in pairs), re.DOTALL),
        (*rank, _END),
        frozenset(map(_canonicalize, route.service.undescribed)),
    )


def _to_expression(segment: str, variable: PathVariable | None) -> str:
    if variable is None:
        return re.escape(_canonicalize(segment))
    return "(.+)" if variable.pattern else "([^/]+)"


def _canonicalize(path: str) -> str:
    """Return one spelling for all percent-encodings of a path (RFC 3986, 6.2.2); invalid UTF-8 is kept."""
    return "/".join(quote(unquote_to_bytes(segment), safe="") for segment in path.split("/"))
