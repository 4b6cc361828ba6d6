"""Findings do not show the credentials of the proxy, which a server may repeat in its responses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from running_proxy import build_response, respond_with, run_proxy

from wirelock.api.proxy import Mode

PASSWORD = 'hunter2/"secret"\u00a0ö'
BODY = json.dumps([{"id": PASSWORD, PASSWORD: 1, "time": {"created": f"{'x' * 50}{PASSWORD}"}}]).encode()


@pytest.fixture(autouse=True)
def set_credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set credentials for the server in the environment."""
    monkeypatch.setenv("WIRELOCK_UPSTREAM_USER", "me")
    monkeypatch.setenv("WIRELOCK_UPSTREAM_PASSWORD", PASSWORD)
    yield


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_findings_do_not_show_the_password(mode: Mode) -> None:
    async def run() -> None:
        async with run_proxy(respond_with(build_response(BODY)), mode) as proxy:
            response = await proxy.get()
            await proxy.get(f"/nowhere/{quote(PASSWORD)}")
            report = await proxy.build_report()
            page = await proxy.get("/__wirelock/report")
        assert any("got string" in diagnostic.message for diagnostic in report.diagnostics) and report.examples
        assert "[redacted]" in repr(report) and "hunter" not in repr(report)
        assert b"[redacted]" in page and b"hunter" not in page
        assert (b"hunter" in response) == (mode == "report"), "the response is forwarded unchanged or not at all"

    asyncio.run(run())


def test_the_live_page_does_not_show_the_password() -> None:
    async def run() -> None:
        async with run_proxy(respond_with(build_response(BODY))) as proxy:
            await proxy.get()
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(b"GET /__wirelock/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            shown = await asyncio.wait_for(reader.readuntil(b"event: state"), 10)
            shown += await asyncio.wait_for(reader.readuntil(b"\n\n"), 10)
            writer.close()
        assert b"got string" in shown and b"[redacted]" in shown and b"hunter" not in shown

    asyncio.run(run())
