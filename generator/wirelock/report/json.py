"""The report as JSON; `meta/report.schema.json` defines its form."""

from __future__ import annotations

import json

from wirelock.diagnostics import ChangeImpact, Coverage, Diagnostic, ExchangeRef, ReleaseAdvice, Report
from wirelock.report.changelog import write_changelog
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.version import VERSION

VERDICTS = ("passed", "findings", "error")
"""By exit code."""


def render(report: Report) -> str:
    """Render one JSON object and a newline; each finding is one occurrence.

    Unprintable characters are escaped, so that a terminal does not interpret them and lone surrogates (from file names
    that are not UTF-8) can be written.
    """
    value = {
        "wirelock": VERSION,
        "verdict": VERDICTS[report.exit_code],
        "summary": report.summary,
        "findings": [_to_finding(diagnostic) for diagnostic in report.diagnostics],
        "coverage": {coverage.kind: _to_coverage(coverage) for coverage in report.coverage},
        **({"diff": report.diff} if report.diff else {}),
        **({"advice": _to_advice(report, report.advice)} if report.advice else {}),
    }
    lines = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
    return "".join(f"{escape_unprintable(line)}\n" for line in lines)


def _to_finding(diagnostic: Diagnostic) -> dict[str, object]:
    facts: dict[str, object] = {
        "code": diagnostic.code.id,
        "severity": diagnostic.level.value,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "file": diagnostic.location.file,
        "line": diagnostic.location.line,
        "column": diagnostic.location.column,
        "pointer": diagnostic.location.pointer,
    }
    facts |= {"expected": diagnostic.expected_reason} if diagnostic.expected_reason else {}
    facts |= {"times": diagnostic.occurrences} if diagnostic.occurrences > 1 else {}
    facts |= {"change": to_change_facts(diagnostic.impact)} if diagnostic.impact else {}
    if diagnostic.exchange is not None:
        facts |= {
            "exchange": to_exchange_facts(diagnostic.exchange),
            "schema": diagnostic.schema_location,
            "rpc": diagnostic.rpc,
        }
        facts["raised_by"] = list(diagnostic.raised_by)
    return facts


def to_change_facts(change: ChangeImpact) -> dict[str, object]:
    """Return the impact of a change by name; a witness is a JSON text."""
    return {
        "element": change.element,
        "wire": list(change.wire_rules),
        "backward": change.backward or "",
        "forward": change.forward or "",
        "backward_witness": change.backward_witness,
        "forward_witness": change.forward_witness,
        "use": change.usage,
    }


def to_exchange_facts(ref: ExchangeRef) -> dict[str, object]:
    """Return the exchange of a finding by name."""
    return {
        "recording": ref.recording,
        "index": ref.index,
        "method": ref.method,
        "url": ref.url,
        "status": ref.status,
        "part": ref.part,
        **({} if ref.event is None else {"event": ref.event}),
    }


def _to_advice(report: Report, advice: ReleaseAdvice) -> dict[str, object]:
    return {
        "release": advice.release,
        "reason": advice.reason,
        "since": advice.current_version,
        "next": advice.next_version,
        "added": [{"kind": addition.kind, "name": addition.name} for addition in advice.added],
        "changelog": write_changelog(report, advice),
    }


def _to_coverage(coverage: Coverage) -> dict[str, list[str]]:
    return {"covered": list(coverage.covered), "missed": list(coverage.missed)}
