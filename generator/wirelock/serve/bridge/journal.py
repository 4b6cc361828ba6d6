"""The log of a bridge: one record an event, its facts in `facts`, so that whoever formats it needs to parse nothing."""

from __future__ import annotations

import logging

from wirelock.serve.bridge.answers import Answered
from wirelock.serve.bridge.failures import Failure
from wirelock.serve.bridge.observing import Ended

LOGGER = "wirelock.serve"


class Journal:
    """Logs what it observes: failures of the server as warnings, those of a request as information."""

    def __init__(self) -> None:
        self._logger = logging.getLogger(LOGGER)

    def listening(self, address: str, upstream: str) -> None:
        """The bridge takes calls."""
        self._log(logging.INFO, "listening", address=address, upstream=upstream)

    def reached(self, is_up: bool, upstream: str) -> None:
        """The upstream can be reached, or no longer."""
        if is_up:
            self._log(logging.INFO, "upstream is up", upstream=upstream)
        else:
            self._log(logging.WARNING, "upstream cannot be reached", upstream=upstream)

    def ended(self, call: Ended) -> None:
        """A call has ended."""
        base: dict[str, str | int | float] = {
            "rpc": call.rpc,
            "code": call.code,
            "milliseconds": round(call.seconds * 1000, 2),
        }
        match call.outcome:
            case Failure() as failure:
                level = logging.WARNING if failure.faulty else logging.INFO
                found = {f"finding.{i}": f"{f.pointer}: {f.message}" for i, f in enumerate(failure.findings[:8])}
                status = {"http_status": failure.status} if failure.status else {}
                self._log(level, "call failed", **base, **status, reason=failure.reason, words=failure.message, **found)
            case Answered(_, notes) if notes:
                first = notes[0]
                words = f"{first.pointer}: {first.message}"
                self._log(logging.WARNING, "call answered with notes", **base, notes=len(notes), first=words)
            case Answered() | None:
                self._log(logging.DEBUG, "call ended", **base)

    def draining(self) -> None:
        """The bridge takes no more calls."""
        self._log(logging.INFO, "draining")

    def _log(self, level: int, event: str, **facts: str | int | float) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, extra={"facts": facts})
