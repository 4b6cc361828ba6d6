"""The page of the proxy as a person meets it, in Chromium, while traffic passes.

Screenshots go into the folder that WIRELOCK_SCREENSHOTS names.
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
from contrast import CONTRAST
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from stage import SESSION, project

from wirelock.api.proxy import between, checking
from wirelock.serve.proxy.server import Ending, served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")
SIZES = {"wide": (1280, 900), "phone": (390, 844)}
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e"
ROWS = "#flow > li:not([hidden])"
UNTITLED = SESSION.replace(b'"title":"t"', b'"title":5')
expect.set_options(timeout=30_000)


class _Handler(BaseHTTPRequestHandler):
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
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a proxy in front of a server, both in threads."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    loop = asyncio.new_event_loop()
    ends = between(f"http://127.0.0.1:{server.server_port}", "127.0.0.1:0")
    assert isinstance(ends, tuple)
    proxy = checking(*project(), ends, "report", None)
    known: list[str] = []
    listening, ending = threading.Event(), Ending()

    def started(address: str) -> None:
        known.append(address)
        listening.set()

    async def run() -> None:
        await served(proxy, started, ending)
        await proxy.watch.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert listening.wait(20)
    yield known[0]
    loop.call_soon_threadsafe(ending.asked.set)
    thread.join(20)
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """An open page, and what it did that it should not."""

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
    visit = Visit(browser, address)
    yield visit.page
    visit.close()


def get(address: str, target: str) -> str:
    """The body of an answer of the server, or of the proxy itself."""
    with urllib.request.urlopen(address + target, timeout=30) as response:
        body: bytes = response.read()
        return body.decode()


def finding(page: Page, message: str) -> Locator:
    """The finding that says this, wherever it stands in the list and whatever else it shows."""
    return page.locator("#list .finding").filter(has=page.locator(".message", has_text=message))


def row(page: Page, target: str) -> Locator:
    """The rows of exchanges with this target, when they are shown."""
    return page.locator(ROWS).filter(has=page.locator(".path", has_text=target))


def test_traffic_is_seen_as_it_flows_with_its_verdict(page: Page, address: str) -> None:
    get(address, "/session?flows=1")
    expect(row(page, "/session?flows=1").locator(".outcome")).to_have_text("conforming")
    get(address, "/session/bad?flows=1")
    bad = row(page, "/session/bad?flows=1")
    expect(bad.locator(".outcome")).to_have_text("violating")
    bad.locator("summary").click()
    expect(bad.locator("ul")).to_contain_text("VIOLATION")
    expect(bad.locator("ul")).to_contain_text("SessionService.GetSession")


def test_a_finding_stands_beside_the_document_with_the_fault_marked(page: Page, address: str) -> None:
    get(address, "/session/bad")
    card = finding(page, "expected string, got integer 1")
    card.wait_for()
    if card.locator("details[open]").count() == 0:
        card.locator("summary").first.click()
    expect(card.locator("figcaption b")).to_have_text(["Schema", "Recorded"])
    expect(card.locator("mark", has_text='"id"').first).to_be_visible()


def test_coverage_fills_up(page: Page, address: str) -> None:
    get(address, "/session")
    page.locator("#coverage .kinds .tile").first.wait_for()
    covered = page.locator("#coverage .rows > li").filter(has_text="ListSessions")
    covered.filter(has_text="exchange").first.wait_for()


def test_a_finding_stays_as_it_was_left_when_traffic_flows(page: Page, address: str) -> None:
    """The second finding is of this test alone, so that it is found once, then twice: the words of its card change."""
    get(address, "/session/bad")
    get(address, "/session/untitled")
    opened = finding(page, "expected string, got integer 5")
    opened.locator("summary").first.click()
    opened.locator("summary", has_text="means").click()
    closed = page.locator(f"#list [data-key='{page.locator('#list [data-key]').first.get_attribute('data-key')}']")
    expect(closed.locator(".detail")).to_be_visible()
    closed.locator("summary").first.click()
    expect(opened.locator(".times")).to_have_text("")
    for times in (2, 3):
        get(address, "/session/untitled")
        expect(opened.locator(".times")).to_have_text(f"{times} times")
        expect(opened.locator("details.more p").first).to_be_visible()
        expect(closed.locator(".detail")).to_be_hidden()
        expect(closed.locator("summary").first).to_be_focused()  # whoever goes on by keyboard goes on from there


def test_all_that_opens_and_closes_has_a_key_of_its_own(page: Page, address: str) -> None:
    get(address, "/session")
    get(address, "/session/bad")
    finding(page, "directory").first.wait_for()
    page.locator("#coverage details").first.wait_for()
    opened = "document.querySelectorAll('#list details, #coverage details')"
    keys = page.evaluate(f"[...{opened}].map((details) => details.dataset.key)")
    assert None not in keys
    assert len(keys) == len(set(keys)) > 2


def test_hostile_words_are_shown_and_run_nothing(page: Page, address: str) -> None:
    get(address, f"/session/{urllib.parse.quote('<img src=x onerror=alert(3)>')}?q=%3Cb%3E")
    expect(row(page, "%3Cimg").locator(".outcome")).to_have_text("violating")
    page.locator("#list").get_by_text("</script>").first.wait_for()
    assert page.locator("#list img, #flow img, main script").count() == 0
    assert "\u202e" not in page.locator("body").inner_text()


def test_only_what_is_wrong_and_words(page: Page, address: str) -> None:
    get(address, "/session?words=1")
    get(address, "/session/bad?words=1")
    expect(row(page, "words=1").locator(".outcome", has_text=re.compile("conforming|violating"))).to_have_count(2)
    page.locator("#search").fill("WORDS=1 get")
    expect(page.locator(ROWS)).to_have_count(2)
    page.get_by_role("button", name="Only what is wrong").click()
    expect(page.locator(ROWS)).to_have_count(1)


def test_a_pause_keeps_what_comes_for_later(browser: Browser, page: Page, address: str) -> None:
    """Another page shows that it has come."""
    page.keyboard.press("p")
    other = Visit(browser, address)
    get(address, "/session?paused=1")
    row(other.page, "paused=1").wait_for()
    other.close()
    assert row(page, "paused=1").count() == 0
    page.keyboard.press("p")
    row(page, "paused=1").wait_for()


def test_the_keyboard_does_everything(page: Page, address: str) -> None:
    get(address, "/session?keys=1")
    get(address, "/session?keys=2")
    row(page, "keys=2").wait_for()
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
def test_it_fits_and_can_be_looked_at(browser: Browser, address: str, tmp_path: Path, size: str, scheme: str) -> None:
    get(address, "/session")
    get(address, "/session/bad")
    visit = Visit(browser, address, size, scheme)
    visit.page.locator("#list .finding").first.wait_for()
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    folder = Path(os.environ.get("WIRELOCK_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    visit.page.screenshot(path=folder / f"proxy-{size}-{scheme}.png", full_page=True)
    visit.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(browser: Browser, address: str, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    get(address, "/session/bad")
    visit = Visit(browser, address, scheme=scheme)
    visit.page.locator("#list .finding").first.wait_for()
    visit.page.locator("#flow summary").first.click()
    assert visit.page.evaluate(CONTRAST) == []
    visit.close()


def test_everything_has_a_name(page: Page, address: str) -> None:
    get(address, "/session/bad")
    page.locator("#list .finding").first.wait_for()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, a, [role=region], [role=group], dialog")]
          .filter((node) => !(node.getAttribute("aria-label") || node.getAttribute("aria-labelledby") || node.innerText
            || node.textContent.trim())).map((node) => node.outerHTML)"""
    )
    assert nameless == []
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))


