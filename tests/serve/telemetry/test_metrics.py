"""Calls counted for Prometheus, under the names its gRPC dashboards ask for."""

from __future__ import annotations

import asyncio

import aiohttp
import grpc
import pytest
from observed import SERVICE, service, until
from prometheus_client.parser import text_string_to_metric_families

from wirelock.diagnostics import Diagnostic
from wirelock.serve.bridge.telemetry.metrics import CODES, Metrics
from wirelock.serve.bridge.telemetry.prometheus_page import exposed


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def of(kind: str, method: str, **more: str) -> dict[str, str]:
    return {"grpc_type": kind, "grpc_service": SERVICE, "grpc_method": method, **more}


def handled(metrics: Metrics, kind: str, method: str, code: str) -> float | None:
    return value(metrics, "grpc_server_handled_total", **of(kind, method, grpc_code=code))


def test_every_unary_call_is_counted_once_by_its_code() -> None:
    metrics = Metrics()

    async def calls() -> list[grpc.StatusCode]:
        async with service([metrics]) as orders:
            return [await orders.call(request) for request in (b"ok", b"ok", b"raise", b"plain", b"broken")]

    codes = asyncio.run(calls())
    assert [code.name for code in codes] == ["OK", "OK", "UNKNOWN", "NOT_FOUND", "INTERNAL"]
    assert value(metrics, "grpc_server_started_total", **of("unary", "Get")) == 5
    assert value(metrics, "grpc_server_msg_received_total", **of("unary", "Get")) == 5
    assert value(metrics, "grpc_server_msg_sent_total", **of("unary", "Get")) == 2
    counted = [handled(metrics, "unary", "Get", code) for code in ("OK", "Unknown", "NotFound", "Internal")]
    assert counted == [2, 1, 1, 1]
    assert value(metrics, "grpc_server_handling_seconds_count", **of("unary", "Get")) == 5


def test_a_call_that_its_client_cancels_is_cancelled_and_one_that_is_late_is_late() -> None:
    metrics = Metrics()

    async def calls() -> None:
        async with service([metrics]) as orders:
            assert await orders.call(b"wait", timeout=0.2) == grpc.StatusCode.DEADLINE_EXCEEDED
            waiting = asyncio.create_task(orders.call(b"wait"))
            await until(lambda: value(metrics, "grpc_server_started_total", **of("unary", "Get")) == 2)
            waiting.cancel()
            await until(lambda: handled(metrics, "unary", "Get", "Canceled") == 1)

    asyncio.run(calls())
    assert handled(metrics, "unary", "Get", "DeadlineExceeded") == 1


@pytest.mark.parametrize(("request_", "code"), [(b"", "OK"), (b"raise", "Unknown")])
def test_the_messages_of_a_stream_are_counted_to_its_end(request_: bytes, code: str) -> None:
    metrics = Metrics()

    async def calls() -> None:
        async with service([metrics]) as orders:
            try:
                assert [message async for message in orders.stream(request_)] == [b"order"] * 3
            except grpc.aio.AioRpcError as error:
                assert error.code() == grpc.StatusCode.UNKNOWN

    asyncio.run(calls())
    assert handled(metrics, "server_stream", "Watch", code) == 1
    assert value(metrics, "grpc_server_msg_sent_total", **of("server_stream", "Watch")) == 3


@pytest.mark.parametrize("request_", [b"wait", b"flood"])
def test_a_stream_that_its_client_leaves_is_cancelled_whether_it_waits_or_writes(request_: bytes) -> None:
    metrics = Metrics()

    async def calls() -> None:
        async with service([metrics]) as orders:
            stream = orders.stream(request_)
            assert await stream.read() == b"order"
            stream.cancel()
            await until(lambda: handled(metrics, "server_stream", "Watch", "Canceled") == 1)

    asyncio.run(calls())


def test_only_described_methods_become_labels() -> None:
    metrics = Metrics()

    async def calls() -> None:
        async with service([metrics]) as orders:
            await orders.channel.unary_unary("/other.Health/Get")(b"ok")
            for number in range(5):
                with pytest.raises(grpc.aio.AioRpcError, match="UNIMPLEMENTED"):
                    await orders.channel.unary_unary(f"/{SERVICE}/Get{number}")(b"ok")

    asyncio.run(calls())
    assert not [sample for family in metrics.registry.collect() for sample in family.samples if "grpc" in sample.name]


def test_requests_to_the_upstream_are_timed_by_status_or_by_what_went_wrong() -> None:
    metrics = Metrics()

    async def calls() -> None:
        async with service([metrics]) as orders:
            await orders.call(b"ok")
            await orders.call(b"down")

    asyncio.run(calls())
    status, error, verb = "http_response_status_code", "error_type", "http_request_method"
    asked = {
        (sample.labels[status], sample.labels[error], sample.labels[verb]): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "http_client_request_duration_seconds_count"
    }
    assert asked == {("200", "", "GET"): 1, ("", "ClientConnectorError", "GET"): 2}  # a GET is tried once more


def test_findings_are_counted_by_code_those_that_fail_a_call_and_those_that_do_not() -> None:
    metrics = Metrics()

    async def calls() -> None:
        async with service([metrics]) as orders:
            assert await orders.call(b"broken") == grpc.StatusCode.INTERNAL
            assert await orders.call(b"noted") == grpc.StatusCode.OK

    asyncio.run(calls())
    assert value(metrics, "wirelock_findings_total", code="VIOLATION") == 2
    assert value(metrics, "wirelock_findings_total", code="NOT_REPRESENTABLE") == 1


def test_codes_are_spelled_as_go_spells_them() -> None:
    assert CODES[grpc.StatusCode.OK] == "OK"
    assert CODES[grpc.StatusCode.CANCELLED] == "Canceled"
    assert CODES[grpc.StatusCode.RESOURCE_EXHAUSTED] == "ResourceExhausted"


def test_prometheus_reads_the_page() -> None:
    async def scraped() -> tuple[str, str]:
        metrics = Metrics()
        async with service([metrics]) as orders, exposed(metrics.registry, "127.0.0.1:0") as port:
            await orders.call(b"ok")
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port}/metrics") as page,
            ):
                return page.headers["Content-Type"], await page.text()

    kind, text = asyncio.run(scraped())
    assert kind.startswith("text/plain; version=")
    families = {family.name for family in text_string_to_metric_families(text)}
    assert {"grpc_server_started", "grpc_server_handling_seconds", "process_open_fds"} <= families


@pytest.mark.parametrize("address", ["9464", "127.0.0.1:", "127.0.0.1:99999", "localhost:http"])
def test_what_is_no_address_for_metrics_is_told(address: str) -> None:
    async def start() -> int | Diagnostic:
        async with exposed(Metrics().registry, address) as port:
            return port

    told = asyncio.run(start())
    assert isinstance(told, Diagnostic) and told.code.id == "LISTEN_INVALID"


def test_a_port_that_is_taken_is_told() -> None:
    async def start() -> int | Diagnostic:
        async with (
            exposed(Metrics().registry, "127.0.0.1:0") as port,
            exposed(Metrics().registry, f"127.0.0.1:{port}") as other,
        ):
            return other

    told = asyncio.run(start())
    assert isinstance(told, Diagnostic) and "metrics cannot be served" in told.message
