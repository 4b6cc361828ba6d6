"""The access log: one record for each call, whose facts are named as in gRPC's logging middleware.

Records contain no bodies, and values that look secret are redacted. The formatter escapes text of clients and servers.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import grpc

from wirelock.runtime.findings import Finding
from wirelock.runtime.json.pointers import split_pointer
from wirelock.serve.bridge.telemetry.call_events import CallEnded, CallStarted, UpstreamRequest, UpstreamResponse
from wirelock.traffic.secrets import REDACTED, classify_name, redact_credentials

LOGGER_NAME = "wirelock.serve.calls"
_MAX_CHARACTERS = 300
_ERROR_CODES = frozenset(
    (
        *(grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNIMPLEMENTED),
        *(grpc.StatusCode.INTERNAL, grpc.StatusCode.DATA_LOSS),
    )
)
_INFO_CODES = frozenset(
    (
        *(grpc.StatusCode.OK, grpc.StatusCode.CANCELLED, grpc.StatusCode.INVALID_ARGUMENT),
        *(grpc.StatusCode.NOT_FOUND, grpc.StatusCode.ALREADY_EXISTS),
    )
)
"""Codes logged as information, as in gRPC's logging middleware; other codes are warnings or errors."""
Facts = dict[str, str | int | float]


class AccessLog:
    """Logs every call at its end, with the logger `wirelock.serve.calls`."""

    def __init__(self) -> None:
        self._logger = logging.getLogger(LOGGER_NAME)

    def __call__(self, started: CallStarted) -> _CallRecord:
        """Return an observer for a call."""
        return _CallRecord(started, self._logger)


class _CallRecord:
    """The record of one call while it runs."""

    __slots__ = ("_first_finding", "_logger", "_num_findings", "_started", "_status", "_traceparent")

    def __init__(self, started: CallStarted, logger: logging.Logger) -> None:
        self._started = started
        self._logger = logger
        self._status: str | int = ""
        self._traceparent = ""
        self._first_finding: Finding | None = None
        self._num_findings = 0

    def on_request(self, request: UpstreamRequest) -> None:
        """Store the trace of the request."""
        self._traceparent = request.headers.get("traceparent", "")

    def on_response(self, response: UpstreamResponse) -> None:
        """Store the status of the last response, or its error."""
        self._status = response.status or response.error

    def on_message_sent(self) -> None:
        """Do nothing: the log does not count messages."""

    def on_findings(self, findings: Sequence[Finding]) -> None:
        """Store the first finding, and the number of findings."""
        self._first_finding = self._first_finding or next(iter(findings), None)
        self._num_findings += len(findings)

    def on_end(self, end: CallEnded) -> None:
        """Log the call."""
        level = _choose_level(end.code, has_findings=self._num_findings > 0)
        self._first_finding = next(iter(end.findings), self._first_finding)
        self._num_findings += len(end.findings)
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
        facts |= self._describe_findings(end.details)
        # Logger.log would search the stack for its caller, which costs time
        record = self._logger.makeRecord(LOGGER_NAME, level, "", 0, "call", (), None, extra={"facts": facts})
        self._logger.handle(record)

    def _describe_findings(self, details: str) -> Facts:
        """Return the first finding and the number of findings; without findings, the status message."""
        if self._first_finding is None:
            return {"message": _redact(details)} if details else {}
        facts: Facts = {"finding": self._first_finding.code, "message": _format_message(self._first_finding)}
        if self._first_finding.pointer:
            facts["pointer"] = self._first_finding.pointer[:_MAX_CHARACTERS]
        return facts | ({"findings": self._num_findings} if self._num_findings > 1 else {})


def _choose_level(code: grpc.StatusCode, *, has_findings: bool) -> int:
    if code in _ERROR_CODES:
        return logging.ERROR
    return logging.INFO if code in _INFO_CODES and not has_findings else logging.WARNING


def _format_message(finding: Finding) -> str:
    """Return the message of a finding; a message about a property with a secret name may contain its value."""
    is_secret = any(classify_name(name) != "none" for name in split_pointer(finding.pointer))
    return REDACTED if is_secret else _redact(finding.message)


def _redact(text: str) -> str:
    return redact_credentials(text[:_MAX_CHARACTERS])
