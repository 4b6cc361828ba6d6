"""GET, once for every method that can be asked: without parameters, or with those that earlier answers showed.

A path parameter is the member of that name, or else the member `id`, of the first item of the collection that the path
so far names (`/session/{sessionID}` takes it from what `/session` answered). Nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from wirelock.ir import Method, Service
from wirelock.runtime.json.text import Json, MalformedText, parse
from wirelock.serve.live.client import Call
from wirelock.serve.live.state import Run
from wirelock.traffic.http.exchange import Exchange

MOST = 500
"""How many calls a check makes at most."""
_RELATIVE = (".", "..")
_PARAMETER = re.compile(r"\{([^{}=]+)\}")

Items = Mapping[str, Mapping[str, Json]]
"""The first item of each collection, by the collection's path."""


def readable(services: Iterable[Service]) -> list[Method]:
    """The methods that read and answer once, those with fewer parameters first."""
    methods = [m for service in services for m in service.methods if m.verb.upper() == "GET" and not m.stream]
    return sorted(methods, key=lambda method: (method.path.count("{"), method.path))


async def read(run: Run, method: Method, items: dict[str, Mapping[str, Json]]) -> None:
    """Ask one method if it can be asked, and remember the first item of what it answers; raises Stopped."""
    if needed := run.needs(method):
        run.leave_out(method, needed)
        return
    path = filled(method.path, items)
    if path is None:
        run.leave_out(method, f"no answer showed what to put into {method.path}")
        return
    exchange = await run.ask(method, Call("GET", path))
    item = first_item(exchange) if exchange else None
    if item is not None:
        items[path] = item


def filled(template: str, items: Items) -> str | None:
    """A path with its parameters filled from what was seen, None if one of them was not."""
    path = ""
    for segment in template.split("/")[1:]:
        found = _PARAMETER.fullmatch(segment)
        if found is None and "{" in segment:
            return None
        value = segment if found is None else key_of(items.get(path, {}), found[1])
        if not value:
            return None
        path += f"/{value if found is None else quote(value, safe='')}"
    return path or "/"


def key_of(item: Mapping[str, Json], parameter: str) -> str:
    """What an item is called in a path, "" if it does not say, or says what leads elsewhere (RFC 3986, 5.2.4)."""
    value = item.get(parameter, item.get("id"))
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value not in _RELATIVE else ""


def first_item(exchange: Exchange) -> Mapping[str, Json] | None:
    """The first object of a list that was answered, bare or as the one list in an object."""
    if exchange.status >= 300 or exchange.response is None:
        return None
    try:
        value = parse(exchange.response.text)
    except MalformedText:
        return None
    lists = [one for one in value.values() if isinstance(one, list)] if isinstance(value, dict) else [value]
    if len(lists) != 1 or not isinstance(lists[0], list):
        return None
    return next((item for item in lists[0] if isinstance(item, dict)), None)
