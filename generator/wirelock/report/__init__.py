"""Reports in the formats that people and machines read; a format is a module here and a line in FORMATS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wirelock.diagnostics import Report
from wirelock.report import json, text

__all__ = ["FORMATS"]

FORMATS: Mapping[str, Callable[[Report], str]] = {"text": text.render, "json": json.render}
