"""The report as SARIF 2.1.0 (OASIS), for code scanning: a rule a code, a result a finding or a group of traffic."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import quote

from wirelock.diagnostics import Code, Diagnostic, Exhibit, Location, Report, grouped_pointer
from wirelock.report.groups import Group, grouped
from wirelock.report.json import change_facts, exchange_facts
from wirelock.report.labels import changes, explanation, place
from wirelock.report.targets import Exhibits, target
from wirelock.runtime.json.formatting import visible
from wirelock.version import VERSION

Facts = dict[str, object]
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_FINGERPRINT = "wirelock/v1"
MOST_RELATED = 20
"""How many further places of a group are listed."""


def render(report: Report) -> str:
    """One log with one run."""
    rules = sorted({diagnostic.code.id: diagnostic.code for diagnostic in report.diagnostics}.items())
    index = {id: number for number, (id, _) in enumerate(rules)}
    driver = {
        "name": "wirelock",
        "version": VERSION,
        "semanticVersion": VERSION,
        "rules": [_rule(code) for _, code in rules],
    }
    run: Facts = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": report.exit_code != 2, "exitCode": report.exit_code}],
        "columnKind": "unicodeCodePoints",
        "results": _results(report, index),
        "properties": {"summary": report.summary},
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(_visible(log), indent=2) + "\n"


def _rule(code: Code) -> Facts:
    page = explanation(code.id)
    facts: Facts = {"id": code.id, "defaultConfiguration": {"level": code.severity.value}}
    if page:
        first, _, _ = page.partition("\n\n")
        plain = " ".join(first.split())
        facts |= {
            "shortDescription": {"text": _sentence(plain)},
            "fullDescription": {"text": plain},
            "help": {"text": page, "markdown": page},
        }
    return facts


def _sentence(text: str) -> str:
    head, found, _ = text.partition(". ")
    return f"{head}." if found else text


# results


def _results(report: Report, rules: dict[str, int]) -> list[Facts]:
    exhibits = Exhibits(report.exhibits)
    known: Counter[str] = Counter()
    found: list[Facts] = []
    for group in grouped(report.diagnostics):
        exhibit = exhibits.of(group)
        for part in _parts(group):
            print_ = _fingerprint(part.first)
            known[print_] += 1
            result = _result(part, exhibit, rules[part.first.code.id])
            found.append({**result, "partialFingerprints": {_FINGERPRINT: f"{print_}:{known[print_]}"}})
    return found


def _parts(group: Group) -> Iterator[Group]:
    """What is one result: the whole group for traffic, each place in a file."""
    if group.first.exchange is not None:
        yield group
        return
    yield from (Group((member,)) for member in group.members)


def _result(group: Group, exhibit: Exhibit | None, rule: int) -> Facts:
    first = group.first
    result: Facts = {
        "ruleId": first.code.id,
        "ruleIndex": rule,
        "level": first.level.value,
        "message": {"text": _message(first)},
        "locations": [_location(target(first, exhibit), first)],
        "occurrenceCount": group.times,
        "properties": _properties(first),
    }
    related = [_location(member.where, member, number) for number, member in enumerate(_related(group, exhibit))]
    if related:
        result["relatedLocations"] = related
    if first.expected:
        result["suppressions"] = [{"kind": "external", "justification": first.expected}]
    return result


def _related(group: Group, exhibit: Exhibit | None) -> tuple[Diagnostic, ...]:
    """Where else it is; the first place too, where the result stands at the schema."""
    members = group.members[target(group.first, exhibit) == group.first.where :]
    return members[:MOST_RELATED]


def _message(diagnostic: Diagnostic) -> str:
    change = [f"{name}: {words}" for name, words in changes(diagnostic.change)] if diagnostic.change else []
    hint = [f"hint: {diagnostic.hint}"] if diagnostic.hint else []
    return "\n".join([diagnostic.message, *change, *hint])


def _location(where: Location, diagnostic: Diagnostic, number: int | None = None) -> Facts:
    facts: Facts = {} if number is None else {"id": number, "message": {"text": place(diagnostic)}}
    if where.file:
        physical: Facts = {"artifactLocation": {"uri": _uri(where.file)}}
        if where.line:
            column = {"startColumn": where.column} if where.column else {}
            physical["region"] = {"startLine": where.line, **column}
        facts["physicalLocation"] = physical
    logical = list(_logical(diagnostic))
    return {**facts, **({"logicalLocations": logical} if logical else {})}


def _logical(diagnostic: Diagnostic) -> Iterator[Facts]:
    """The JSON Pointer, the method, and the keyword of the schema."""
    pointer = diagnostic.where.pointer
    if pointer or diagnostic.exchange:
        yield {"name": pointer.rpartition("/")[2], "fullyQualifiedName": pointer, "kind": "value"}
    if diagnostic.rpc:
        yield {"name": diagnostic.rpc.rpartition(".")[2], "fullyQualifiedName": diagnostic.rpc, "kind": "function"}
    if diagnostic.schema:
        keyword = diagnostic.schema.rpartition("/")[2]
        yield {"name": keyword, "fullyQualifiedName": diagnostic.schema, "kind": "declaration"}


def _properties(diagnostic: Diagnostic) -> Facts:
    facts: Facts = {"pointer": diagnostic.where.pointer}
    if diagnostic.exchange is not None:
        facts |= {"exchange": exchange_facts(diagnostic.exchange), "schema": diagnostic.schema, "rpc": diagnostic.rpc}
        facts["raised_by"] = list(diagnostic.raised_by)
    return facts | ({"change": change_facts(diagnostic.change)} if diagnostic.change else {})


def _fingerprint(diagnostic: Diagnostic) -> str:
    """What stays the same when lines move and the fault occurs more or less often."""
    where = diagnostic.where
    if diagnostic.exchange is None:
        facts = [diagnostic.code.id, where.file, where.pointer, diagnostic.message]
    else:
        words = "" if diagnostic.schema else diagnostic.message
        facts = [diagnostic.code.id, diagnostic.schema, grouped_pointer(where.pointer), diagnostic.rpc, words]
    return hashlib.sha256(visible("\n".join(facts)).encode()).hexdigest()[:32]


def _uri(file: str) -> str:
    """A file as the user named it; relative unless it was named by an absolute path."""
    path = Path(visible(file))
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _visible(value: object) -> object:
    """The value without characters that are not printable, new lines apart: half of a surrogate pair is no Unicode."""
    match value:
        case str():
            return "\n".join(map(visible, value.split("\n")))
        case dict():
            facts = cast("dict[str, object]", value)
            return {visible(name): _visible(inner) for name, inner in facts.items()}
        case list():
            return [_visible(inner) for inner in cast("list[object]", value)]
        case _:
            return value
