"""Hooks that report findings in forwarded responses to the observers of the current call."""

from __future__ import annotations

from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.telemetry.call_events import get_current_call


class NotesHook:
    """Hooks that pass findings to the current call; the interceptor reports its other events."""

    def on_findings(self, rpc: str, findings: tuple[Finding, ...]) -> None:
        """Report findings to the current call."""
        call = get_current_call()
        if call is not None:
            call.on_findings(findings)

    def on_listening(self, address: str, upstream: str) -> None:
        """Do nothing."""

    def on_exposed(self, address: str) -> None:
        """Do nothing."""

    def on_upstream_change(self, is_up: bool, upstream: str) -> None:
        """Do nothing."""

    def on_shutdown(self) -> None:
        """Do nothing."""

    def on_stopped(self) -> None:
        """Do nothing."""
