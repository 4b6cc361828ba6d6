"""What was found, without the credentials that the server was sent: what it answers is shown, and may repeat them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from wirelock.diagnostics import Case, Diagnostic, Excerpt, ExchangeRef, Exhibit, Report
from wirelock.runtime.findings import Finding
from wirelock.traffic.redaction.credentials import Echoes


def findings(found: Iterable[Finding], known: Echoes) -> tuple[Finding, ...]:
    """Findings without what is known, in their words and places."""
    return tuple(replace(one, pointer=known.within(one.pointer), message=known.within(one.message)) for one in found)


def diagnostics(found: Iterable[Diagnostic], known: Echoes) -> tuple[Diagnostic, ...]:
    """Diagnostics without what is known, in their words and places, and in the URL of their exchange."""
    return tuple(_diagnostic(one, known) for one in found)


def report(made: Report, known: Echoes) -> Report:
    """A report without what is known, in whatever it shows of traffic."""
    return replace(
        made,
        diagnostics=diagnostics(made.diagnostics, known),
        cases=tuple(_case(one, known) for one in made.cases),
        exhibits=tuple(_exhibit(one, known) for one in made.exhibits),
    )


def _diagnostic(one: Diagnostic, known: Echoes) -> Diagnostic:
    return replace(
        one,
        where=replace(one.where, pointer=known.within(one.where.pointer)),
        message=known.within(one.message),
        hint=known.within(one.hint),
        exchange=_ref(one.exchange, known) if one.exchange is not None else None,
    )


def _ref(ref: ExchangeRef, known: Echoes) -> ExchangeRef:
    return replace(ref, url=known.within(ref.url))


def _case(case: Case, known: Echoes) -> Case:
    return replace(case, ref=_ref(case.ref, known))


def _exhibit(exhibit: Exhibit, known: Echoes) -> Exhibit:
    return replace(
        exhibit,
        about=_diagnostic(exhibit.about, known),
        document=_excerpt(exhibit.document, known) if exhibit.document is not None else None,
    )


def _excerpt(excerpt: Excerpt, known: Echoes) -> Excerpt:
    return replace(excerpt, lines=tuple(map(known.within, excerpt.lines)))
