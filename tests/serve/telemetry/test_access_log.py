"""The access log as text and as JSON."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Sequence

import pytest
from instrumented_server import SERVICE, run_server
from opentelemetry.sdk.trace import TracerProvider

from wirelock.cli.logs import LOGGER, LogFormat, configure_logging
from wirelock.serve.bridge.telemetry.access_log import AccessLog
from wirelock.serve.bridge.telemetry.call_events import CallObserverFactory
from wirelock.serve.bridge.telemetry.traces import CallTracer

Lines = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def restore_logger() -> Iterator[None]:
    logger = logging.getLogger(LOGGER)
    before = logger.handlers, logger.propagate, logger.level
    yield
    logger.handlers, logger.propagate, logger.level = before


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """Make calls, and return their lines on standard error."""

    def make_calls(
        requests: list[bytes], form: LogFormat = "json", observers: Sequence[CallObserverFactory] = ()
    ) -> list[str]:
        async def calls() -> None:
            async with run_server([*observers, AccessLog()]) as orders:
                for request in requests:
                    await orders.call(request)

        configure_logging(form)
        asyncio.run(calls())
        logging.getLogger(LOGGER).handlers[0].flush()
        output = capsys.readouterr().err.splitlines()
        assert len(output) == len(requests)
        return output

    return make_calls


def test_a_line_has_client_method_code_and_duration(lines: Lines) -> None:
    [line] = map(json.loads, lines([b"ok"]))
    assert (line["grpc.service"], line["grpc.method"], line["grpc.code"]) == (SERVICE, "Get", "OK")
    assert line["level"] == "info" and line["http.response.status_code"] == 200
    assert line["peer.address"].startswith("ipv4:127.0.0.1:") and 0 < line["grpc.time_ms"] < 5000
    assert line["time"].endswith("Z") and "message" not in line


def test_a_text_line_has_the_same_facts_as_pairs(lines: Lines) -> None:
    [line] = lines([b"plain"], "text")
    assert " INFO call grpc.service=shop.Orders grpc.method=Get grpc.code=NOT_FOUND grpc.time_ms=" in line


@pytest.mark.parametrize("form", ["text", "json"])
def test_control_characters_are_escaped_and_credentials_are_redacted(lines: Lines, form: LogFormat) -> None:
    [line] = lines([b"plain"], form)
    assert line.isprintable() and "u001b[2J" in line
    assert "abcdefgh12345" not in line and "[redacted]" in line


def test_a_line_has_the_finding_and_redacts_values_of_secret_properties(lines: Lines) -> None:
    [line] = map(json.loads, lines([b"broken"]))
    assert (line["level"], line["finding"], line["pointer"], line["findings"]) == ("error", "VIOLATION", "/apiToken", 2)
    assert line["message"] == "[redacted]"


def test_a_finding_in_a_forwarded_response_is_a_warning(lines: Lines) -> None:
    [line] = map(json.loads, lines([b"finding"]))
    assert (line["grpc.code"], line["level"], line["message"]) == ("OK", "warning", "must be a number")


def test_the_code_determines_the_level(lines: Lines) -> None:
    levels = [json.loads(line)["level"] for line in lines([b"ok", b"plain", b"raise", b"broken"])]
    assert levels == ["info", "info", "error", "error"]


def test_an_upstream_that_is_down_has_an_error_type(lines: Lines) -> None:
    [line] = map(json.loads, lines([b"down"]))
    assert line["error.type"] == "ClientConnectorError" and "http.response.status_code" not in line


def test_a_line_has_the_trace_of_its_call(lines: Lines) -> None:
    tracer = TracerProvider().get_tracer("test")
    [line] = map(json.loads, lines([b"ok"], observers=[CallTracer(tracer)]))
    assert len(line["trace_id"]) == 32
