"""What a bridge tells about itself and what it passes on, to whoever observes; calls are seen from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from wirelock.runtime.findings import Finding

Findings = tuple[Finding, ...]


class Observer(Protocol):
    """Takes note; must neither raise nor wait."""

    def listening(self, address: str, upstream: str) -> None: ...

    def exposed(self, address: str) -> None: ...

    def reached(self, is_up: bool, upstream: str) -> None: ...

    def noted(self, rpc: str, findings: Findings) -> None: ...

    def draining(self) -> None: ...


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
