"""HAR files of Chrome, Firefox, mitmproxy and Playwright."""

from __future__ import annotations

from pathlib import Path

import pytest

from wirelock.traffic.http.exchange import Exchange, RecordedBody
from wirelock.traffic.recordings.formats import read_recording

FIXTURES = Path(__file__).parent / "fixtures"
JSON = "application/json"
SESSIONS = RecordedBody('[{"id": "ses_1", "title": "Größe", "directory": "/work"}]'.encode(), JSON)


def read_fixture(name: str) -> tuple[Exchange, ...]:
    """Read a valid fixture."""
    exchanges, diagnostics = read_recording(FIXTURES / name, name)
    assert diagnostics == ()
    return exchanges


def test_chrome_decodes_bodies_keeps_header_order_and_omits_some_bodies() -> None:
    plain, base64, missing, socket = read_fixture("chrome.har")
    assert plain.request_headers == (("accept", "application/json"), ("accept", "text/plain"))
    assert (plain.response, base64.response) == (SESSIONS, SESSIONS)
    assert (missing.response, missing.unrecorded) == (None, ("response",))
    assert (socket.status, socket.response, socket.unrecorded) == (101, None, ())


def test_firefox_marks_an_omitted_body() -> None:
    plain, missing = read_fixture("firefox.har")
    assert plain.response == SESSIONS
    assert (missing.response, missing.unrecorded) == (None, ("response",))


def test_mitmproxy_bodies_are_decoded_base64_or_latin_1() -> None:
    assert [exchange.response for exchange in read_fixture("mitmproxy.har")] == [SESSIONS] * 3


def test_playwright_records_a_browser() -> None:
    page, *listed, created, deleted = read_fixture("playwright.har")
    assert page.response and page.response.media_type == "text/html"
    assert [exchange.url.rpartition("=")[2] for exchange in listed] == ["identity", "gzip", "deflate"]
    assert {
        exchange.response.text.startswith(b'[{"id": "ses_1", "title": "Gr\xc3\xb6\xc3\x9fe"')
        for exchange in listed
        if exchange.response
    } == {True}
    assert created.request == RecordedBody('{"title":"Größe"}'.encode(), JSON)
    assert (deleted.status, deleted.response, deleted.unrecorded) == (204, None, ())


@pytest.mark.parametrize("name", ["playwright.har"])
def test_secrets_in_a_url_are_redacted(name: str) -> None:
    assert "?token=[redacted]" in read_fixture(name)[1].url
