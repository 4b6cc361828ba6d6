"""What a bridge notes while it answers, told to those who follow the call that it answers."""

from __future__ import annotations

from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.telemetry.call_events import current


class PassedOn:
    """Takes note for the current call; all else about a call is seen from outside."""

    def noted(self, rpc: str, findings: tuple[Finding, ...]) -> None:
        """A message was passed on that does not hold all of the answer, or breaks its schema."""
        call = current()
        if call is not None:
            call.noted(findings)

    def listening(self, address: str, upstream: str) -> None:
        """Nothing of a call."""

    def exposed(self, address: str) -> None:
        """Nothing of a call."""

    def reached(self, is_up: bool, upstream: str) -> None:
        """Nothing of a call."""

    def draining(self) -> None:
        """Nothing of a call."""

    def drained(self) -> None:
        """Nothing of a call."""
