"""The report as SARIF 2.1.0 (OASIS): a rule per code, a result per finding or group of traffic findings."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import quote

from wirelock.diagnostics import Code, Diagnostic, Example, Location, Report, generalize_pointer
from wirelock.report.groups import FindingGroup, group_findings
from wirelock.report.json import to_change_facts, to_exchange_facts
from wirelock.report.labels import format_location, list_change_facts, read_explanation
from wirelock.report.targets import ExhibitIndex, find_target
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.version import VERSION

Facts = dict[str, object]
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_FINGERPRINT = "wirelock/v1"
MAX_RELATED = 20
"""Maximum number of further locations per group."""


def render(report: Report) -> str:
    """Render one log with one run."""
    rules = sorted({diagnostic.code.id: diagnostic.code for diagnostic in report.diagnostics}.items())
    index = {id: number for number, (id, _) in enumerate(rules)}
    driver = {
        "name": "wirelock",
        "version": VERSION,
        "semanticVersion": VERSION,
        "rules": [_build_rule(code) for _, code in rules],
    }
    run: Facts = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": report.exit_code != 2, "exitCode": report.exit_code}],
        "columnKind": "unicodeCodePoints",
        "results": _build_results(report, index),
        "properties": {"summary": report.summary},
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(_make_visible(log), indent=2) + "\n"


def _build_rule(code: Code) -> Facts:
    page = read_explanation(code.id)
    facts: Facts = {"id": code.id, "defaultConfiguration": {"level": code.severity.value}}
    if page:
        first, _, _ = page.partition("\n\n")
        plain = " ".join(first.split())
        facts |= {
            "shortDescription": {"text": _first_sentence(plain)},
            "fullDescription": {"text": plain},
            "help": {"text": page, "markdown": page},
        }
    return facts


def _first_sentence(text: str) -> str:
    head, separator, _ = text.partition(". ")
    return f"{head}." if separator else text


# results


def _build_results(report: Report, rules: dict[str, int]) -> list[Facts]:
    exhibits = ExhibitIndex(report.examples)
    seen: Counter[str] = Counter()
    results: list[Facts] = []
    for group in group_findings(report.diagnostics):
        exhibit = exhibits.find(group)
        for part in _split_group(group):
            fingerprint = _compute_fingerprint(part.first)
            seen[fingerprint] += 1
            result = _build_result(part, exhibit, rules[part.first.code.id])
            results.append({**result, "partialFingerprints": {_FINGERPRINT: f"{fingerprint}:{seen[fingerprint]}"}})
    return results


def _split_group(group: FindingGroup) -> Iterator[FindingGroup]:
    """Split a group into results: traffic stays one result, each location in a file is its own."""
    if group.first.exchange is not None:
        yield group
        return
    yield from (FindingGroup((member,)) for member in group.members)


def _build_result(group: FindingGroup, exhibit: Example | None, rule: int) -> Facts:
    first = group.first
    result: Facts = {
        "ruleId": first.code.id,
        "ruleIndex": rule,
        "level": first.level.value,
        "message": {"text": _format_message(first)},
        "locations": [_build_location(find_target(first, exhibit), first)],
        "occurrenceCount": group.times,
        "properties": _build_properties(first),
    }
    related = [
        _build_location(member.location, member, number) for number, member in enumerate(_find_related(group, exhibit))
    ]
    if related:
        result["relatedLocations"] = related
    if first.expected_reason:
        result["suppressions"] = [{"kind": "external", "justification": first.expected_reason}]
    return result


def _find_related(group: FindingGroup, exhibit: Example | None) -> tuple[Diagnostic, ...]:
    """Return the further locations of a group, including the first one if the result points at the schema."""
    members = group.members[find_target(group.first, exhibit) == group.first.location :]
    return members[:MAX_RELATED]


def _format_message(diagnostic: Diagnostic) -> str:
    change = [f"{name}: {text}" for name, text in list_change_facts(diagnostic.impact)] if diagnostic.impact else []
    hint = [f"hint: {diagnostic.hint}"] if diagnostic.hint else []
    return "\n".join([diagnostic.message, *change, *hint])


def _build_location(location: Location, diagnostic: Diagnostic, number: int | None = None) -> Facts:
    facts: Facts = {} if number is None else {"id": number, "message": {"text": format_location(diagnostic)}}
    if location.file:
        physical: Facts = {"artifactLocation": {"uri": _to_uri(location.file)}}
        if location.line:
            column = {"startColumn": location.column} if location.column else {}
            physical["region"] = {"startLine": location.line, **column}
        facts["physicalLocation"] = physical
    logical = list(_list_logical_locations(diagnostic))
    return {**facts, **({"logicalLocations": logical} if logical else {})}


def _list_logical_locations(diagnostic: Diagnostic) -> Iterator[Facts]:
    """List the JSON Pointer, the method, and the schema keyword."""
    pointer = diagnostic.location.pointer
    if pointer or diagnostic.exchange:
        yield {"name": pointer.rpartition("/")[2], "fullyQualifiedName": pointer, "kind": "value"}
    if diagnostic.rpc:
        yield {"name": diagnostic.rpc.rpartition(".")[2], "fullyQualifiedName": diagnostic.rpc, "kind": "function"}
    if diagnostic.schema_location:
        keyword = diagnostic.schema_location.rpartition("/")[2]
        yield {"name": keyword, "fullyQualifiedName": diagnostic.schema_location, "kind": "declaration"}


def _build_properties(diagnostic: Diagnostic) -> Facts:
    facts: Facts = {"pointer": diagnostic.location.pointer}
    if diagnostic.exchange is not None:
        facts |= {
            "exchange": to_exchange_facts(diagnostic.exchange),
            "schema": diagnostic.schema_location,
            "rpc": diagnostic.rpc,
        }
        facts["raised_by"] = list(diagnostic.raised_by)
    return facts | ({"change": to_change_facts(diagnostic.impact)} if diagnostic.impact else {})


def _compute_fingerprint(diagnostic: Diagnostic) -> str:
    """Compute a fingerprint that does not depend on lines and number of occurrences."""
    location = diagnostic.location
    if diagnostic.exchange is None:
        facts = [diagnostic.code.id, location.file, location.pointer, diagnostic.message]
    else:
        message = "" if diagnostic.schema_location else diagnostic.message
        facts = [
            diagnostic.code.id,
            diagnostic.schema_location,
            generalize_pointer(location.pointer),
            diagnostic.rpc,
            message,
        ]
    return hashlib.sha256(escape_unprintable("\n".join(facts)).encode()).hexdigest()[:32]


def _to_uri(file: str) -> str:
    """Return the URI of a file: relative, unless the user named it by an absolute path."""
    path = Path(escape_unprintable(file))
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _make_visible(value: object) -> object:
    """Return a value without unprintable characters except newlines; lone surrogates are not Unicode text."""
    match value:
        case str():
            return "\n".join(map(escape_unprintable, value.split("\n")))
        case dict():
            facts = cast("dict[str, object]", value)
            return {escape_unprintable(name): _make_visible(inner) for name, inner in facts.items()}
        case list():
            return [_make_visible(inner) for inner in cast("list[object]", value)]
        case _:
            return value
