"""OpenTelemetry spans: one for each call, with a child span for each request to the upstream.

Names and attributes follow the semantic conventions for RPC and HTTP; the header is W3C's `traceparent`.
"""

from __future__ import annotations

from collections.abc import Sequence

import grpc
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.telemetry.call_events import CallEnded, CallStarted, UpstreamRequest, UpstreamResponse
from wirelock.traffic.secrets import redact_url

_PROPAGATOR = TraceContextTextMapPropagator()
_HEADERS = frozenset(("traceparent", "tracestate"))
_ERROR_CODES = frozenset(
    (
        *(grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNIMPLEMENTED),
        *(grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DATA_LOSS),
    )
)
"""Codes that make a server span an error, by the semantic conventions."""


class CallTracer:
    """Starts a span for each call."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def __call__(self, started: CallStarted) -> _CallSpans:
        """Return an observer for a call, whose span continues the trace of the call's metadata."""
        carrier = {key: value for key, value in started.metadata if key in _HEADERS and isinstance(value, str)}
        span = self._tracer.start_span(
            f"{started.service}/{started.method}",
            _PROPAGATOR.extract(carrier) if carrier else None,
            SpanKind.SERVER,
            {"rpc.system": "grpc", "rpc.service": started.service, "rpc.method": started.method},
        )
        return _CallSpans(self._tracer, span)


class _CallSpans:
    """The span of one call, and that of its current request."""

    __slots__ = ("_call", "_request", "_tracer")

    def __init__(self, tracer: Tracer, call: Span) -> None:
        self._tracer = tracer
        self._call = call
        self._request: Span | None = None

    def on_request(self, request: UpstreamRequest) -> None:
        """Start the span of a request, and add its context to the request's headers."""
        attributes: dict[str, str | int] = {
            "http.request.method": request.method,
            "url.full": redact_url(request.url),
            "server.address": request.host,
            "server.port": request.port,
        }
        parent = set_span_in_context(self._call)
        self._request = self._tracer.start_span(request.method, parent, SpanKind.CLIENT, attributes)
        _PROPAGATOR.inject(request.headers, set_span_in_context(self._request))

    def on_response(self, response: UpstreamResponse) -> None:
        """End the span of the request."""
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

    def on_message_sent(self) -> None:
        """Do nothing: messages have no spans."""

    def on_findings(self, findings: Sequence[Finding]) -> None:
        """Add an event for each code; beyond its limit, the SDK drops the oldest events."""
        for code in dict.fromkeys(finding.code for finding in findings):
            self._call.add_event("wirelock.finding", {"code": code})

    def on_end(self, end: CallEnded) -> None:
        """End the span of the call."""
        self._call.set_attribute("rpc.grpc.status_code", end.code.value[0])
        self.on_findings(end.findings)
        if end.code in _ERROR_CODES:
            self._call.set_status(Status(StatusCode.ERROR))
        self._call.end()
