"""The states of a project's services: what a call remembers, who takes it along, and who drops it.

Nothing here knows a service by name: a request names the key where it has a property of that name, and the key's value
is dropped by the DELETE whose path ends in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from wirelock.ir import Method, Service, State
from wirelock.runtime.findings import VIOLATION, Finding
from wirelock.runtime.pointers import token
from wirelock.runtime.text import Json
from wirelock.serve.bridge.calls import Pairs
from wirelock.serve.bridge.remembered import Remembered

Metadata = Mapping[str, str]
"""What of the caller's metadata is on the allow list, by name in lower case."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One state, and the values that are kept for it."""

    state: State
    values: Remembered

    @property
    def header(self) -> str:
        """The name of the header, as metadata has it."""
        return self.state.header.lower()


class States:
    """The states that the services of one project describe; they share the server in front of which they run."""

    def __init__(self, services: Iterable[Service]) -> None:
        stated = dict.fromkeys(m.state for service in services for m in service.methods if m.state is not None)
        self._kept = tuple(Kept(state, Remembered()) for state in stated)
        self.allowed = frozenset(kept.header for kept in self._kept)

    def headers(self, properties: Collection[str], request: Mapping[str, Json], metadata: Metadata) -> Pairs:
        """The headers that a call takes along: the caller's own first, else what is remembered for the key it names."""
        found = ((kept, self._value(kept, properties, request, metadata)) for kept in self._kept)
        return tuple((kept.state.header, value) for kept, value in found if value)

    def _value(
        self, kept: Kept, properties: Collection[str], request: Mapping[str, Json], metadata: Metadata
    ) -> str | None:
        own = metadata.get(kept.header)
        key = request.get(kept.state.key) if kept.state.key in properties else None
        if own is not None or not isinstance(key, str):
            return own
        remembered = kept.values.recall(key)
        return None if remembered is None else quote(remembered, safe="")

    def remember(self, state: State, request: Mapping[str, Json]) -> tuple[Finding, ...]:
        """Keep what a call says; the findings say why it cannot be kept."""
        empty = [name for name in (state.key, state.value) if request.get(name) in (None, "")]
        if empty:
            return tuple(Finding(f"/{token(name)}", VIOLATION, "must not be empty") for name in empty)
        kept = next(kept for kept in self._kept if kept.state == state)
        kept.values.remember(str(request[state.key]), str(request[state.value]))
        return ()

    def forget(self, method: Method, request: Mapping[str, Json]) -> None:
        """Drop what is kept for the key that a method has deleted."""
        for kept in self._kept:
            if method.verb == "DELETE" and method.path.endswith(f"/{{{kept.state.key}}}"):
                kept.values.forget(str(request.get(kept.state.key)))
