"""The page that shows traffic while it flows: the page itself, and the parts that it is fed with.

The parts are made of the report's templates, so that both look alike and escape alike.
"""

from __future__ import annotations

from collections.abc import Mapping

from wirelock.diagnostics import Report
from wirelock.report.coverage_chart import picture
from wirelock.report.html import assets, cards, judged, templated, tiles

MOST_GROUPS = 100
"""How many kinds of findings are shown; the report has them all."""
_NOTHING_YET = '<p class="empty">Nothing has been checked yet.</p>'


def page() -> str:
    """The page, before anything has passed."""
    return templated("live.html.j2", **assets("page.css live.css", "live.js", "'self'"))


def state(report: Report) -> Mapping[str, str]:
    """The parts of the page that change, by their ids, as HTML."""
    coverage = picture(report)
    return {
        "judged": templated("verdict.html.j2", **judged(report), tiles=tiles(report)),
        "list": templated("cards.html.j2", cards=cards(report, MOST_GROUPS)),
        "coverage-list": templated("coverage.html.j2", coverage=coverage) if coverage else _NOTHING_YET,
    }
