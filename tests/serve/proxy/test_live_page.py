"""The live page of the proxy in Chromium, while traffic passes.

The environment variable WIRELOCK_SCREENSHOTS names the folder for screenshots.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from contrast import FIND_LOW_CONTRAST
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from running_proxy import SESSION, emit_project

from wirelock.api.proxy import build_proxy, resolve_endpoints
from wirelock.serve.proxy.server import ShutdownEvents, serve

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.long, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]
SIZES = {"wide": (1280, 900), "phone": (390, 844)}
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e"
ROWS = "#flow > li:not([hidden])"
UNTITLED = SESSION.replace(b'"title":"t"', b'"title":5')
expect.set_options(timeout=30_000)


class _PageHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        bodies = {"/session": b"[%s]" % SESSION, "/session/bad": b'{"id": 1}', "/session/untitled": UNTITLED}
        body = bodies.get(path, json.dumps({HOSTILE: HOSTILE, "id": HOSTILE}).encode())
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Run a proxy in front of a server, both in threads; yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _PageHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    loop = asyncio.new_event_loop()
    endpoints = resolve_endpoints(f"http://127.0.0.1:{server.server_port}", "127.0.0.1:0")
    assert isinstance(endpoints, tuple)
    proxy = build_proxy(*emit_project(), endpoints, "report", None)
    addresses: list[str] = []
    listening, shutdown = threading.Event(), ShutdownEvents()

    def set_address(address: str) -> None:
        addresses.append(address)
        listening.set()

    async def run() -> None:
        await serve(proxy, set_address, shutdown)
        await proxy.inspector.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert listening.wait(20)
    yield addresses[0]
    loop.call_soon_threadsafe(shutdown.requested.set)
    thread.join(20)
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class OpenPage:
    """An open page with its console messages and requests."""

    def __init__(self, browser: Browser, address: str, size: str = "wide", scheme: str = "light") -> None:
        width, height = SIZES[size]
        self._context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
        )
        self._address = address
        self.page = self._context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(f"{address}/__wirelock/")
        self.page.wait_for_selector("#link.live")

    def close(self) -> None:
        self._context.close()
        assert self.complaints == []
        assert {url for url in self.requests if not url.startswith("data:")} == {
            f"{self._address}/__wirelock/", f"{self._address}/__wirelock/events",
        }  # fmt: skip


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    opened = OpenPage(browser, address)
    yield opened.page
    opened.close()


def fetch(address: str, target: str) -> str:
    """Return the body of a response of the server, or of the proxy itself."""
    with urllib.request.urlopen(address + target, timeout=30) as response:
        body: bytes = response.read()
        return body.decode()


def find_finding(page: Page, message: str) -> Locator:
    """Return the finding with this message."""
    return page.locator("#list .finding").filter(has=page.locator(".message", has_text=message))


def find_rows(page: Page, target: str) -> Locator:
    """Return the visible rows of exchanges with this target."""
    return page.locator(ROWS).filter(has=page.locator(".path", has_text=target))


def test_exchanges_are_listed_with_their_outcomes(page: Page, address: str) -> None:
    fetch(address, "/session?flows=1")
    expect(find_rows(page, "/session?flows=1").locator(".outcome")).to_have_text("conforming")
    fetch(address, "/session/bad?flows=1")
    bad = find_rows(page, "/session/bad?flows=1")
    expect(bad.locator(".outcome")).to_have_text("violating")
    bad.locator("summary").click()
    expect(bad.locator("ul")).to_contain_text("VIOLATION")
    expect(bad.locator("ul")).to_contain_text("SessionService.GetSession")


def test_a_finding_marks_the_location_in_the_document(page: Page, address: str) -> None:
    fetch(address, "/session/bad")
    card = find_finding(page, "expected string, got integer 1")
    card.wait_for()
    if card.locator("details[open]").count() == 0:
        card.locator("summary").first.click()
    expect(card.locator("figcaption b")).to_have_text(["Schema", "Recorded"])
    expect(card.locator("mark", has_text='"id"').first).to_be_visible()


def test_coverage_is_updated(page: Page, address: str) -> None:
    fetch(address, "/session")
    page.locator("#coverage .kinds .tile").first.wait_for()
    covered = page.locator("#coverage .rows > li").filter(has_text="ListSessions")
    covered.filter(has_text="exchange").first.wait_for()


def test_a_finding_stays_open_or_closed_while_traffic_flows(page: Page, address: str) -> None:
    """Only this test causes the second finding, so that its count changes from one to two."""
    fetch(address, "/session/bad")
    fetch(address, "/session/untitled")
    opened = find_finding(page, "expected string, got integer 5")
    opened.locator("summary").first.click()
    opened.locator("summary", has_text="Explanation").click()
    closed = page.locator(f"#list [data-key='{page.locator('#list [data-key]').first.get_attribute('data-key')}']")
    expect(closed.locator(".detail")).to_be_visible()
    closed.locator("summary").first.click()
    expect(opened.locator(".times")).to_have_text("")
    for times in (2, 3):
        fetch(address, "/session/untitled")
        expect(opened.locator(".times")).to_have_text(f"{times} times")
        expect(opened.locator("details.more p").first).to_be_visible()
        expect(closed.locator(".detail")).to_be_hidden()
        expect(closed.locator("summary").first).to_be_focused()  # keyboard users continue from there


def test_every_collapsible_element_has_a_unique_key(page: Page, address: str) -> None:
    fetch(address, "/session")
    fetch(address, "/session/bad")
    find_finding(page, "directory").first.wait_for()
    page.locator("#coverage details").first.wait_for()
    opened = "document.querySelectorAll('#list details, #coverage details')"
    keys = page.evaluate(f"[...{opened}].map((details) => details.dataset.key)")
    assert None not in keys
    assert len(keys) == len(set(keys)) > 2


def test_hostile_text_is_shown_as_text(page: Page, address: str) -> None:
    fetch(address, f"/session/{urllib.parse.quote('<img src=x onerror=alert(3)>')}?q=%3Cb%3E")
    expect(find_rows(page, "%3Cimg").locator(".outcome")).to_have_text("violating")
    page.locator("#list").get_by_text("</script>").first.wait_for()
    assert page.locator("#list img, #flow img, main script").count() == 0
    assert "\u202e" not in page.locator("body").inner_text()


def test_the_list_is_filtered_by_words_and_failures(page: Page, address: str) -> None:
    fetch(address, "/session?words=1")
    fetch(address, "/session/bad?words=1")
    expect(find_rows(page, "words=1").locator(".outcome", has_text=re.compile("conforming|violating"))).to_have_count(2)
    page.locator("#search").fill("WORDS=1 get")
    expect(page.locator(ROWS)).to_have_count(2)
    page.get_by_role("button", name="Only violations").click()
    expect(page.locator(ROWS)).to_have_count(1)


def test_a_pause_delays_new_exchanges(browser: Browser, page: Page, address: str) -> None:
    """A second page shows that the exchange has arrived."""
    page.keyboard.press("p")
    other = OpenPage(browser, address)
    fetch(address, "/session?paused=1")
    find_rows(other.page, "paused=1").wait_for()
    other.close()
    assert find_rows(page, "paused=1").count() == 0
    page.keyboard.press("p")
    find_rows(page, "paused=1").wait_for()


def test_every_key_works(page: Page, address: str) -> None:
    fetch(address, "/session?keys=1")
    fetch(address, "/session?keys=2")
    find_rows(page, "keys=2").wait_for()
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("keys=jkp")
    assert page.locator("#search").input_value() == "keys=jkp"
    page.keyboard.press("Escape")
    for key in "jjk":
        page.keyboard.press(key)
    current = page.locator("#flow > li.current")
    page.keyboard.press("o")
    assert current.locator("details[open]").count() == 1
    page.keyboard.press("w")
    assert page.locator("#wrong").get_attribute("aria-pressed") == "true"
    page.keyboard.press("t")
    assert page.locator("#theme").inner_text() == "Theme: light"
    listed = {" ".join(text.split()) for text in page.locator("#keys dt").all_text_contents()}
    assert listed == {"/", "j k", "o", "w", "p", "t", "?"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_page_fits_its_window(browser: Browser, address: str, tmp_path: Path, size: str, scheme: str) -> None:
    fetch(address, "/session")
    fetch(address, "/session/bad")
    opened = OpenPage(browser, address, size, scheme)
    opened.page.locator("#list .finding").first.wait_for()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    folder = Path(os.environ.get("WIRELOCK_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    opened.page.screenshot(path=folder / f"proxy-{size}-{scheme}.png", full_page=True)
    opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(browser: Browser, address: str, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1."""
    fetch(address, "/session/bad")
    opened = OpenPage(browser, address, scheme=scheme)
    opened.page.locator("#list .finding").first.wait_for()
    opened.page.locator("#flow summary").first.click()
    assert opened.page.evaluate(FIND_LOW_CONTRAST) == []
    opened.close()


