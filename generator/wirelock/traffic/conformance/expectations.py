"""Expected findings: shown with their reason, not failing; an expectation without a finding is an error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from wirelock.config import Expectation
from wirelock.diagnostics import Diagnostic, generalize_pointer
from wirelock.traffic.conformance.codes import EXPECTATION_UNUSED


def mark_expected(
    diagnostics: Iterable[Diagnostic], expectations: Sequence[Expectation], recordings: Iterable[str]
) -> tuple[Diagnostic, ...]:
    """Mark expected diagnostics with their reason, and add one diagnostic per unused expectation.

    An expectation for a recording that was not read is ignored.
    """
    used: set[Expectation] = set()
    marked: list[Diagnostic] = []
    for diagnostic in diagnostics:
        expectation = next((item for item in expectations if _matches(item, diagnostic)), None)
        used |= {expectation} if expectation else set()
        marked.append(replace(diagnostic, expected_reason=expectation.reason) if expectation else diagnostic)
    read = {PurePosixPath(recording).name for recording in recordings}
    return (*marked, *(_report_unused(item) for item in expectations if item not in used and item.recording in read))


def _matches(expectation: Expectation, diagnostic: Diagnostic) -> bool:
    if diagnostic.exchange is None or diagnostic.code.id != expectation.code:
        return False
    recording = PurePosixPath(diagnostic.exchange.recording).name
    return recording == expectation.recording and generalize_pointer(diagnostic.location.pointer) == expectation.pointer


def _report_unused(expectation: Expectation) -> Diagnostic:
    message = f"{expectation.recording} has no {expectation.code} at {expectation.pointer or '(root)'}"
    return Diagnostic(EXPECTATION_UNUSED, expectation.location, message, "remove the expectation")
