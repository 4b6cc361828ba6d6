"""Spans of OpenTelemetry: one a call, and under it one a request to the upstream, which is told of its parent.

Names and attributes are those of the semantic conventions for RPC and HTTP; the header is W3C's `traceparent`.
"""

from __future__ import annotations

from collections.abc import Sequence

import grpc
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.telemetry.call_events import Ended, Request, Response, Started
from wirelock.traffic.secrets import without_secrets

_PROPAGATOR = TraceContextTextMapPropagator()
_HEADERS = frozenset(("traceparent", "tracestate"))
_FAULTS = frozenset(
    (
        *(grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNIMPLEMENTED),
        *(grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DATA_LOSS),
    )
)
"""The codes that make the span of a server an error, by the conventions."""


class Traces:
    """Begins a span for each call."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def __call__(self, started: Started) -> _Spans:
        """Follow a call, in the trace that its metadata names if there is one."""
        carrier = {key: value for key, value in started.metadata if key in _HEADERS and isinstance(value, str)}
        span = self._tracer.start_span(
            f"{started.service}/{started.method}",
            _PROPAGATOR.extract(carrier) if carrier else None,
            SpanKind.SERVER,
            {"rpc.system": "grpc", "rpc.service": started.service, "rpc.method": started.method},
        )
        return _Spans(self._tracer, span)


class _Spans:
    """The span of one call, and that of its request."""

    __slots__ = ("_call", "_request", "_tracer")

    def __init__(self, tracer: Tracer, call: Span) -> None:
        self._tracer = tracer
        self._call = call
        self._request: Span | None = None

    def requested(self, request: Request) -> None:
        """Begin the span of a request, and name it in the request's headers."""
        attributes: dict[str, str | int] = {
            "http.request.method": request.method,
            "url.full": without_secrets(request.url),
            "server.address": request.host,
            "server.port": request.port,
        }
        parent = set_span_in_context(self._call)
        self._request = self._tracer.start_span(request.method, parent, SpanKind.CLIENT, attributes)
        _PROPAGATOR.inject(request.headers, set_span_in_context(self._request))

    def responded(self, response: Response) -> None:
        """End it."""
        span = self._request
        if span is None:
            return
        if response.status:
            span.set_attribute("http.response.status_code", response.status)
        if response.error or response.status >= 400:
            span.set_attribute("error.type", response.error or str(response.status))
            span.set_status(Status(StatusCode.ERROR))
        span.end()
        self._request = None

    def sent(self) -> None:
        """Messages are no spans."""

    def noted(self, findings: Sequence[Finding]) -> None:
        """Add events; past the SDK's limit, the oldest make room."""
        for code in dict.fromkeys(finding.code for finding in findings):
            self._call.add_event("wirelock.finding", {"code": code})

    def ended(self, end: Ended) -> None:
        """End the span of the call."""
        self._call.set_attribute("rpc.grpc.status_code", end.code.value[0])
        self.noted(end.findings)
        if end.code in _FAULTS:
            self._call.set_status(Status(StatusCode.ERROR))
        self._call.end()
