"""`docs/observability.md` lists all metrics with their labels, all log fields and all span attributes."""

from __future__ import annotations

import re
from pathlib import Path

import grpc
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.telemetry.access_log import AccessLog
from wirelock.serve.bridge.telemetry.call_events import (
    CallEnded,
    CallObserverFactory,
    CallStarted,
    UpstreamRequest,
    UpstreamResponse,
)
from wirelock.serve.bridge.telemetry.metrics import Metrics
from wirelock.serve.bridge.telemetry.traces import CallTracer

PAGE = (Path(__file__).resolve().parents[2] / "docs/observability.md").read_text("utf-8")
LOG, METRICS, TRACES = PAGE.split("\n## ")[1:]
FINDINGS = (Finding("/a", "VIOLATION", "is wrong"), Finding("/b", "VIOLATION", "is wrong"))


def observe_calls(factory: CallObserverFactory) -> None:
    """Report a call with a response, and one without."""
    for status, error in ((200, ""), (0, "ClientOSError")):
        observer = factory(CallStarted("a.A", "Get", "unary", "ipv4:127.0.0.1:1"))
        request = UpstreamRequest(
            "GET", "http://127.0.0.1/", "127.0.0.1", 80, {"traceparent": f"00-{1:032x}-{1:016x}-01"}
        )
        observer.on_request(request)
        observer.on_response(UpstreamResponse(request, 0.001, status, error))
        observer.on_end(CallEnded(grpc.StatusCode.INTERNAL, 0.001, "", FINDINGS))


def list_quoted(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def test_all_log_fields_are_documented(caplog: pytest.LogCaptureFixture) -> None:
    observe_calls(AccessLog())
    fields = set[str]().union(*(vars(record)["facts"] for record in caplog.records))
    documented = set[str]().union(
        *(list_quoted(line.split("|")[1]) for line in LOG.splitlines() if line.startswith("| `"))
    )
    assert fields == documented


def test_all_metrics_and_labels_are_documented() -> None:
    metrics = Metrics()
    observe_calls(metrics)
    actual = {
        (sample.name.removesuffix("_count"), frozenset(sample.labels))
        for family in metrics.registry.collect()
        for sample in family.samples
        if re.match(r"grpc_|http_|wirelock_", sample.name) and not re.search(r"_(bucket|sum|created)$", sample.name)
    }
    first = frozenset(("grpc_type", "grpc_service", "grpc_method"))
    documented: set[tuple[str, frozenset[str]]] = set()
    for line in METRICS.splitlines():
        if line.startswith("| `"):
            _, name, labels, _ = line.split("|")
            base = first if "the same" in labels or "as the first" in labels else frozenset[str]()
            documented.add((name.strip(" `"), base | {label for label in list_quoted(labels) if label.islower()}))
    assert documented == actual | {("grpc_server_msg_sent_total", first)}  # no message was sent


def test_all_span_attributes_are_documented() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    observe_calls(CallTracer(provider.get_tracer("test")))
    attributes = set[str]().union(*(span.attributes or {} for span in exporter.get_finished_spans()))
    assert attributes and attributes <= list_quoted(TRACES)
