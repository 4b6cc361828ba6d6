"""The README's picture of the HTML report shows today's report."""

from __future__ import annotations

import importlib.util
import shutil
from types import ModuleType

import pytest
from checkout import ROOT

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed"),
]


def load_script() -> ModuleType:
    """Import the script that takes the screenshot."""
    spec = importlib.util.spec_from_file_location("screenshot", ROOT / ".ci/screenshot.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_shows_the_report_of_today() -> None:
    from playwright.sync_api import sync_playwright

    script = load_script()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        text = script.read_text(browser, script.render_report())
        browser.close()
    assert text == script.TEXT.read_text("utf-8"), "the report changed; run: .venv/bin/python .ci/screenshot.py"
