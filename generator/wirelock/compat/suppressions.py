"""Suppressions: breaking changes that the configuration accepts until a version, reported with their reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from wirelock.config import Suppression
from wirelock.config.breaking import parse_release
from wirelock.diagnostics import Code, Diagnostic, Severity

SUPPRESSION_UNUSED = Code("SUPPRESSION_UNUSED", Severity.WARNING)
SUPPRESSION_EXPIRED = Code("SUPPRESSION_EXPIRED", Severity.ERROR)


def apply_suppressions(
    diagnostics: Iterable[Diagnostic], acceptances: Sequence[Suppression], version: str
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics, suppressed ones with their reason, and one for each expired or unused suppression.

    A change is suppressed if each rule that raises it above a note is. A suppression expires once `version`, the
    version of the project, reaches its `until`. An unused one is only a warning because its change may already be
    merged.
    """
    active = [acceptance for acceptance in acceptances if not _is_expired(acceptance, version)]
    used: set[Suppression] = set()
    results: list[Diagnostic] = []
    for diagnostic in diagnostics:
        matches = [acceptance for acceptance in active if _is_match(acceptance, diagnostic)]
        used.update(matches)
        results.append(
            replace(diagnostic, expected_reason=_join_reasons(matches))
            if _is_suppressed(matches, diagnostic)
            else diagnostic
        )
    expired = (_report_expired(acceptance, version) for acceptance in acceptances if acceptance not in active)
    return (*results, *expired, *(_report_unused(acceptance) for acceptance in active if acceptance not in used))


def _is_match(acceptance: Suppression, diagnostic: Diagnostic) -> bool:
    impact = diagnostic.impact
    if impact is None or diagnostic.level is Severity.NOTE:
        return False
    location = f"{diagnostic.location.file}#{diagnostic.location.pointer}"
    is_rule = acceptance.rule in (diagnostic.code.id, *impact.wire_rules)
    return is_rule and acceptance.element in (impact.element, location)


def _is_suppressed(matches: Sequence[Suppression], diagnostic: Diagnostic) -> bool:
    impact = diagnostic.impact
    if not matches or impact is None:
        return False
    return {acceptance.rule for acceptance in matches}.issuperset(impact.deciding_rules)


def _join_reasons(matches: Iterable[Suppression]) -> str:
    return "; ".join(dict.fromkeys(acceptance.reason for acceptance in matches))


def _is_expired(acceptance: Suppression, version: str) -> bool:
    until, current = parse_release(acceptance.until), parse_release(version)
    return until is not None and current is not None and current >= until


def _report_expired(acceptance: Suppression, version: str) -> Diagnostic:
    message = (
        f"{acceptance.rule} of {acceptance.element} was accepted until {acceptance.until}; "
        f"the project version is {version}"
    )
    return Diagnostic(SUPPRESSION_EXPIRED, acceptance.location, message, "revert the change, or remove the entry")


def _report_unused(acceptance: Suppression) -> Diagnostic:
    message = f"no {acceptance.rule} of {acceptance.element} was found"
    return Diagnostic(SUPPRESSION_UNUSED, acceptance.location, message, "remove the entry")
