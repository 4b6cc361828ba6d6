"""One line a call, `key=value` or JSON, with the names that gRPC's logging middleware has.

There are no bodies in it, and what looks like a secret is kept back. Text of others is data: nothing in it is obeyed
by a terminal or taken for a line of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import grpc

from wirelock.runtime.findings import Finding
from wirelock.runtime.pointers import names_of
from wirelock.runtime.words import visible
from wirelock.serve.observing.following import Ended, Request, Response, Started
from wirelock.traffic.secrets import REDACTED, secrecy, without_credentials

LogFormat = Literal["text", "json"]
_PLAIN = re.compile(r"[^\s\"=]+")
_LONGEST = 300
_SERVER_FAULTS = frozenset(
    (
        *(grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNIMPLEMENTED),
        *(grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DATA_LOSS),
    )
)
_QUIET = frozenset((grpc.StatusCode.OK, grpc.StatusCode.CANCELLED))
Fields = dict[str, str | int | float]


class Logs:
    """Writes a line when a call has ended; `write` gets it without its line end."""

    def __init__(self, write: Callable[[str], None], log_format: LogFormat = "text") -> None:
        self._write = write
        self._line = _json if log_format == "json" else _text

    def __call__(self, started: Started) -> _Line:
        """Follow a call."""
        return _Line(started, self.write)

    def write(self, fields: Fields) -> None:
        """Write one line."""
        self._write(self._line(fields))


class _Line:
    """The line of one call, as far as it is known."""

    __slots__ = ("_started", "_status", "_traceparent", "_write")

    def __init__(self, started: Started, write: Callable[[Fields], None]) -> None:
        self._started = started
        self._write = write
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
        """Write the line."""
        fields: Fields = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": _level(end),
            "grpc.service": self._started.service,
            "grpc.method": self._started.method,
            "grpc.code": end.code.name,
            "grpc.time_ms": round(end.seconds * 1000, 3),
            "peer.address": self._started.peer,
        }
        if self._status:
            fields["http.response.status_code" if isinstance(self._status, int) else "error.type"] = self._status
        if self._traceparent:
            fields["trace_id"] = self._traceparent[3:35]
        self._write(fields | _finding(end))


def _level(end: Ended) -> str:
    if end.code in _SERVER_FAULTS:
        return "error"
    return "info" if end.code in _QUIET and not end.findings else "warning"


def _finding(end: Ended) -> Fields:
    """The first finding, and how many there are; without one, what the client was told."""
    if not end.findings:
        return {"message": _safe(end.details)} if end.details else {}
    first = end.findings[0]
    fields: Fields = {"finding": first.code, "message": _words(first)}
    if first.pointer:
        fields["pointer"] = visible(first.pointer[:_LONGEST])
    if len(end.findings) > 1:
        fields["findings"] = len(end.findings)
    return fields


def _words(finding: Finding) -> str:
    """A finding's message, which may show a value: not that of a property that sounds secret."""
    secret = any(secrecy(name) != "none" for name in names_of(finding.pointer))
    return REDACTED if secret else _safe(finding.message)


def _safe(text: str) -> str:
    return visible(without_credentials(text[:_LONGEST]))


def _json(fields: Fields) -> str:
    return json.dumps(fields, ensure_ascii=False)


def _text(fields: Fields) -> str:
    return " ".join(f"{key}={_value(value)}" for key, value in fields.items())


def _value(value: str | float) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
