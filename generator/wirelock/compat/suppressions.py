"""Breaks that the configuration accepts, until a version: shown with their reason, and not failing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from wirelock.config import Acceptance
from wirelock.config.breaking import release
from wirelock.diagnostics import Code, Diagnostic, Severity

SUPPRESSION_UNUSED = Code("SUPPRESSION_UNUSED", Severity.WARNING)
SUPPRESSION_EXPIRED = Code("SUPPRESSION_EXPIRED", Severity.ERROR)


def accepted(
    diagnostics: Iterable[Diagnostic], acceptances: Sequence[Acceptance], version: str
) -> tuple[Diagnostic, ...]:
    """The diagnostics, the accepted ones with their reason; one more for each acceptance that is over or unused.

    A change is accepted when every rule is that makes it more than a note. An acceptance is over when `version`, the
    project's own, has reached the one that it names; an unused one is a warning alone, for its break is merged by then.
    """
    standing = [one for one in acceptances if not _is_over(one, version)]
    used: set[Acceptance] = set()
    marked: list[Diagnostic] = []
    for diagnostic in diagnostics:
        found = [one for one in standing if _is_about(one, diagnostic)]
        used.update(found)
        marked.append(replace(diagnostic, expected=_reasons(found)) if _covers(found, diagnostic) else diagnostic)
    over = (_expired(one, version) for one in acceptances if one not in standing)
    return (*marked, *over, *(_unused(one) for one in standing if one not in used))


def _is_about(acceptance: Acceptance, diagnostic: Diagnostic) -> bool:
    change = diagnostic.change
    if change is None or diagnostic.level is Severity.NOTE:
        return False
    place = f"{diagnostic.where.file}#{diagnostic.where.pointer}"
    is_rule = acceptance.rule in (diagnostic.code.id, *change.wire)
    return is_rule and acceptance.element in (change.element, place)


def _covers(found: Sequence[Acceptance], diagnostic: Diagnostic) -> bool:
    change = diagnostic.change
    return bool(found) and change is not None and {one.rule for one in found}.issuperset(change.deciding)


def _reasons(found: Iterable[Acceptance]) -> str:
    return "; ".join(dict.fromkeys(one.reason for one in found))


def _is_over(acceptance: Acceptance, version: str) -> bool:
    until, now = release(acceptance.until), release(version)
    return until is not None and now is not None and now >= until


def _expired(acceptance: Acceptance, version: str) -> Diagnostic:
    words = f"{acceptance.rule} of {acceptance.element} was accepted until {acceptance.until}; this is {version}"
    return Diagnostic(SUPPRESSION_EXPIRED, acceptance.where, words, "take the break back, or remove the line")


def _unused(acceptance: Acceptance) -> Diagnostic:
    words = f"there is no {acceptance.rule} of {acceptance.element} to accept"
    return Diagnostic(SUPPRESSION_UNUSED, acceptance.where, words, "remove the line")
