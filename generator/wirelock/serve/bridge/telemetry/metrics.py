"""Metrics for Prometheus, named as in the gRPC and OpenTelemetry ecosystems.

`grpc_server_*` are those of go-grpc-middleware, including their labels and label values. The histogram
`http_client_request_duration_seconds` is OpenTelemetry's metric in its Prometheus spelling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import grpc
from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector

from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.telemetry.call_events import CallEnded, CallStarted, UpstreamRequest, UpstreamResponse

_RPC_LABELS = ("grpc_type", "grpc_service", "grpc_method")
_HTTP_LABELS = ("http_request_method", "server_address", "server_port", "http_response_status_code", "error_type")
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: the buckets that OpenTelemetry recommends for HTTP request durations, and smaller ones."""
GO_CODE_NAMES = {code: "".join(word.title() for word in code.name.split("_")) for code in grpc.StatusCode} | {
    grpc.StatusCode.OK: "OK",
    grpc.StatusCode.CANCELLED: "Canceled",
}
"""gRPC's codes in Go's spelling, which the label `grpc_code` has: OK, NotFound, Canceled."""


@dataclass(frozen=True, slots=True)
class _MethodMetrics:
    """The metrics of one method, with their labels resolved."""

    labels: tuple[str, str, str]
    started: Counter
    received: Counter
    sent: Counter
    seconds: Histogram
    handled: dict[grpc.StatusCode, Counter] = field(default_factory=dict[grpc.StatusCode, Counter])


class Metrics:
    """Counts calls in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._started = self._add_counter("grpc_server_started_total", "RPCs started on the server.", _RPC_LABELS)
        self._handled = self._add_counter(
            "grpc_server_handled_total", "RPCs completed on the server, whatever the code.", (*_RPC_LABELS, "grpc_code")
        )
        self._received = self._add_counter(
            "grpc_server_msg_received_total", "Messages received from clients.", _RPC_LABELS
        )
        self._sent = self._add_counter("grpc_server_msg_sent_total", "Messages sent to clients.", _RPC_LABELS)
        self._seconds = self._add_histogram(
            "grpc_server_handling_seconds", "Seconds from start to end of RPCs.", _RPC_LABELS
        )
        self._request_seconds = self._add_histogram(
            "http_client_request_duration_seconds",
            "Seconds until the headers of the upstream's response.",
            _HTTP_LABELS,
        )
        self._findings = self._add_counter("wirelock_findings_total", "Findings in requests and responses.", ("code",))
        self._methods: dict[tuple[str, str], _MethodMetrics] = {}
        self._requests: dict[tuple[str, str, int, int, str], Histogram] = {}

    def __call__(self, started: CallStarted) -> _CallMetrics:
        """Return an observer for a call."""
        method = self._methods.get((started.service, started.method)) or self._add_method(started)
        method.started.inc()
        method.received.inc()
        return _CallMetrics(self, method)

    def count_request(self, response: UpstreamResponse) -> None:
        """Count a request to the upstream."""
        request = response.request
        key = request.method, request.host, request.port, response.status, response.error
        if key not in self._requests:
            status = str(response.status) if response.status else ""
            error = response.error or (status if response.status >= 400 else "")
            self._requests[key] = self._request_seconds.labels(*key[:3], status, error)
        self._requests[key].observe(response.seconds)

    def count_call(self, method: _MethodMetrics, end: CallEnded) -> None:
        """Count a call."""
        if end.code not in method.handled:
            method.handled[end.code] = self._handled.labels(*method.labels, GO_CODE_NAMES[end.code])
        method.handled[end.code].inc()
        method.seconds.observe(end.seconds)
        self.count_findings(end.findings)

    def count_findings(self, findings: Sequence[Finding]) -> None:
        """Count findings."""
        for finding in findings:
            self._findings.labels(finding.code).inc()

    def _add_method(self, started: CallStarted) -> _MethodMetrics:
        labels = started.rpc_type, started.service, started.method
        method = _MethodMetrics(
            labels,
            self._started.labels(*labels),
            self._received.labels(*labels),
            self._sent.labels(*labels),
            self._seconds.labels(*labels),
        )
        self._methods[started.service, started.method] = method
        return method

    def _add_counter(self, name: str, description: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, description, labels, registry=self.registry)

    def _add_histogram(self, name: str, description: str, labels: tuple[str, ...]) -> Histogram:
        return Histogram(name, description, labels, registry=self.registry, buckets=_BUCKETS)


class _CallMetrics:
    """The observer of one call."""

    __slots__ = ("_method", "_metrics")

    def __init__(self, metrics: Metrics, method: _MethodMetrics) -> None:
        self._metrics = metrics
        self._method = method

    def on_request(self, request: UpstreamRequest) -> None:
        """Do nothing: requests are counted at their end."""

    def on_response(self, response: UpstreamResponse) -> None:
        """Count a request to the upstream."""
        self._metrics.count_request(response)

    def on_message_sent(self) -> None:
        """Count a message."""
        self._method.sent.inc()

    def on_findings(self, findings: Sequence[Finding]) -> None:
        """Count findings."""
        self._metrics.count_findings(findings)

    def on_end(self, end: CallEnded) -> None:
        """Count the call."""
        self._metrics.count_call(self._method, end)
