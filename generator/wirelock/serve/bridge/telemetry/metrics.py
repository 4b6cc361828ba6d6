"""Counts and times for Prometheus, under the names that its gRPC and OpenTelemetry worlds have.

`grpc_server_*` are those of go-grpc-middleware, down to its labels and their values; `http_client_request_duration` is
OpenTelemetry's metric as its specification writes it for Prometheus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import grpc
from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector

from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.telemetry.call_events import Ended, Request, Response, Started

_METHOD = ("grpc_type", "grpc_service", "grpc_method")
_HTTP = ("http_request_method", "server_address", "server_port", "http_response_status_code", "error_type")
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds. OpenTelemetry's advice for durations of HTTP requests, and what is below it."""
CODES = {code: "".join(word.title() for word in code.name.split("_")) for code in grpc.StatusCode} | {
    grpc.StatusCode.OK: "OK",
    grpc.StatusCode.CANCELLED: "Canceled",
}
"""gRPC's codes as Go spells them, and so the label `grpc_code`: OK, NotFound, Canceled."""


@dataclass(frozen=True, slots=True)
class _Method:
    """The counters of one method, looked up once."""

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
        self._started = self._counter("grpc_server_started_total", "RPCs started on the server.", _METHOD)
        self._handled = self._counter(
            "grpc_server_handled_total", "RPCs completed on the server, whatever the code.", (*_METHOD, "grpc_code")
        )
        self._received = self._counter("grpc_server_msg_received_total", "Messages received from clients.", _METHOD)
        self._sent = self._counter("grpc_server_msg_sent_total", "Messages sent to clients.", _METHOD)
        self._seconds = self._histogram("grpc_server_handling_seconds", "Seconds from start to end of RPCs.", _METHOD)
        self._asked = self._histogram(
            "http_client_request_duration_seconds", "Seconds until the headers of the upstream's response.", _HTTP
        )
        self._findings = self._counter("wirelock_findings_total", "Findings in requests and responses.", ("code",))
        self._methods: dict[tuple[str, str], _Method] = {}
        self._requests: dict[tuple[str, str, int, int, str], Histogram] = {}

    def __call__(self, started: Started) -> _Counted:
        """Follow a call."""
        method = self._methods.get((started.service, started.method)) or self._method(started)
        method.started.inc()
        method.received.inc()
        return _Counted(self, method)

    def responded(self, response: Response) -> None:
        """Count a request to the upstream."""
        request = response.request
        key = request.method, request.host, request.port, response.status, response.error
        if key not in self._requests:
            status = str(response.status) if response.status else ""
            error = response.error or (status if response.status >= 400 else "")
            self._requests[key] = self._asked.labels(*key[:3], status, error)
        self._requests[key].observe(response.seconds)

    def ended(self, method: _Method, end: Ended) -> None:
        """Count a call."""
        if end.code not in method.handled:
            method.handled[end.code] = self._handled.labels(*method.labels, CODES[end.code])
        method.handled[end.code].inc()
        method.seconds.observe(end.seconds)
        self.noted(end.findings)

    def noted(self, findings: Sequence[Finding]) -> None:
        """Count findings."""
        for finding in findings:
            self._findings.labels(finding.code).inc()

    def _method(self, started: Started) -> _Method:
        labels = started.kind, started.service, started.method
        begun, received, sent = (metric.labels(*labels) for metric in (self._started, self._received, self._sent))
        method = _Method(labels, begun, received, sent, self._seconds.labels(*labels))
        self._methods[started.service, started.method] = method
        return method

    def _counter(self, name: str, words: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, words, labels, registry=self.registry)

    def _histogram(self, name: str, words: str, labels: tuple[str, ...]) -> Histogram:
        return Histogram(name, words, labels, registry=self.registry, buckets=_BUCKETS)


class _Counted:
    """Counts one call."""

    __slots__ = ("_method", "_metrics")

    def __init__(self, metrics: Metrics, method: _Method) -> None:
        self._metrics = metrics
        self._method = method

    def requested(self, request: Request) -> None:
        """Requests are counted when they have ended."""

    def responded(self, response: Response) -> None:
        """Count a request to the upstream."""
        self._metrics.responded(response)

    def sent(self) -> None:
        """Count a message."""
        self._method.sent.inc()

    def noted(self, findings: Sequence[Finding]) -> None:
        """Count findings."""
        self._metrics.noted(findings)

    def ended(self, end: Ended) -> None:
        """Count the call."""
        self._metrics.ended(self._method, end)
