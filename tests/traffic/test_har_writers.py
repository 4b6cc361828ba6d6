"""HAR as Chrome, Firefox, mitmproxy and Playwright write it: each in its way, one meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from wirelock.traffic.http.exchange import Body, Exchange
from wirelock.traffic.recordings.formats import read_recording

FIXTURES = Path(__file__).parent / "fixtures"
JSON = "application/json"
SESSIONS = Body('[{"id": "ses_1", "title": "Größe", "directory": "/work"}]'.encode(), JSON)


def read(name: str) -> tuple[Exchange, ...]:
    exchanges, found = read_recording(FIXTURES / name, name)
    assert found == ()
    return exchanges


def test_chrome_undoes_codings_keeps_headers_in_order_and_leaves_some_bodies_out() -> None:
    plain, base64, missing, socket = read("chrome.har")
    assert plain.request_headers == (("accept", "application/json"), ("accept", "text/plain"))
    assert (plain.response, base64.response) == (SESSIONS, SESSIONS)
    assert (missing.response, missing.unrecorded) == (None, ("response",))
    assert (socket.status, socket.response, socket.unrecorded) == (101, None, ())


def test_firefox_says_that_a_body_is_not_included() -> None:
    plain, missing = read("firefox.har")
    assert plain.response == SESSIONS
    assert (missing.response, missing.unrecorded) == (None, ("response",))


def test_mitmproxy_with_bodies_undone_kept_in_base64_and_kept_as_characters() -> None:
    assert [one.response for one in read("mitmproxy.har")] == [SESSIONS] * 3


def test_playwright_recorded_a_real_browser() -> None:
    page, *listed, created, deleted = read("playwright.har")
    assert page.response and page.response.media_type == "text/html"
    assert [one.url.rpartition("=")[2] for one in listed] == ["identity", "gzip", "deflate"]
    assert {
        one.response.text.startswith(b'[{"id": "ses_1", "title": "Gr\xc3\xb6\xc3\x9fe"')
        for one in listed
        if one.response
    } == {True}
    assert created.request == Body('{"title":"Größe"}'.encode(), JSON)
    assert (deleted.status, deleted.response, deleted.unrecorded) == (204, None, ())


@pytest.mark.parametrize("name", ["playwright.har"])
def test_the_secrets_of_a_url_are_not_kept(name: str) -> None:
    assert "?token=[redacted]" in read(name)[1].url