def test_every_control_has_a_name(page: Page, address: str) -> None:
    fetch(address, "/session/bad")
    page.locator("#list .finding").first.wait_for()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, a, [role=region], [role=group], dialog")]
          .filter((node) => !(node.getAttribute("aria-label") || node.getAttribute("aria-labelledby") || node.innerText
            || node.textContent.trim())).map((node) => node.outerHTML)"""
    )
    assert nameless == []
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))


def test_the_report_page_is_the_html_report(browser: Browser, address: str) -> None:
    fetch(address, "/session/bad")
    for _ in range(300):  # the response arrives before it is checked
        if "got integer 1" in fetch(address, "/__wirelock/report"):
            break
        time.sleep(0.1)
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/__wirelock/report")
    assert find_finding(page, "expected string, got integer 1").count() == 1
    assert re.match("failed", page.locator("#verdict").inner_text())
    context.close()


@pytest.mark.parametrize(("level", "style"), [("error", "bad"), ("note", "info")])
def test_a_stream_has_the_color_of_its_worst_finding(browser: Browser, address: str, level: str, style: str) -> None:
    finding = {"level": level, "code": "VIOLATION", "message": "must be an integer"}
    facts = {"time": "12:00:00", "method": "GET", "url": "/event", "status": 200, "milliseconds": 1, "bytes": 1}
    row = {"index": 1, "outcome": "stream", "rpc": "Events.Follow", "findings": [finding], **facts}
    context = browser.new_context()
    page = context.new_page()
    text = f"event: exchange\ndata: {json.dumps(row)}\n\n"
    page.route("**/__wirelock/events", lambda route: route.fulfill(content_type="text/event-stream", body=text))
    page.goto(f"{address}/__wirelock/")
    page.locator(f"#flow > li.{style}").wait_for()
    context.close()


def test_other_origins_cannot_embed_or_read_the_page(address: str) -> None:
    with urllib.request.urlopen(f"{address}/__wirelock/", timeout=30) as response:
        assert response.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert b"default-src &#39;none&#39;" in response.read()
    request = urllib.request.Request(f"{address}/__wirelock/events", headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="421"):
        urllib.request.urlopen(request, timeout=30)
