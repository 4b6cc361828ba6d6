"""Report formats; each is a module here and a line in FORMATS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wirelock.diagnostics import Report
from wirelock.report import github, html, json, junit, markdown, sarif, text

__all__ = ["FORMATS"]

FORMATS: Mapping[str, Callable[[Report], str]] = {
    "text": text.render,
    "json": json.render,
    "github": github.render,
    "html": html.render,
    "junit": junit.render,
    "markdown": markdown.render,
    "sarif": sarif.render,
}
