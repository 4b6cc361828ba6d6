"""The log of a bridge: one record for each event, with the values in its attribute `facts`."""

from __future__ import annotations

import logging
from collections import Counter

from wirelock.diagnostics import generalize_pointer
from wirelock.serve.bridge.hooks import Findings
from wirelock.traffic.secrets import redact_credentials

LOGGER_NAME = "wirelock.serve"
_MAX_KINDS = 1000
"""Kinds of findings that are counted; the server determines how many occur."""
Kind = tuple[str, str, str, str]
"""The RPC, code, schema location (or message) and document pointer of a finding."""


class BridgeLogger:
    """Hooks that log the events of a bridge."""

    def __init__(self) -> None:
        self._logger = logging.getLogger(LOGGER_NAME)
        self._kinds: Counter[Kind] = Counter()

    def on_listening(self, address: str, upstream: str) -> None:
        """Log the address of the bridge."""
        self._log(logging.INFO, "listening", address=address, upstream=upstream)

    def on_exposed(self, address: str) -> None:
        """Log a warning: any client that reaches the address can call the server."""
        self._log(logging.WARNING, "listening without TLS on an address for remote clients", address=address)

    def on_upstream_change(self, is_up: bool, upstream: str) -> None:
        """Log that the upstream became reachable or unreachable."""
        if is_up:
            self._log(logging.INFO, "upstream is up", upstream=upstream)
        else:
            self._log(logging.WARNING, "upstream cannot be reached", upstream=upstream)

    def on_findings(self, rpc: str, findings: Findings) -> None:
        """Log the first finding of each kind, and count the others."""
        for finding in findings:
            kind = (rpc, finding.code, finding.schema or finding.message, generalize_pointer(finding.pointer))
            if kind not in self._kinds and len(self._kinds) < _MAX_KINDS:
                self._log(logging.WARNING, "finding", **_to_facts(kind), message=finding.message)
            if kind in self._kinds or len(self._kinds) < _MAX_KINDS:
                self._kinds[kind] += 1

    def on_shutdown(self) -> None:
        """Log the start of the shutdown."""
        self._log(logging.INFO, "draining")

    def on_stopped(self) -> None:
        """Log the number of findings of each kind."""
        for kind, count in self._kinds.items():
            self._log(logging.WARNING, "finding total", **_to_facts(kind), count=count)

    def _log(self, level: int, event: str, **facts: str | int | float) -> None:
        if self._logger.isEnabledFor(level):
            safe = {name: redact_credentials(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
            self._logger.log(level, event, extra={"facts": safe})


def _to_facts(kind: Kind) -> dict[str, str]:
    rpc, code, schema, pointer = kind
    return {"rpc": rpc, "finding": code, "pointer": pointer, "schema": schema}
