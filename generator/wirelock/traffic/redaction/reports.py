"""Redaction of reports: a server may repeat the credentials that it was sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from wirelock.diagnostics import Case, Diagnostic, Example, Excerpt, ExchangeRef, Report
from wirelock.runtime.findings import Finding
from wirelock.traffic.redaction.credentials import KnownCredentials


def redact_findings(found: Iterable[Finding], known: KnownCredentials) -> tuple[Finding, ...]:
    """Redact messages and pointers of findings."""
    return tuple(
        replace(item, pointer=known.remove_from_message(item.pointer), message=known.remove_from_message(item.message))
        for item in found
    )


def redact_diagnostics(found: Iterable[Diagnostic], known: KnownCredentials) -> tuple[Diagnostic, ...]:
    """Redact messages, pointers and URLs of diagnostics."""
    return tuple(_redact_diagnostic(entry, known) for entry in found)


def redact_report(made: Report, known: KnownCredentials) -> Report:
    """Redact everything that a report shows of traffic."""
    return replace(
        made,
        diagnostics=redact_diagnostics(made.diagnostics, known),
        cases=tuple(_redact_case(element, known) for element in made.cases),
        examples=tuple(_redact_example(element, known) for element in made.examples),
    )


def _redact_diagnostic(item: Diagnostic, known: KnownCredentials) -> Diagnostic:
    return replace(
        item,
        location=replace(item.location, pointer=known.remove_from_message(item.location.pointer)),
        message=known.remove_from_message(item.message),
        hint=known.remove_from_message(item.hint),
        exchange=_redact_reference(item.exchange, known) if item.exchange is not None else None,
    )


def _redact_reference(ref: ExchangeRef, known: KnownCredentials) -> ExchangeRef:
    return replace(ref, url=known.remove_from_message(ref.url))


def _redact_case(case: Case, known: KnownCredentials) -> Case:
    return replace(case, ref=_redact_reference(case.ref, known))


def _redact_example(exhibit: Example, known: KnownCredentials) -> Example:
    return replace(
        exhibit,
        diagnostic=_redact_diagnostic(exhibit.diagnostic, known),
        document=_redact_excerpt(exhibit.document, known) if exhibit.document is not None else None,
    )


def _redact_excerpt(excerpt: Excerpt, known: KnownCredentials) -> Excerpt:
    return replace(excerpt, lines=tuple(map(known.remove_from_message, excerpt.lines)))
