"""The HTML report in Chromium: with mouse and keyboard, in dark mode, on a phone, on paper.

WIRELOCK_SCREENSHOTS names a folder for screenshots.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from checkout import ROOT, load_config
from contrast import FIND_LOW_CONTRAST
from playwright.sync_api import Browser, Page, sync_playwright
from sample_reports import full_report
from test_formats import make_hostile_report

import wirelock
from wirelock.api.excerpts import add_excerpts
from wirelock.api.project import Project
from wirelock.diagnostics import Report
from wirelock.report.html import render

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.long, pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")]
SIZES = {"wide": (1280, 900), "phone": (390, 844)}
SHOWN = ".finding:not([hidden])"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class PageVisit:
    """An open page with its console messages and its requests."""

    def __init__(self, browser: Browser, file: Path, size: str = "wide", scheme: str = "light") -> None:
        width, height = SIZES[size]
        self._context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
        )
        self.page = self._context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri())

    def close(self) -> None:
        self._context.close()
        assert self.complaints == []
        assert [url for url in self.requests if not url.startswith(("file:", "data:"))] == []
        assert len([url for url in self.requests if url.startswith("file:")]) == 1


def write_report(folder: Path, report: Report) -> Path:
    """Write the page of a report to a file."""
    file = folder / "report.html"
    file.write_text(render(report), "utf-8")
    return file


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page of a report with every kind of finding."""
    visit = PageVisit(browser, write_report(tmp_path, full_report()))
    yield visit.page
    visit.close()


def count_findings(page: Page) -> int:
    """Return the number of visible findings."""
    return page.locator(SHOWN).count()


