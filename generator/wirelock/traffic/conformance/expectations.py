"""Findings that the configuration expects: shown with their reason, not failing; one that is gone is an error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from wirelock.config import Expectation
from wirelock.diagnostics import Diagnostic, grouped_pointer
from wirelock.traffic.conformance.codes import EXPECTATION_UNUSED


def expected(
    diagnostics: Iterable[Diagnostic], expectations: Sequence[Expectation], recordings: Iterable[str]
) -> tuple[Diagnostic, ...]:
    """The diagnostics, the expected ones with their reason, and one more for each expectation that met nothing.

    An expectation about a recording that was not read is not held against anybody.
    """
    used: set[Expectation] = set()
    marked: list[Diagnostic] = []
    for diagnostic in diagnostics:
        found = next((one for one in expectations if _is_about(one, diagnostic)), None)
        used |= {found} if found else set()
        marked.append(replace(diagnostic, expected=found.reason) if found else diagnostic)
    read = {PurePosixPath(recording).name for recording in recordings}
    return (*marked, *(_unused(one) for one in expectations if one not in used and one.recording in read))


def _is_about(expectation: Expectation, diagnostic: Diagnostic) -> bool:
    if diagnostic.exchange is None or diagnostic.code.id != expectation.code:
        return False
    recording = PurePosixPath(diagnostic.exchange.recording).name
    return recording == expectation.recording and grouped_pointer(diagnostic.where.pointer) == expectation.pointer


def _unused(expectation: Expectation) -> Diagnostic:
    words = f"{expectation.recording} no longer has a {expectation.code} at {expectation.pointer or '(root)'}"
    return Diagnostic(EXPECTATION_UNUSED, expectation.where, words, "remove the expectation")
