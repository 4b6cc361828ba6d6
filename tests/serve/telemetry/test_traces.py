"""Spans under the names of OpenTelemetry's conventions, in the trace that the client began."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from observed import SERVICE, service
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from wirelock.diagnostics import Diagnostic
from wirelock.serve.bridge.telemetry.otlp import asked, provider
from wirelock.serve.bridge.telemetry.traces import Traces

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


def spans(request: bytes, metadata: tuple[tuple[str, str], ...] = ()) -> tuple[list[ReadableSpan], dict[str, str]]:
    """The spans that a call leaves, and the headers that the upstream got."""
    memory = InMemorySpanExporter()
    tracing = TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(memory))

    async def calls() -> dict[str, str]:
        async with service([Traces(tracing.get_tracer("test"))]) as orders:
            await orders.call(request, metadata=metadata)
            return orders.headers[0] if orders.headers else {}

    headers = asyncio.run(calls())
    return list(memory.get_finished_spans()), headers


def test_a_call_is_a_server_span_and_its_request_a_client_span_under_it() -> None:
    (request, call), headers = spans(b"ok")
    assert (call.name, call.kind, call.parent) == (f"{SERVICE}/Get", SpanKind.SERVER, None)
    assert dict(call.attributes or {}) == {
        "rpc.system": "grpc",
        "rpc.service": SERVICE,
        "rpc.method": "Get",
        "rpc.grpc.status_code": 0,
    }
    assert (request.name, request.kind) == ("GET", SpanKind.CLIENT)
    assert request.parent is not None and request.parent.span_id == call.context.span_id
    attributes = dict(request.attributes or {})
    assert (attributes["http.request.method"], attributes["http.response.status_code"]) == ("GET", 200)
    assert headers["traceparent"].startswith(f"00-{call.context.trace_id:032x}-{request.context.span_id:016x}-")


def test_no_secret_of_an_address_is_in_a_span() -> None:
    (request, _), _ = spans(b"ok")
    url = str((request.attributes or {})["url.full"])
    assert url.endswith("/orders?id=1&api_key=[redacted]")


def test_the_trace_of_the_client_goes_on_to_the_upstream() -> None:
    (request, call), headers = spans(b"ok", (("traceparent", TRACEPARENT), ("tracestate", "a=1")))
    assert call.parent is not None and f"{call.parent.span_id:016x}" == PARENT
    assert f"{request.context.trace_id:032x}" == TRACE == headers["traceparent"][3:35]
    assert headers["tracestate"] == "a=1"


def test_a_traceparent_that_is_none_begins_a_trace_of_its_own() -> None:
    (_, call), _ = spans(b"ok", (("traceparent", "00-zz"),))
    assert call.parent is None


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [(b"broken", StatusCode.ERROR, 13), (b"raise", StatusCode.ERROR, 2), (b"plain", StatusCode.UNSET, 5)],
)
def test_a_fault_of_the_service_makes_an_error_and_one_of_the_client_does_not(
    request_: bytes, status: StatusCode, code: int
) -> None:
    [call], _ = spans(request_)
    assert call.status.status_code is status and (call.attributes or {})["rpc.grpc.status_code"] == code


def test_findings_are_events_of_the_span() -> None:
    [call], _ = spans(b"broken")
    assert [dict(event.attributes or {}) for event in call.events] == [
        {"code": "VIOLATION"},
        {"code": "NOT_REPRESENTABLE"},
    ]


def test_an_upstream_that_is_down_is_an_error_of_the_request() -> None:
    (*requests, _), _ = spans(b"down")
    assert len(requests) == 2  # a GET is tried once more
    for request in requests:
        assert request.status.status_code is StatusCode.ERROR
        assert (request.attributes or {})["error.type"] == "ClientConnectorError"


@pytest.mark.parametrize(
    ("environment", "wanted"),
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
def test_the_environment_asks_for_traces_by_saying_where_they_go(environment: dict[str, str], wanted: bool) -> None:
    assert asked(environment) is wanted


def test_the_service_is_named_by_the_environment_and_else_wirelock(monkeypatch: pytest.MonkeyPatch) -> None:
    def name() -> object:
        made = provider({"OTEL_TRACES_EXPORTER": "none"})
        assert isinstance(made, TracerProvider)
        made.shutdown()
        return made.resource.attributes["service.name"]

    assert name() == "wirelock"
    monkeypatch.setenv("OTEL_SERVICE_NAME", "shop")
    assert name() == "shop"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"OTEL_TRACES_EXPORTER": "carrier-pigeon"}, "no exporter of traces is called carrier-pigeon"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "smoke"}, "smoke is no protocol of OTLP"),
    ],
)
def test_an_exporter_that_is_not_there_is_told(environment: dict[str, str], words: str) -> None:
    told = provider(environment)
    assert isinstance(told, Diagnostic) and told.code.id == "TRACING_UNAVAILABLE" and told.message == words


@pytest.mark.parametrize("package", ["opentelemetry_that_nobody_has", "opentelemetry_that_nobody_has.sdk"])
def test_the_extra_is_named_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setattr("wirelock.serve.bridge.telemetry.otlp.PACKAGES", (package,))
    told = provider({"OTEL_TRACES_EXPORTER": "console"})
    assert isinstance(told, Diagnostic) and told.hint == 'pip install "wirelock[traces]"'


def test_nobody_who_does_not_ask_for_traces_loads_opentelemetry() -> None:
    modules = (
        "wirelock.serve.bridge.telemetry.exporting, wirelock.serve.observing.observed, wirelock.serve.observing.metrics"
    )
    script = f"import sys, {modules}, wirelock.serve.observing.logs; print('opentelemetry' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "False\n"
    )
