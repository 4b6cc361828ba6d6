"""Calls of all GET methods, with path parameters from earlier responses.

The value of a path parameter is the member of that name, or else the member `id`, of the first item of the collection
at the preceding path: `/session/{sessionID}` takes it from the response of `/session`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from wirelock.ir import Method, Service
from wirelock.path_templates import parse_variable
from wirelock.runtime.json.text import Json, MalformedText, parse
from wirelock.serve.live.client import LiveCall
from wirelock.serve.live.state import LiveCheckState
from wirelock.traffic.http.exchange import Exchange

MAX_CALLS = 500
"""Most GET methods that a check calls."""
_RELATIVE = (".", "..")

FirstItems = Mapping[str, Mapping[str, Json]]
"""The first item of each collection, by the path of the collection."""


def find_readable_methods(services: Iterable[Service]) -> list[Method]:
    """Return the GET methods that are not streams, those with fewer path parameters first."""
    methods = [m for service in services for m in service.methods if m.verb.upper() == "GET" and not m.stream]
    return sorted(methods, key=lambda method: (method.path.count("{"), method.path))


async def call_method(state: LiveCheckState, method: Method, items: dict[str, Mapping[str, Json]]) -> None:
    """Call a method, or skip it if a parameter is unknown; keep the first item of the response. Raises CheckAborted."""
    if missing := state.describe_missing_parameters(method):
        state.skip(method, missing)
        return
    path = fill_path(method.path, items)
    if path is None:
        state.skip(method, f"no earlier response has a value for a parameter of {method.path}")
        return
    exchange = await state.call(method, LiveCall("GET", path))
    item = find_first_item(exchange) if exchange else None
    if item is not None:
        items[path] = item


def fill_path(template: str, items: FirstItems) -> str | None:
    """Return a path with values for its parameters, or None if a value is unknown."""
    path = ""
    for segment in template.split("/")[1:]:
        variable = parse_variable(segment)
        if variable is not None and variable.pattern:
            return None
        value = segment if variable is None else get_key(items.get(path, {}), variable.name)
        if not value:
            return None
        path += f"/{value if variable is None else quote(value, safe='')}"
    return path or "/"


def get_key(item: Mapping[str, Json], parameter: str) -> str:
    """Return the key of an item in a path, or "" if it is missing or a dot segment (RFC 3986, 5.2.4)."""
    value = item.get(parameter, item.get("id"))
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value not in _RELATIVE else ""


def find_first_item(exchange: Exchange) -> Mapping[str, Json] | None:
    """Return the first object of the list in a response; the list may be the only one in an object."""
    if exchange.status >= 300 or exchange.response is None:
        return None
    try:
        value = parse(exchange.response.text)
    except MalformedText:
        return None
    lists = [member for member in value.values() if isinstance(member, list)] if isinstance(value, dict) else [value]
    if len(lists) != 1 or not isinstance(lists[0], list):
        return None
    return next((item for item in lists[0] if isinstance(item, dict)), None)
