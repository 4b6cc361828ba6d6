"""The states of a project's services: what a call remembers, who takes it along, and who drops it.

Nothing here knows a service by name: a request names the key where it has a property of that name, and the key's value
is dropped by the DELETE whose path ends in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from wirelock.ir import Method, Service, State
from wirelock.runtime.findings import VIOLATION, Finding
from wirelock.runtime.json.pointers import token
from wirelock.runtime.json.text import Json
from wirelock.serve.bridge.lru import Remembered
from wirelock.traffic.http.request_encoder import Call, Pairs

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

    def headers(self, call: Call, request: Mapping[str, Json], metadata: Metadata) -> Pairs:
        """The headers that a call takes along, where it has none of the name itself.

        That is the caller's own, else what is remembered for the key that the request names.
        """
        stated = {name.lower() for name, _ in call.headers}
        found = ((kept, _value(kept, request, metadata)) for kept in self._kept if kept.header not in stated)
        return tuple((kept.state.header, value) for kept, value in found if value)

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


def _value(kept: Kept, request: Mapping[str, Json], metadata: Metadata) -> str | None:
    own, key = metadata.get(kept.header), request.get(kept.state.key)
    if own is not None or key is None:
        return own
    remembered = kept.values.recall(str(key))
    return None if remembered is None else quote(remembered, safe="")
