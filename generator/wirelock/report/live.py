"""The page that shows traffic while it flows: the page itself, and what it is fed with."""

from __future__ import annotations

from collections.abc import Mapping

from wirelock.diagnostics import Report
from wirelock.report.words import verdict


def page() -> str:
    return "<!doctype html>"


def state(report: Report) -> Mapping[str, object]:
    return {"verdict": verdict(report)}
