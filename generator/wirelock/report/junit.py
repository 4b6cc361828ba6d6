"""The report as JUnit XML, as Jenkins and most others read it: a suite a recording, a test case an exchange or file."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from wirelock.diagnostics import Case, Diagnostic, ExchangeRef, Report, Severity
from wirelock.report.labels import amounts, changes, path, place
from wirelock.runtime.json.formatting import visible

_NOT_CHECKED = {"unmatched": "no service describes it", "no_body": "the recording does not hold its body"}
_TRAFFIC = ("recordings", "exchanges", "round trips")


@dataclass(slots=True)
class _Test:
    """One test case to be."""

    name: str
    classname: str
    found: list[Diagnostic] = field(default_factory=list[Diagnostic])
    skipped: str = ""
    told: str = ""


def render(report: Report) -> str:
    """One document; a failure is an error that nobody expected, an expected one is skipped with its reason."""
    suites = [*_project(report), *_recordings(report)]
    root = ET.Element("testsuites", name="wirelock")
    for name, tests in suites:
        root.append(_suite(name, tests))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


# which tests there are


def _project(report: Report) -> Iterator[tuple[str, list[_Test]]]:
    """What is no traffic: each section that was counted, and each file that something is wrong with."""
    tests: dict[str, _Test] = {}
    for section, counts in report.summary.items():
        if section not in _TRAFFIC:
            tests[section] = _Test(section, "wirelock", told=amounts(counts).strip())
    for diagnostic in report.diagnostics:
        if diagnostic.exchange is None:
            name = diagnostic.where.file or "wirelock"
            tests.setdefault(name, _Test(name, "wirelock")).found.append(diagnostic)
    if tests:
        yield "project", list(tests.values())


def _recordings(report: Report) -> Iterator[tuple[str, list[_Test]]]:
    tests: dict[str, dict[int, _Test]] = {}
    for case in report.cases:
        tests.setdefault(case.ref.recording, {})[case.ref.index] = _of_case(case)
    for diagnostic in report.diagnostics:
        ref = diagnostic.exchange
        if ref is not None:
            known = tests.setdefault(ref.recording, {})
            known.setdefault(ref.index, _Test(_name(ref), diagnostic.rpc or ref.recording)).found.append(diagnostic)
    for recording, by_index in tests.items():
        yield recording, [by_index[index] for index in sorted(by_index)]


def _of_case(case: Case) -> _Test:
    return _Test(_name(case.ref), case.rpc or case.ref.recording, skipped=_NOT_CHECKED.get(case.outcome, ""))


def _name(ref: ExchangeRef) -> str:
    return f"#{ref.index} {ref.method} {path(ref.url)} -> {ref.status}" if ref.method else f"document {ref.index + 1}"


# how they are written


def _suite(name: str, tests: Iterable[_Test]) -> ET.Element:
    suite = _element("testsuite", {"name": name})
    for test in tests:
        suite.append(_case(test))
    tags = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    for count, tag in tags.items():
        suite.set(count, str(sum(1 for _ in suite.iter(tag))))
    return suite


def _case(test: _Test) -> ET.Element:
    case = _element("testcase", {"name": test.name, "classname": test.classname})
    failing = [diagnostic for diagnostic in test.found if diagnostic.fails]
    expected = [diagnostic for diagnostic in test.found if diagnostic.expected]
    if failing:
        tag = "error" if any(diagnostic.code.fatal for diagnostic in failing) else "failure"
        case.append(_failure(tag, failing))
    elif expected:
        case.append(_element("skipped", {"message": f"expected: {expected[0].expected}"}))
    elif test.skipped:
        case.append(_element("skipped", {"message": test.skipped}))
    rest = [one for one in test.found if one not in failing and one.level is not Severity.NOTE]
    told = [test.told] if test.told else []
    if told or rest:
        case.append(_element("system-out", {}, [*told, *(line for one in rest for line in _lines(one))]))
    return case


def _failure(tag: str, found: list[Diagnostic]) -> ET.Element:
    first, more = found[0], f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    facts = {"type": first.code.id, "message": first.message + more}
    return _element(tag, facts, [line for one in found for line in _lines(one)])


def _lines(diagnostic: Diagnostic) -> Iterator[str]:
    yield f"{diagnostic.level.value} {diagnostic.code.id}: {diagnostic.message}"
    stated = [("at", place(diagnostic)), *(changes(diagnostic.change) if diagnostic.change else ())]
    stated += [("schema", diagnostic.schema), ("reason", diagnostic.expected), ("hint", diagnostic.hint)]
    yield from (f"  {name}: {words}" for name, words in stated if words)


def _element(tag: str, facts: Mapping[str, str], lines: Iterable[str] = ()) -> ET.Element:
    """An element; XML 1.0 has no control characters, not even escaped."""
    element = ET.Element(tag, {name: visible(value) for name, value in facts.items()})
    element.text = "\n".join(map(visible, lines)) or None
    return element
