"""One line a call, for people and for machines."""

from __future__ import annotations

import asyncio
import json

import pytest
from observed import SERVICE, service

from wirelock.serve.observing.logs import LogFormat, Logs


def lines(requests: list[bytes], log_format: LogFormat = "json") -> list[str]:
    written: list[str] = []

    async def calls() -> None:
        async with service([Logs(written.append, log_format)]) as orders:
            for request in requests:
                await orders.call(request)

    asyncio.run(calls())
    assert len(written) == len(requests)
    return written


def test_a_line_says_who_called_what_how_it_ended_and_how_long_it_took() -> None:
    [line] = map(json.loads, lines([b"ok"]))
    assert (line["grpc.service"], line["grpc.method"], line["grpc.code"]) == (SERVICE, "Get", "OK")
    assert line["level"] == "info" and line["http.response.status_code"] == 200
    assert line["peer.address"].startswith("ipv4:127.0.0.1:") and 0 < line["grpc.time_ms"] < 5000
    assert line["time"].endswith("Z") and "message" not in line


def test_a_text_line_has_the_same_as_pairs() -> None:
    [line] = lines([b"plain"], "text")
    assert " level=warning grpc.service=shop.Orders grpc.method=Get grpc.code=NOT_FOUND grpc.time_ms=" in line


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_nothing_that_a_terminal_obeys_and_no_credential_is_written(log_format: LogFormat) -> None:
    [line] = lines([b"plain"], log_format)
    assert line.isprintable() and "u001b[2J" in line
    assert "abcdefgh12345" not in line and "[redacted]" in line


def test_the_finding_is_named_and_a_value_that_sounds_secret_is_kept_back() -> None:
    [line] = map(json.loads, lines([b"broken"]))
    assert (line["level"], line["finding"], line["pointer"], line["findings"]) == ("error", "VIOLATION", "/apiToken", 2)
    assert line["message"] == "[redacted]"


def test_a_finding_that_is_passed_on_is_a_warning() -> None:
    [line] = map(json.loads, lines([b"noted"]))
    assert (line["grpc.code"], line["level"], line["message"]) == ("OK", "warning", "must be a number")


def test_an_upstream_that_is_down_is_named_by_what_went_wrong() -> None:
    [line] = map(json.loads, lines([b"down"]))
    assert line["error.type"] == "ClientConnectorError" and "http.response.status_code" not in line
