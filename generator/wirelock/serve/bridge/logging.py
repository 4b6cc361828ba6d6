"""The log of a bridge: one record an event, its facts in `facts`, so that whoever formats it needs to parse nothing."""

from __future__ import annotations

import logging
from collections import Counter

from wirelock.diagnostics import grouped_pointer
from wirelock.serve.bridge.hooks import Findings
from wirelock.traffic.secrets import without_credentials

LOGGER = "wirelock.serve"
_MOST_KINDS = 1000
"""How many kinds of findings are told apart; a server decides how many there are."""
Kind = tuple[str, str, str, str]
"""RPC, code, place in the schema (or words), and place in the document."""


class Journal:
    """Logs what a bridge tells of itself, and what was passed on with findings."""

    def __init__(self) -> None:
        self._logger = logging.getLogger(LOGGER)
        self._kinds: Counter[Kind] = Counter()

    def listening(self, address: str, upstream: str) -> None:
        """The bridge takes calls."""
        self._log(logging.INFO, "listening", address=address, upstream=upstream)

    def exposed(self, address: str) -> None:
        """Whoever can reach the address can call the server, without credentials of ours."""
        self._log(logging.WARNING, "listening without TLS where other machines can reach it", address=address)

    def reached(self, is_up: bool, upstream: str) -> None:
        """The upstream can be reached, or no longer."""
        if is_up:
            self._log(logging.INFO, "upstream is up", upstream=upstream)
        else:
            self._log(logging.WARNING, "upstream cannot be reached", upstream=upstream)

    def noted(self, rpc: str, findings: Findings) -> None:
        """Each kind of finding is logged when it first occurs; how often it did is said at the end."""
        for finding in findings:
            kind = (rpc, finding.code, finding.schema or finding.message, grouped_pointer(finding.pointer))
            if kind not in self._kinds and len(self._kinds) < _MOST_KINDS:
                self._log(logging.WARNING, "finding", **_facts(kind), words=finding.message)
            if kind in self._kinds or len(self._kinds) < _MOST_KINDS:
                self._kinds[kind] += 1

    def draining(self) -> None:
        """The bridge takes no more calls."""
        self._log(logging.INFO, "draining")

    def drained(self) -> None:
        """The last call has ended, so that nothing is found any more."""
        for kind, times in self._kinds.items():
            self._log(logging.WARNING, "finding in all", **_facts(kind), times=times)

    def _log(self, level: int, event: str, **facts: str | int | float) -> None:
        if self._logger.isEnabledFor(level):
            shown = {name: without_credentials(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
            self._logger.log(level, event, extra={"facts": shown})


def _facts(kind: Kind) -> dict[str, str]:
    rpc, code, schema, pointer = kind
    return {"rpc": rpc, "finding": code, "pointer": pointer, "schema": schema}
