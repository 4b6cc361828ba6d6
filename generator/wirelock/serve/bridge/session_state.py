"""Header values that earlier calls set for later calls, by key, as the states of a project's services describe.

A request selects a value with the property named like the key. A DELETE whose path ends in the key discards the value.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from wirelock.ir import Method, Service, StateHeader
from wirelock.runtime.findings import VIOLATION, Finding
from wirelock.runtime.json.pointers import escape_token
from wirelock.runtime.json.text import Json
from wirelock.traffic.http.request_encoder import HttpRequest, Pairs

Metadata = Mapping[str, str]
"""The client's metadata that may become headers, by lower-case name."""
MAX_KEYS = 10_000


class LruCache:
    """A mapping that discards the least recently used key if it exceeds `max_keys`."""

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._values: OrderedDict[str, str] = OrderedDict()

    def put(self, key: str, value: str) -> None:
        """Set the value of a key."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._max_keys:
            self._values.popitem(last=False)

    def get(self, key: str) -> str | None:
        """Return the value of a key and mark it as used, or return None."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def discard(self, key: str) -> None:
        """Remove a key if it is present."""
        self._values.pop(key, None)


@dataclass(frozen=True, slots=True)
class StateSlot:
    """A state with its current values."""

    state: StateHeader
    values: LruCache

    @property
    def header(self) -> str:
        """The lower-case name of the header, as in gRPC metadata."""
        return self.state.header.lower()


class SessionStates:
    """The states of all services of a project, which share one server."""

    def __init__(self, services: Iterable[Service]) -> None:
        states = dict.fromkeys(m.state for service in services for m in service.methods if m.state is not None)
        self._slots = tuple(StateSlot(state, LruCache()) for state in states)
        self.metadata_names = frozenset(slot.header for slot in self._slots)

    def select_headers(self, request: HttpRequest, properties: Mapping[str, Json], metadata: Metadata) -> Pairs:
        """Return the state headers to add to a request that does not set them itself.

        A header of the client's metadata takes precedence over the stored value for the key in `properties`.
        """
        own = {name.lower() for name, _ in request.headers}
        values = ((slot, _find_value(slot, properties, metadata)) for slot in self._slots if slot.header not in own)
        return tuple((slot.state.header, value) for slot, value in values if value)

    def remember(self, state: StateHeader, properties: Mapping[str, Json]) -> tuple[Finding, ...]:
        """Store the value of a request; return findings if its key or its value is empty."""
        empty = [name for name in (state.key, state.value) if properties.get(name) in (None, "")]
        if empty:
            return tuple(Finding(f"/{escape_token(name)}", VIOLATION, "must not be empty") for name in empty)
        slot = next(slot for slot in self._slots if slot.state == state)
        slot.values.put(str(properties[state.key]), str(properties[state.value]))
        return ()

    def forget(self, method: Method, properties: Mapping[str, Json]) -> None:
        """Discard the value for the key that a method deleted."""
        for slot in self._slots:
            if method.verb == "DELETE" and method.path.endswith(f"/{{{slot.state.key}}}"):
                slot.values.discard(str(properties.get(slot.state.key)))


def _find_value(slot: StateSlot, properties: Mapping[str, Json], metadata: Metadata) -> str | None:
    own, key = metadata.get(slot.header), properties.get(slot.state.key)
    if own is not None or key is None:
        return own
    value = slot.values.get(str(key))
    return None if value is None else quote(value, safe="")