# appearance


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_fits_and_can_be_looked_at(browser: Browser, tmp_path: Path, size: str, scheme: str) -> None:
    config = load_config(ROOT)
    report = add_excerpts(config, wirelock.verify(Project(config)))
    visit = PageVisit(browser, write_report(tmp_path, report), size, scheme)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    folder = Path(os.environ.get("WIRELOCK_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    visit.page.screenshot(path=folder / f"report-{size}-{scheme}.png", full_page=True)
    visit.close()


def test_the_fault_is_marked_on_both_sides(page: Page) -> None:
    first = page.locator(".finding").first
    assert first.locator("mark").all_inner_texts() == [
        '3  "required": ["id", "directory"],',
        '    "directory" is missing',
    ]
    assert first.locator("figcaption b").all_inner_texts() == ["Schema", "Recorded"]


def test_hostile_words_are_shown_and_run_nothing(browser: Browser, tmp_path: Path) -> None:
    visit = PageVisit(browser, write_report(tmp_path, make_hostile_report()))
    visit.page.on("dialog", lambda dialog: visit.complaints.append(dialog.message))
    visit.page.keyboard.press("b")
    assert visit.page.locator("img, script:not(:last-of-type)").count() == 0
    assert "</script><script>alert(1)</script>" in visit.page.locator(".finding .message").first.inner_text()
    visit.close()


# search


def test_notes_wait_until_they_are_asked_for(page: Page) -> None:
    every = page.locator(".finding").count()
    notes = page.locator(".finding.note").count()
    assert notes and count_findings(page) == every - notes
    page.get_by_role("button", name=re.compile("^note")).click()
    assert count_findings(page) == every
    assert page.locator("#count").inner_text() == f"{every} of {every} shown"


def test_search_takes_all_words(page: Page) -> None:
    page.locator("#search").fill("DIRECTORY missing old.har")
    assert count_findings(page) == page.locator(SHOWN).filter(has_text="directory").count() > 0
    page.locator("#search").fill("nothing is like this")
    assert count_findings(page) == 0
    assert page.locator("#nothing").is_visible()
    page.keyboard.press("Escape")
    assert count_findings(page) > 0


def test_a_code_can_be_chosen(page: Page) -> None:
    page.locator("#code").select_option("OUT_OF_DATE")
    assert count_findings(page) == 1


def test_levels_can_be_put_aside(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^error")).click()
    assert page.locator(f"{SHOWN}.error").count() == 0
    assert count_findings(page) > 0


def test_by_file_and_by_endpoint(page: Page) -> None:
    files = page.locator(".bucket:not([hidden]) > h3").all_inner_texts()
    assert files[0].startswith("schemas/session/sessionInfo.schema.json")
    page.get_by_role("button", name="by endpoint").click()
    endpoints = page.locator(".bucket:not([hidden]) > h3").all_inner_texts()
    assert endpoints[0].startswith("SessionService.ListSessions")
    assert page.locator(SHOWN).first.is_visible()


def test_a_method_of_the_picture_leads_to_its_findings(page: Page) -> None:
    page.locator("#coverage").get_by_text("ListSessions").click()
    assert page.locator("#search").input_value() == "SessionService.ListSessions"
    assert count_findings(page) == page.locator(SHOWN).filter(has_text="SessionService.ListSessions").count() > 0


def test_only_the_gaps_of_the_picture(page: Page) -> None:
    rows = page.locator("#coverage .rows > li")
    every = rows.count()
    page.locator("#gaps").click()
    assert 0 < page.locator("#coverage .rows > li:not([hidden])").count() < every


def test_a_link_opens_its_finding(browser: Browser, tmp_path: Path) -> None:
    file = write_report(tmp_path, full_report())
    visit = PageVisit(browser, file)
    visit.page.evaluate("location.hash = '#finding-3'")
    visit.page.wait_for_selector("#finding-3 > details[open]")
    visit.close()


# keyboard


def test_the_keyboard_does_everything(page: Page) -> None:
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("jk?")
    assert page.locator("#search").input_value() == "jk?"
    page.keyboard.press("Escape")
    for key in "jjk":
        page.keyboard.press(key)
    assert page.evaluate("document.querySelector('.current').id") == "finding-1"
    opened = page.locator("#finding-1 > details[open]").count()
    page.keyboard.press("o")
    assert page.locator("#finding-1 > details[open]").count() == 1 - opened
    page.keyboard.press("a")
    assert page.locator(f"{SHOWN} > details:not([open])").count() == 0
    page.keyboard.press("b")
    assert page.get_by_role("button", name="by endpoint").get_attribute("aria-pressed") == "true"


def test_every_key_is_in_the_list(page: Page) -> None:
    listed = set(page.locator("#keys dt").all_text_contents())
    assert {"/", "j k", "o", "a", "b", "t", "?"} == {" ".join(text.split()) for text in listed}


# light, dark, paper


def read_background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_switch_overrules_the_system(browser: Browser, tmp_path: Path, scheme: str) -> None:
    visit = PageVisit(browser, write_report(tmp_path, full_report()), scheme=scheme)
    system = read_background(visit.page)
    seen: dict[str, str] = {}
    for _ in range(3):
        visit.page.keyboard.press("t")
        seen[visit.page.locator("#theme").inner_text()] = read_background(visit.page)
    assert seen["Theme: auto"] == seen[f"Theme: {scheme}"] == system
    assert seen["Theme: light"] != seen["Theme: dark"]
    visit.close()


def test_paper_has_everything_open_and_no_tools(page: Page) -> None:
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("details:not([open])").count() == 0
    assert not page.locator("#search").is_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0


# accessibility


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(browser: Browser, tmp_path: Path, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    visit = PageVisit(browser, write_report(tmp_path, full_report()), scheme=scheme)
    visit.page.keyboard.press("a")
    visit.page.get_by_role("button", name=re.compile("^note")).click()
    assert visit.page.evaluate(FIND_LOW_CONTRAST) == []
    visit.close()


def test_everything_has_a_name_and_the_headings_go_down_one_by_one(page: Page) -> None:
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, a, [role=region], [role=group], dialog")]
          .filter((node) => !(node.getAttribute("aria-label") || node.getAttribute("aria-labelledby") || node.innerText
            || node.textContent.trim())).map((node) => node.outerHTML)"""
    )
    assert nameless == []
    levels = [
        int(name[1]) for name in page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map((h) => h.tagName)")
    ]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))
    assert page.evaluate("document.documentElement.lang") == "en"


def test_it_reads_without_its_script(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(write_report(tmp_path, full_report()).as_uri())
    assert page.locator(".finding:visible").count() > 5
    assert page.locator("#finding-1 pre").first.is_visible()
    assert not page.locator("#search").is_visible()
    context.close()
