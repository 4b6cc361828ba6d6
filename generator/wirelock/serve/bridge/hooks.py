"""What a bridge tells about itself, its calls, and what it passes on, to whoever observes."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from typing import Any, Protocol, TypeAlias

import grpc
from yarl import URL

from wirelock.runtime.findings import Finding

Findings = tuple[Finding, ...]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"  # generic in its stubs only
Told = Callable[[int, str], None]
"""Takes how a request ended: the status of its response, or 0 and the name of the error."""


class Observer(Protocol):
    """Takes note; must neither raise nor wait."""

    def listening(self, address: str, upstream: str) -> None: ...

    def exposed(self, address: str) -> None: ...

    def reached(self, is_up: bool, upstream: str) -> None: ...

    def noted(self, rpc: str, findings: Findings) -> None: ...

    def draining(self) -> None: ...

    def drained(self) -> None: ...


class Watch(Protocol):
    """Watches calls and the requests that they make; must neither raise nor wait."""

    def watched(self, service: str, method: str, handler: Handler) -> Handler:
        """A handler whose calls are seen."""
        ...

    def requested(self, verb: str, url: URL, headers: MutableMapping[str, str]) -> Told:
        """A request that is sent when this returns; headers may be added."""
        ...


class _Unwatched:
    """Nobody watches."""

    def watched(self, service: str, method: str, handler: Handler) -> Handler:
        """The handler as it is."""
        return handler

    def requested(self, verb: str, url: URL, headers: MutableMapping[str, str]) -> Told:
        """Nobody is told."""
        return untold


def untold(status: int, error: str) -> None:
    """Nobody is told how a request ended."""


UNWATCHED: Watch = _Unwatched()


class Observers:
    """Several observers as one."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)

    def listening(self, address: str, upstream: str) -> None:
        """The bridge takes calls."""
        for observer in self._observers:
            observer.listening(address, upstream)

    def exposed(self, address: str) -> None:
        """The bridge listens without TLS where other machines can reach it."""
        for observer in self._observers:
            observer.exposed(address)

    def reached(self, is_up: bool, upstream: str) -> None:
        """The upstream can be reached, or no longer."""
        for observer in self._observers:
            observer.reached(is_up, upstream)

    def noted(self, rpc: str, findings: Findings) -> None:
        """A message was passed on that does not hold all of the answer, or breaks its schema."""
        for observer in self._observers:
            observer.noted(rpc, findings)

    def draining(self) -> None:
        """The bridge takes no more calls, and ends when those that run have ended."""
        for observer in self._observers:
            observer.draining()

    def drained(self) -> None:
        """The last call has ended."""
        for observer in self._observers:
            observer.drained()
