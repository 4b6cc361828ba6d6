"""OpenTelemetry spans of calls."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from instrumented_server import SERVICE, run_server
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, SpanKind, StatusCode

from wirelock.diagnostics import Diagnostic
from wirelock.serve.bridge.telemetry.otlp import build_tracer_provider, is_requested
from wirelock.serve.bridge.telemetry.traces import CallTracer

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


def record_spans(
    request: bytes, metadata: tuple[tuple[str, str], ...] = ()
) -> tuple[list[ReadableSpan], dict[str, str]]:
    """Make a call; return its spans, and the headers of the request to the upstream."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    async def calls() -> dict[str, str]:
        async with run_server([CallTracer(provider.get_tracer("test"))]) as orders:
            await orders.call(request, metadata=metadata)
            return orders.headers[0] if orders.headers else {}

    headers = asyncio.run(calls())
    return list(exporter.get_finished_spans()), headers


def get_context(span: ReadableSpan) -> SpanContext:
    """Return the context of a span; fails if it has none."""
    assert span.context is not None
    return span.context


def test_a_call_is_a_server_span_and_its_request_a_client_span_under_it() -> None:
    (request, call), headers = record_spans(b"ok")
    assert (call.name, call.kind, call.parent) == (f"{SERVICE}/Get", SpanKind.SERVER, None)
    assert dict(call.attributes or {}) == {
        "rpc.system": "grpc",
        "rpc.service": SERVICE,
        "rpc.method": "Get",
        "rpc.grpc.status_code": 0,
    }
    assert (request.name, request.kind) == ("GET", SpanKind.CLIENT)
    assert request.parent is not None and request.parent.span_id == get_context(call).span_id
    attributes = dict(request.attributes or {})
    assert (attributes["http.request.method"], attributes["http.response.status_code"]) == ("GET", 200)
    trace, parent = get_context(call).trace_id, get_context(request).span_id
    assert headers["traceparent"].startswith(f"00-{trace:032x}-{parent:016x}-")


def test_secrets_in_a_url_are_redacted() -> None:
    (request, _), _ = record_spans(b"ok")
    url = str((request.attributes or {})["url.full"])
    assert url.endswith("/orders?id=1&api_key=[redacted]")


def test_the_trace_of_the_client_is_propagated_to_the_upstream() -> None:
    (request, call), headers = record_spans(b"ok", (("traceparent", TRACEPARENT), ("tracestate", "a=1")))
    assert call.parent is not None and f"{call.parent.span_id:016x}" == PARENT
    assert f"{get_context(request).trace_id:032x}" == TRACE == headers["traceparent"][3:35]
    assert headers["tracestate"] == "a=1"


def test_an_invalid_traceparent_starts_a_new_trace() -> None:
    (_, call), _ = record_spans(b"ok", (("traceparent", "00-zz"),))
    assert call.parent is None


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [(b"broken", StatusCode.ERROR, 13), (b"raise", StatusCode.ERROR, 2), (b"plain", StatusCode.UNSET, 5)],
)
def test_only_server_errors_make_the_span_an_error(request_: bytes, status: StatusCode, code: int) -> None:
    [call], _ = record_spans(request_)
    assert call.status.status_code is status and (call.attributes or {})["rpc.grpc.status_code"] == code


def test_findings_are_events_of_the_span() -> None:
    [call], _ = record_spans(b"broken")
    assert [dict(event.attributes or {}) for event in call.events] == [
        {"code": "VIOLATION"},
        {"code": "NOT_REPRESENTABLE"},
    ]


def test_an_upstream_that_is_down_is_an_error_of_the_request() -> None:
    (*requests, _), _ = record_spans(b"down")
    assert len(requests) == 2  # a GET is retried once
    for request in requests:
        assert request.status.status_code is StatusCode.ERROR
        assert (request.attributes or {})["error.type"] == "ClientConnectorError"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "shop"}, False),
        ({"OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_TRACES_EXPORTER": "console"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_traces_are_requested_by_setting_a_destination(environment: dict[str, str], expected: bool) -> None:
    assert is_requested(environment) is expected


def test_the_service_name_is_wirelock_unless_the_environment_sets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_service_name() -> object:
        provider = build_tracer_provider({"OTEL_TRACES_EXPORTER": "none"})
        assert isinstance(provider, TracerProvider)
        provider.shutdown()
        return provider.resource.attributes["service.name"]

    assert get_service_name() == "wirelock"
    monkeypatch.setenv("OTEL_SERVICE_NAME", "shop")
    assert get_service_name() == "shop"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"OTEL_TRACES_EXPORTER": "carrier-pigeon"}, "no trace exporter named carrier-pigeon is installed"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "smoke"}, "smoke is not an OTLP protocol"),
    ],
)
def test_an_unknown_exporter_is_reported(environment: dict[str, str], message: str) -> None:
    diagnostic = build_tracer_provider(environment)
    assert (
        isinstance(diagnostic, Diagnostic)
        and diagnostic.code.id == "TRACING_UNAVAILABLE"
        and diagnostic.message == message
    )


@pytest.mark.parametrize("package", ["opentelemetry_not_installed", "opentelemetry_not_installed.sdk"])
def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setattr("wirelock.serve.bridge.telemetry.otlp.TRACES_PACKAGES", (package,))
    diagnostic = build_tracer_provider({"OTEL_TRACES_EXPORTER": "console"})
    assert isinstance(diagnostic, Diagnostic) and diagnostic.hint == 'run: pip install "wirelock[traces]"'


def test_opentelemetry_is_not_imported_without_traces() -> None:
    modules = ", ".join(
        f"wirelock.serve.bridge.telemetry.{name}" for name in ("otlp", "interceptor", "metrics", "access_log")
    )
    script = f"import sys, {modules}; print('opentelemetry' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "False\n"
    )
