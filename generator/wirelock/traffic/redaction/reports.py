"""Redaction of reports: a server may repeat the credentials that it was sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from wirelock.diagnostics import Case, Diagnostic, Example, Excerpt, ExchangeRef, Report
from wirelock.runtime.findings import Finding
from wirelock.traffic.redaction.credentials import KnownCredentials


def redact_findings(findings: Iterable[Finding], credentials: KnownCredentials) -> tuple[Finding, ...]:
    """Redact messages and pointers of findings."""
    return tuple(
        replace(
            finding,
            pointer=credentials.remove_from_message(finding.pointer),
            message=credentials.remove_from_message(finding.message),
        )
        for finding in findings
    )


def redact_diagnostics(diagnostics: Iterable[Diagnostic], credentials: KnownCredentials) -> tuple[Diagnostic, ...]:
    """Redact messages, pointers and URLs of diagnostics."""
    return tuple(_redact_diagnostic(diagnostic, credentials) for diagnostic in diagnostics)


def redact_report(report: Report, credentials: KnownCredentials) -> Report:
    """Redact everything that a report shows of traffic."""
    return replace(
        report,
        diagnostics=redact_diagnostics(report.diagnostics, credentials),
        cases=tuple(_redact_case(case, credentials) for case in report.cases),
        examples=tuple(_redact_example(example, credentials) for example in report.examples),
    )


def _redact_diagnostic(diagnostic: Diagnostic, credentials: KnownCredentials) -> Diagnostic:
    return replace(
        diagnostic,
        location=replace(diagnostic.location, pointer=credentials.remove_from_message(diagnostic.location.pointer)),
        message=credentials.remove_from_message(diagnostic.message),
        hint=credentials.remove_from_message(diagnostic.hint),
        exchange=_redact_reference(diagnostic.exchange, credentials) if diagnostic.exchange is not None else None,
    )


def _redact_reference(ref: ExchangeRef, credentials: KnownCredentials) -> ExchangeRef:
    return replace(ref, url=credentials.remove_from_message(ref.url))


def _redact_case(case: Case, credentials: KnownCredentials) -> Case:
    return replace(case, ref=_redact_reference(case.ref, credentials))


def _redact_example(example: Example, credentials: KnownCredentials) -> Example:
    return replace(
        example,
        diagnostic=_redact_diagnostic(example.diagnostic, credentials),
        document=_redact_excerpt(example.document, credentials) if example.document is not None else None,
    )


def _redact_excerpt(excerpt: Excerpt, credentials: KnownCredentials) -> Excerpt:
    return replace(excerpt, lines=tuple(map(credentials.remove_from_message, excerpt.lines)))
