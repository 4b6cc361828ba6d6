"""One record a call for the log, its facts under the names that gRPC's logging middleware has.

There are no bodies in it, and what looks like a secret is kept back. Whoever formats it makes text of others harmless.
"""

from __future__ import annotations

import logging

import grpc

from wirelock.runtime.findings import Finding
from wirelock.runtime.pointers import names_of
from wirelock.serve.observing.following import Ended, Request, Response, Started
from wirelock.traffic.secrets import REDACTED, secrecy, without_credentials

LOGGER = "wirelock.serve.calls"
_LONGEST = 300
_SERVER_FAULTS = frozenset(
    (
        *(grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNIMPLEMENTED),
        *(grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DATA_LOSS),
    )
)
_QUIET = frozenset((grpc.StatusCode.OK, grpc.StatusCode.CANCELLED))
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

    __slots__ = ("_logger", "_started", "_status", "_traceparent")

    def __init__(self, started: Started, logger: logging.Logger) -> None:
        self._started = started
        self._logger = logger
        self._status: str | int = ""
        self._traceparent = ""

    def requested(self, request: Request) -> None:
        """Remember the trace that the request belongs to, if it is traced."""
        self._traceparent = request.headers.get("traceparent", "")

    def responded(self, response: Response) -> None:
        """Remember how the upstream answered last."""
        self._status = response.status or response.error

    def sent(self) -> None:
        """Messages are counted elsewhere."""

    def ended(self, end: Ended) -> None:
        """Log the call."""
        level = _level(end)
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
        self._logger.log(level, "call", extra={"facts": facts | _finding(end)})


def _level(end: Ended) -> int:
    if end.code in _SERVER_FAULTS:
        return logging.ERROR
    return logging.INFO if end.code in _QUIET and not end.findings else logging.WARNING


def _finding(end: Ended) -> Facts:
    """The first finding, and how many there are; without one, what the client was told."""
    if not end.findings:
        return {"message": _safe(end.details)} if end.details else {}
    first = end.findings[0]
    facts: Facts = {"finding": first.code, "message": _words(first)}
    if first.pointer:
        facts["pointer"] = first.pointer[:_LONGEST]
    if len(end.findings) > 1:
        facts["findings"] = len(end.findings)
    return facts


def _words(finding: Finding) -> str:
    """A finding's message, which may show a value: not that of a property that sounds secret."""
    secret = any(secrecy(name) != "none" for name in names_of(finding.pointer))
    return REDACTED if secret else _safe(finding.message)


def _safe(text: str) -> str:
    return without_credentials(text[:_LONGEST])
