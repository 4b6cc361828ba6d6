"""One line a call, for people and for machines."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Sequence

import pytest
from observed import SERVICE, service
from opentelemetry.sdk.trace import TracerProvider

from wirelock.cli.logs import LOGGER, Form, logged
from wirelock.serve.bridge.telemetry.access_log import Logs
from wirelock.serve.bridge.telemetry.call_events import Observer
from wirelock.serve.bridge.telemetry.traces import Traces

Lines = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    logger = logging.getLogger(LOGGER)
    before = logger.handlers, logger.propagate, logger.level
    yield
    logger.handlers, logger.propagate, logger.level = before


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """What `wirelock serve` writes on standard error for calls."""

    def written(requests: list[bytes], form: Form = "json", observers: Sequence[Observer] = ()) -> list[str]:
        async def calls() -> None:
            async with service([*observers, Logs()]) as orders:
                for request in requests:
                    await orders.call(request)

        logged(form)
        asyncio.run(calls())
        logging.getLogger(LOGGER).handlers[0].flush()
        found = capsys.readouterr().err.splitlines()
        assert len(found) == len(requests)
        return found

    return written


def test_a_line_says_who_called_what_how_it_ended_and_how_long_it_took(lines: Lines) -> None:
    [line] = map(json.loads, lines([b"ok"]))
    assert (line["grpc.service"], line["grpc.method"], line["grpc.code"]) == (SERVICE, "Get", "OK")
    assert line["level"] == "info" and line["http.response.status_code"] == 200
    assert line["peer.address"].startswith("ipv4:127.0.0.1:") and 0 < line["grpc.time_ms"] < 5000
    assert line["time"].endswith("Z") and "message" not in line


def test_a_text_line_has_the_same_as_pairs(lines: Lines) -> None:
    [line] = lines([b"plain"], "text")
    assert " INFO call grpc.service=shop.Orders grpc.method=Get grpc.code=NOT_FOUND grpc.time_ms=" in line


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_that_a_terminal_obeys_and_no_credential_is_written(lines: Lines, form: Form) -> None:
    [line] = lines([b"plain"], form)
    assert line.isprintable() and "u001b[2J" in line
    assert "abcdefgh12345" not in line and "[redacted]" in line


def test_the_finding_is_named_and_a_value_that_sounds_secret_is_kept_back(lines: Lines) -> None:
    [line] = map(json.loads, lines([b"broken"]))
    assert (line["level"], line["finding"], line["pointer"], line["findings"]) == ("error", "VIOLATION", "/apiToken", 2)
    assert line["message"] == "[redacted]"


def test_a_finding_that_is_passed_on_is_a_warning(lines: Lines) -> None:
    [line] = map(json.loads, lines([b"noted"]))
    assert (line["grpc.code"], line["level"], line["message"]) == ("OK", "warning", "must be a number")


def test_whose_fault_it_is_decides_the_level(lines: Lines) -> None:
    levels = [json.loads(line)["level"] for line in lines([b"ok", b"plain", b"raise", b"broken"])]
    assert levels == ["info", "info", "error", "error"]


def test_an_upstream_that_is_down_is_named_by_what_went_wrong(lines: Lines) -> None:
    [line] = map(json.loads, lines([b"down"]))
    assert line["error.type"] == "ClientConnectorError" and "http.response.status_code" not in line


def test_a_line_names_the_trace_that_its_call_belongs_to(lines: Lines) -> None:
    tracer = TracerProvider().get_tracer("test")
    [line] = map(json.loads, lines([b"ok"], observers=[Traces(tracer)]))
    assert len(line["trace_id"]) == 32
