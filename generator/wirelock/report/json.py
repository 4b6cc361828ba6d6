"""The report for programs; its form is `meta/report.schema.json`."""

from __future__ import annotations

import json

from wirelock.diagnostics import Advice, Coverage, Diagnostic, ExchangeRef, Report, Verdicts
from wirelock.report.changelog import changelog
from wirelock.runtime.json.formatting import visible
from wirelock.version import VERSION

VERDICTS = ("clean", "findings", "error")
"""By exit code."""


def render(report: Report) -> str:
    """One JSON object and a newline; every finding stands for one occurrence.

    Characters that are not printable are escaped: a terminal obeys none of them, and a lone surrogate (a file name
    that is not UTF-8) can be written at all.
    """
    value = {
        "wirelock": VERSION,
        "verdict": VERDICTS[report.exit_code],
        "summary": report.summary,
        "findings": [_finding(diagnostic) for diagnostic in report.diagnostics],
        "coverage": {coverage.kind: _coverage(coverage) for coverage in report.coverage},
        **({"diff": report.diff} if report.diff else {}),
        **({"advice": _advice(report, report.advice)} if report.advice else {}),
    }
    lines = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
    return "".join(f"{visible(line)}\n" for line in lines)


def _finding(diagnostic: Diagnostic) -> dict[str, object]:
    facts: dict[str, object] = {
        "code": diagnostic.code.id,
        "severity": diagnostic.level.value,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "file": diagnostic.where.file,
        "line": diagnostic.where.line,
        "column": diagnostic.where.column,
        "pointer": diagnostic.where.pointer,
    }
    facts |= {"expected": diagnostic.expected} if diagnostic.expected else {}
    facts |= {"times": diagnostic.times} if diagnostic.times > 1 else {}
    facts |= {"change": change_facts(diagnostic.change)} if diagnostic.change else {}
    if diagnostic.exchange is not None:
        facts |= {"exchange": exchange_facts(diagnostic.exchange), "schema": diagnostic.schema, "rpc": diagnostic.rpc}
        facts["raised_by"] = list(diagnostic.raised_by)
    return facts


def change_facts(change: Verdicts) -> dict[str, object]:
    """What a change breaks, by name; a witness is a JSON text."""
    return {
        "element": change.element,
        "wire": list(change.wire),
        "backward": change.backward,
        "forward": change.forward,
        "backward_witness": change.backward_witness,
        "forward_witness": change.forward_witness,
        "use": change.use,
    }


def exchange_facts(ref: ExchangeRef) -> dict[str, object]:
    """Which exchange a finding is about, by name."""
    return {
        "recording": ref.recording,
        "index": ref.index,
        "method": ref.method,
        "url": ref.url,
        "status": ref.status,
        "part": ref.part,
        **({} if ref.event is None else {"event": ref.event}),
    }


def _advice(report: Report, advice: Advice) -> dict[str, object]:
    return {
        "release": advice.release,
        "reason": advice.reason,
        "since": advice.since,
        "next": advice.next,
        "added": [{"kind": addition.kind, "name": addition.name} for addition in advice.added],
        "changelog": changelog(report, advice),
    }


def _coverage(coverage: Coverage) -> dict[str, list[str]]:
    return {"covered": list(coverage.covered), "missed": list(coverage.missed)}