def test_the_report_is_the_one_that_is_known(browser: Browser, address: str) -> None:
    get(address, "/session/bad")
    for _ in range(300):  # an answer has been read before it is checked
        if "got integer 1" in get(address, "/__wirelock/report"):
            break
        time.sleep(0.1)
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/__wirelock/report")
    assert finding(page, "expected string, got integer 1").count() == 1
    assert re.match("findings", page.locator("#verdict").inner_text())
    context.close()


@pytest.mark.parametrize(("level", "look"), [("error", "bad"), ("note", "info")])
def test_a_stream_looks_as_what_was_found_in_it(browser: Browser, address: str, level: str, look: str) -> None:
    found = {"level": level, "code": "VIOLATION", "message": "must be an integer"}
    facts = {"time": "12:00:00", "method": "GET", "url": "/event", "status": 200, "milliseconds": 1, "bytes": 1}
    row = {"index": 1, "outcome": "stream", "rpc": "Events.Follow", "findings": [found], **facts}
    context = browser.new_context()
    page = context.new_page()
    text = f"event: exchange\ndata: {json.dumps(row)}\n\n"
    page.route("**/__wirelock/events", lambda route: route.fulfill(content_type="text/event-stream", body=text))
    page.goto(f"{address}/__wirelock/")
    page.locator(f"#flow > li.{look}").wait_for()
    context.close()


def test_nobody_else_may_embed_or_read_it(address: str) -> None:
    with urllib.request.urlopen(f"{address}/__wirelock/", timeout=30) as response:
        assert response.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert b"default-src &#39;none&#39;" in response.read()
    request = urllib.request.Request(f"{address}/__wirelock/events", headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="421"):
        urllib.request.urlopen(request, timeout=30)
