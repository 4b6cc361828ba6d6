"""`docs/observability.md` names every metric with its labels, every field of a log line and every attribute of a span."""

from __future__ import annotations

import re
from pathlib import Path

import grpc
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.telemetry.access_log import Logs
from wirelock.serve.bridge.telemetry.call_events import Ended, Observer, Request, Response, Started
from wirelock.serve.bridge.telemetry.metrics import Metrics
from wirelock.serve.bridge.telemetry.traces import Traces

PAGE = (Path(__file__).resolve().parents[2] / "docs/observability.md").read_text("utf-8")
LOG, METRICS, TRACES = PAGE.split("\n## ")[1:]
FINDINGS = (Finding("/a", "VIOLATION", "is wrong"), Finding("/b", "VIOLATION", "is wrong"))


def a_call(observer: Observer) -> None:
    """A call that is answered, one that is not, and one that fails."""
    for status, error in ((200, ""), (0, "ClientOSError")):
        follower = observer(Started("a.A", "Get", "unary", "ipv4:127.0.0.1:1"))
        request = Request("GET", "http://127.0.0.1/", "127.0.0.1", 80, {"traceparent": f"00-{1:032x}-{1:016x}-01"})
        follower.requested(request)
        follower.responded(Response(request, 0.001, status, error))
        follower.ended(Ended(grpc.StatusCode.INTERNAL, 0.001, "", FINDINGS))


def quoted(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def test_every_field_of_a_line_is_named(caplog: pytest.LogCaptureFixture) -> None:
    a_call(Logs())
    fields = set().union(*(vars(record)["facts"] for record in caplog.records))
    named = set().union(*(quoted(line.split("|")[1]) for line in LOG.splitlines() if line.startswith("| `")))
    assert fields == named


def test_every_metric_is_named_with_its_labels() -> None:
    metrics = Metrics()
    a_call(metrics)
    ours = {
        (sample.name.removesuffix("_count"), frozenset(sample.labels))
        for family in metrics.registry.collect()
        for sample in family.samples
        if re.match(r"grpc_|http_|wirelock_", sample.name) and not re.search(r"_(bucket|sum|created)$", sample.name)
    }
    first = frozenset(("grpc_type", "grpc_service", "grpc_method"))
    named = set()
    for line in METRICS.splitlines():
        if line.startswith("| `"):
            _, name, labels, _ = line.split("|")
            base = first if "the same" in labels or "as the first" in labels else frozenset[str]()
            named.add((name.strip(" `"), base | {label for label in quoted(labels) if label.islower()}))
    assert named == ours | {("grpc_server_msg_sent_total", first)}  # nothing was sent


def test_every_attribute_of_a_span_is_named() -> None:
    memory, tracing = InMemorySpanExporter(), TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(memory))
    a_call(Traces(tracing.get_tracer("test")))
    attributes = set().union(*(span.attributes or {} for span in memory.get_finished_spans()))
    assert attributes and attributes <= quoted(TRACES)
