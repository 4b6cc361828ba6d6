"""One record a call for the log, its facts under the names that gRPC's logging middleware has.

There are no bodies in it, and what looks like a secret is kept back. Whoever formats it makes text of others harmless.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import grpc

from wirelock.runtime.findings import Finding
from wirelock.runtime.json.pointers import names_of
from wirelock.serve.bridge.telemetry.call_events import Ended, Request, Response, Started
from wirelock.traffic.secrets import REDACTED, secrecy, without_credentials

LOGGER = "wirelock.serve.calls"
_LONGEST = 300
_ERRORS = frozenset(
    (
        *(grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNIMPLEMENTED),
        *(grpc.StatusCode.INTERNAL, grpc.StatusCode.DATA_LOSS),
    )
)
_USUAL = frozenset(
    (
        *(grpc.StatusCode.OK, grpc.StatusCode.CANCELLED, grpc.StatusCode.INVALID_ARGUMENT),
        *(grpc.StatusCode.NOT_FOUND, grpc.StatusCode.ALREADY_EXISTS),
    )
)
"""What is nobody's fault, or the caller's: information. The rest are warnings, as in gRPC's logging middleware."""
Facts = dict[str, str | int | float]


class Logs:
    """Logs every call when it has ended, by the logger `wirelock.serve.calls`."""

    def __init__(self) -> None:
        self._logger = logging.getLogger(LOGGER)

    def __call__(self, started: Started) -> _Line:
        """Follow a call."""
        return _Line(started, self._logger)


class _Line:
    """The line of one call, as far as it is known."""

    __slots__ = ("_findings", "_first", "_logger", "_started", "_status", "_traceparent")

    def __init__(self, started: Started, logger: logging.Logger) -> None:
        self._started = started
        self._logger = logger
        self._status: str | int = ""
        self._traceparent = ""
        self._first: Finding | None = None
        self._findings = 0

    def requested(self, request: Request) -> None:
        """Remember the trace that the request belongs to, if it is traced."""
        self._traceparent = request.headers.get("traceparent", "")

    def responded(self, response: Response) -> None:
        """Remember how the upstream answered last."""
        self._status = response.status or response.error

    def sent(self) -> None:
        """Messages are counted elsewhere."""

    def noted(self, findings: Sequence[Finding]) -> None:
        """Remember the first, and how many there are."""
        self._first = self._first or next(iter(findings), None)
        self._findings += len(findings)

    def ended(self, end: Ended) -> None:
        """Log the call."""
        level = _level(end.code, passed_on=self._findings > 0)
        self._first = next(iter(end.findings), self._first)
        self._findings += len(end.findings)
        if not self._logger.isEnabledFor(level):
            return
        facts: Facts = {
            "grpc.service": self._started.service,
            "grpc.method": self._started.method,
            "grpc.code": end.code.name,
            "grpc.time_ms": round(end.seconds * 1000, 3),
            "peer.address": self._started.peer,
        }
        if self._status:
            facts["http.response.status_code" if isinstance(self._status, int) else "error.type"] = self._status
        if self._traceparent:
            facts["trace_id"] = self._traceparent[3:35]
        facts |= self._found(end.details)
        # made here, because the logger would look through the stack for who logs
        self._logger.handle(self._logger.makeRecord(LOGGER, level, "", 0, "call", (), None, extra={"facts": facts}))

    def _found(self, details: str) -> Facts:
        """The first finding, and how many there are; without one, what the client was told."""
        if self._first is None:
            return {"message": _safe(details)} if details else {}
        facts: Facts = {"finding": self._first.code, "message": _words(self._first)}
        if self._first.pointer:
            facts["pointer"] = self._first.pointer[:_LONGEST]
        return facts | ({"findings": self._findings} if self._findings > 1 else {})


def _level(code: grpc.StatusCode, *, passed_on: bool) -> int:
    if code in _ERRORS:
        return logging.ERROR
    return logging.INFO if code in _USUAL and not passed_on else logging.WARNING


def _words(finding: Finding) -> str:
    """A finding's message, which may show a value: not that of a property that sounds secret."""
    secret = any(secrecy(name) != "none" for name in names_of(finding.pointer))
    return REDACTED if secret else _safe(finding.message)


def _safe(text: str) -> str:
    return without_credentials(text[:_LONGEST])
