"""The live page: the page itself and its changing parts.

It shares the templates of the HTML report, and with them look and escaping.
"""

from __future__ import annotations

from collections.abc import Mapping

from wirelock.diagnostics import Report
from wirelock.report.coverage_chart import build_chart
from wirelock.report.html import build_cards, build_tiles, load_assets, render_template, to_verdict_values

MAX_GROUPS = 100
"""Maximum number of finding groups on the live page; the report has all of them."""
_NOTHING_YET = '<p class="empty">Nothing checked yet.</p>'


def render_page() -> str:
    """Render the page before any traffic."""
    return render_template("live.html.j2", **load_assets("page.css live.css", "live.js", "'self'"))


def render_parts(report: Report) -> Mapping[str, str]:
    """Render the changing parts of the page as HTML, by element id."""
    coverage = build_chart(report)
    return {
        "judged": render_template("verdict.html.j2", **to_verdict_values(report), tiles=build_tiles(report)),
        "list": render_template("cards.html.j2", cards=build_cards(report, MAX_GROUPS)),
        "coverage-list": render_template("coverage.html.j2", coverage=coverage) if coverage else _NOTHING_YET,
    }
