"""Write docs/images/report.png, the README's picture of the HTML report, and the text that it shows.

Run it from the repository after a change of the report: `.venv/bin/python .ci/screenshot.py`. A test compares the text
beside the picture, since pixels differ between browsers.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from wirelock import load, verify
from wirelock.api.excerpts import add_excerpts
from wirelock.report.html import render

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs/images/report.png"
TEXT = ROOT / "docs/images/report.txt"
RECORDING = "tests/recordings/lifecycle-0.5.29.har"
SIZE = {"width": 1180, "height": 820}


def render_report() -> str:
    """Render the report of one recording as HTML."""
    project = load(ROOT)
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copy(ROOT / RECORDING, "capture.har")
        return render(add_excerpts(project.config, verify(project, ["capture.har"])))


def read_text(browser: Browser, html: str) -> str:
    """Return the visible text of a page."""
    page = browser.new_page(viewport=SIZE)
    page.set_content(html)
    text = page.inner_text("main")
    page.close()
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()) + "\n"


def main() -> int:
    """Write the picture and its text; return the exit code."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is not installed", file=sys.stderr)
        return 2
    html = render_report()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.set_content(html)
        page.screenshot(path=PICTURE)
        TEXT.write_text(read_text(browser, html), "utf-8")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
