"""Which method of which service an exchange calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, unquote_to_bytes

from wirelock.ir import Method, Service
from wirelock.runtime.json.formatting import visible
from wirelock.traffic.http.exchange import Exchange

PARAMETER = re.compile(r"\{([^{}=]+)(=\*\*)?\}")
_VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LITERAL, _ONE, _REST, _END = range(4)


@dataclass(frozen=True, slots=True)
class Route:
    """A method of a service that has an HTTP rule."""

    service: Service
    method: Method


@dataclass(frozen=True, slots=True)
class Match:
    """The route that an exchange takes, and the decoded parameters of its path by property name."""

    route: Route
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Template:
    """A route's path, compiled; `rank` sorts the more literal template first, segment by segment from the left."""

    route: Route
    names: tuple[str, ...]
    pattern: re.Pattern[str]
    rank: tuple[int, ...]
    undescribed: frozenset[str]

    def match(self, path: str) -> Mapping[str, str] | None:
        """The parameters of a canonical path, None if it is another path."""
        found = None if path in self.undescribed else self.pattern.fullmatch(path)
        return None if found is None else dict(zip(self.names, map(unquote, found.groups()), strict=True))


class Routes:
    """The HTTP rules of services.

    A trailing slash makes another path. `{name}` takes one segment and `{name=**}` the rest, slashes included; neither
    takes nothing. Where several templates fit, the one wins that is literal at the leftmost difference.
    """

    def __init__(self, services: Iterable[Service]) -> None:
        self._services = tuple(services)
        routes = (Route(service, method) for service in self._services for method in service.methods if method.verb)
        self._templates = sorted(map(_compile, routes), key=lambda template: template.rank)

    def find(self, exchange: Exchange) -> Match | None:
        """The route of an exchange, None if no service describes it."""
        path = _canonical(exchange.path)
        for template in self._templates:
            if template.route.method.verb.upper() == exchange.method.upper():
                parameters = template.match(path)
                if parameters is not None:
                    return Match(template.route, parameters)
        return None

    def allowed(self, path: str) -> tuple[str, ...]:
        """The HTTP methods that are described for a path."""
        canonical = _canonical(path)
        verbs = {t.route.method.verb.upper() for t in self._templates if t.match(canonical) is not None}
        return tuple(verb for verb in _VERBS if verb in verbs)

    def reason(self, exchange: Exchange) -> str:
        """Why an exchange has no route, in words."""
        words = f"no service describes {visible(exchange.method)} {visible(exchange.path)}"
        if allowed := self.allowed(exchange.path):
            return f"{words} (described: {', '.join(allowed)})"
        path = _canonical(exchange.path)
        leaving = (service.name for service in self._services if path in map(_canonical, service.undescribed))
        named = ", ".join(leaving)
        return f"{words} (undescribed: {named} leaves it out)" if named else words


def _compile(route: Route) -> _Template:
    segments = route.method.path.split("/")
    parameters = [PARAMETER.fullmatch(segment) for segment in segments]
    pairs = list(zip(segments, parameters, strict=True))
    rank = tuple(_LITERAL if found is None else _REST if found[2] else _ONE for found in parameters)
    return _Template(
        route,
        tuple(found[1] for found in parameters if found),
        re.compile("/".join(_expression(segment, found) for segment, found in pairs), re.DOTALL),
        (*rank, _END),
        frozenset(map(_canonical, route.service.undescribed)),
    )


def _expression(segment: str, parameter: re.Match[str] | None) -> str:
    if parameter is None:
        return re.escape(_canonical(segment))
    return "(.+)" if parameter[2] else "([^/]+)"


def _canonical(path: str) -> str:
    """One spelling for every way to percent-encode a path (RFC 3986, 6.2.2); bytes that are no UTF-8 are kept."""
    return "/".join(quote(unquote_to_bytes(segment), safe="") for segment in path.split("/"))
