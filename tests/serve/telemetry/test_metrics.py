"""Metrics for Prometheus."""

from __future__ import annotations

import asyncio

import aiohttp
import grpc
import pytest
from instrumented_server import SERVICE, run_server, wait_until
from prometheus_client.parser import text_string_to_metric_families

from wirelock.diagnostics import Diagnostic
from wirelock.serve.bridge.telemetry.metrics import GO_CODE_NAMES, Metrics
from wirelock.serve.bridge.telemetry.prometheus_page import serve_metrics


def get_value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def build_labels(rpc_type: str, method: str, **more: str) -> dict[str, str]:
    return {"grpc_type": rpc_type, "grpc_service": SERVICE, "grpc_method": method, **more}


def count_handled(metrics: Metrics, rpc_type: str, method: str, code: str) -> float | None:
    return get_value(metrics, "grpc_server_handled_total", **build_labels(rpc_type, method, grpc_code=code))


def test_every_unary_call_is_counted_once_by_its_code() -> None:
    metrics = Metrics()

    async def calls() -> list[grpc.StatusCode]:
        async with run_server([metrics]) as orders:
            return [await orders.call(request) for request in (b"ok", b"ok", b"raise", b"plain", b"broken")]

    codes = asyncio.run(calls())
    assert [code.name for code in codes] == ["OK", "OK", "UNKNOWN", "NOT_FOUND", "INTERNAL"]
    assert get_value(metrics, "grpc_server_started_total", **build_labels("unary", "Get")) == 5
    assert get_value(metrics, "grpc_server_msg_received_total", **build_labels("unary", "Get")) == 5
    assert get_value(metrics, "grpc_server_msg_sent_total", **build_labels("unary", "Get")) == 2
    counted = [count_handled(metrics, "unary", "Get", code) for code in ("OK", "Unknown", "NotFound", "Internal")]
    assert counted == [2, 1, 1, 1]
    assert get_value(metrics, "grpc_server_handling_seconds_count", **build_labels("unary", "Get")) == 5


def test_cancelled_calls_and_expired_deadlines_have_different_codes() -> None:
    metrics = Metrics()

    async def calls() -> None:
        async with run_server([metrics]) as orders:
            assert await orders.call(b"wait", timeout=0.2) == grpc.StatusCode.DEADLINE_EXCEEDED
            waiting = asyncio.create_task(orders.call(b"wait"))
            await wait_until(
                lambda: get_value(metrics, "grpc_server_started_total", **build_labels("unary", "Get")) == 2
            )
            waiting.cancel()
            await wait_until(lambda: count_handled(metrics, "unary", "Get", "Canceled") == 1)

    asyncio.run(calls())
    assert count_handled(metrics, "unary", "Get", "DeadlineExceeded") == 1


@pytest.mark.parametrize(("request_", "code"), [(b"", "OK"), (b"raise", "Unknown")])
def test_the_messages_of_a_stream_are_counted(request_: bytes, code: str) -> None:
    metrics = Metrics()

    async def calls() -> None:
        async with run_server([metrics]) as orders:
            try:
                assert [message async for message in orders.stream(request_)] == [b"order"] * 3
            except grpc.aio.AioRpcError as error:
                assert error.code() == grpc.StatusCode.UNKNOWN

    asyncio.run(calls())
    assert count_handled(metrics, "server_stream", "Watch", code) == 1
    assert get_value(metrics, "grpc_server_msg_sent_total", **build_labels("server_stream", "Watch")) == 3


@pytest.mark.parametrize("request_", [b"wait", b"flood"])
def test_a_stream_whose_client_disconnects_is_cancelled(request_: bytes) -> None:
    metrics = Metrics()

    async def calls() -> None:
        async with run_server([metrics]) as orders:
            stream = orders.stream(request_)
            assert await stream.read() == b"order"
            stream.cancel()
            await wait_until(lambda: count_handled(metrics, "server_stream", "Watch", "Canceled") == 1)

    asyncio.run(calls())


def test_only_described_methods_become_labels() -> None:
    metrics = Metrics()

    async def calls() -> None:
        async with run_server([metrics]) as orders:
            await orders.channel.unary_unary("/other.Health/Get")(b"ok")
            for number in range(5):
                with pytest.raises(grpc.aio.AioRpcError, match="UNIMPLEMENTED"):
                    await orders.channel.unary_unary(f"/{SERVICE}/Get{number}")(b"ok")

    asyncio.run(calls())
    assert not [sample for family in metrics.registry.collect() for sample in family.samples if "grpc" in sample.name]


def test_requests_to_the_upstream_are_timed_by_status_or_error() -> None:
    metrics = Metrics()

    async def calls() -> None:
        async with run_server([metrics]) as orders:
            await orders.call(b"ok")
            await orders.call(b"down")

    asyncio.run(calls())
    status, error, verb = "http_response_status_code", "error_type", "http_request_method"
    counts = {
        (sample.labels[status], sample.labels[error], sample.labels[verb]): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "http_client_request_duration_seconds_count"
    }
    assert counts == {("200", "", "GET"): 1, ("", "ClientConnectorError", "GET"): 2}  # a GET is retried once


def test_findings_are_counted_by_code() -> None:
    metrics = Metrics()

    async def calls() -> None:
        async with run_server([metrics]) as orders:
            assert await orders.call(b"broken") == grpc.StatusCode.INTERNAL
            assert await orders.call(b"finding") == grpc.StatusCode.OK

    asyncio.run(calls())
    assert get_value(metrics, "wirelock_findings_total", code="VIOLATION") == 2
    assert get_value(metrics, "wirelock_findings_total", code="NOT_REPRESENTABLE") == 1


def test_codes_have_their_go_spelling() -> None:
    assert GO_CODE_NAMES[grpc.StatusCode.OK] == "OK"
    assert GO_CODE_NAMES[grpc.StatusCode.CANCELLED] == "Canceled"
    assert GO_CODE_NAMES[grpc.StatusCode.RESOURCE_EXHAUSTED] == "ResourceExhausted"


def test_prometheus_can_parse_the_page() -> None:
    async def scrape() -> tuple[str, str]:
        metrics = Metrics()
        async with run_server([metrics]) as orders, serve_metrics(metrics.registry, "127.0.0.1:0") as port:
            await orders.call(b"ok")
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port}/metrics") as page,
            ):
                return page.headers["Content-Type"], await page.text()

    kind, text = asyncio.run(scrape())
    assert kind.startswith("text/plain; version=")
    families = {family.name for family in text_string_to_metric_families(text)}
    assert {"grpc_server_started", "grpc_server_handling_seconds", "process_open_fds"} <= families


@pytest.mark.parametrize("address", ["9464", "127.0.0.1:", "127.0.0.1:99999", "localhost:http"])
def test_an_invalid_address_is_reported(address: str) -> None:
    async def start() -> int | Diagnostic:
        async with serve_metrics(Metrics().registry, address) as port:
            return port

    result = asyncio.run(start())
    assert isinstance(result, Diagnostic) and result.code.id == "LISTEN_INVALID"


def test_a_port_in_use_is_reported() -> None:
    async def start() -> int | Diagnostic:
        async with (
            serve_metrics(Metrics().registry, "127.0.0.1:0") as port,
            serve_metrics(Metrics().registry, f"127.0.0.1:{port}") as other,
        ):
            return other

    result = asyncio.run(start())
    assert isinstance(result, Diagnostic) and "cannot serve metrics" in result.message
