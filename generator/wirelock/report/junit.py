"""The report as JUnit XML: a suite per recording, a test case per exchange or file."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from wirelock.diagnostics import Case, Diagnostic, ExchangeRef, Outcome, Report, Severity
from wirelock.report.labels import format_location, format_section, list_change_facts, path_of
from wirelock.runtime.json.formatting import escape_unprintable

_NOT_CHECKED = {Outcome.UNMATCHED: "no service describes the request", Outcome.NO_BODY: "the recording has no body"}
_TRAFFIC = ("recordings", "exchanges", "round trips")


@dataclass(slots=True)
class _TestCase:
    """A test case before it is written."""

    name: str
    classname: str
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    skipped: str = ""
    output: str = ""


def render(report: Report) -> str:
    """Render one document; unexpected errors are failures, expected ones are skipped with their reason."""
    suites = [*_collect_project_tests(report), *_collect_recording_tests(report)]
    root = ET.Element("testsuites", name="wirelock")
    for name, tests in suites:
        root.append(_build_suite(name, tests))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


# collecting test cases


def _collect_project_tests(report: Report) -> Iterator[tuple[str, list[_TestCase]]]:
    """Collect a test case per section of the summary and per file with findings."""
    tests: dict[str, _TestCase] = {}
    for section, counts in report.summary.items():
        if section not in _TRAFFIC:
            tests[section] = _TestCase(section, "wirelock", output=format_section(counts).strip())
    for diagnostic in report.diagnostics:
        if diagnostic.exchange is None:
            name = diagnostic.location.file or "wirelock"
            tests.setdefault(name, _TestCase(name, "wirelock")).diagnostics.append(diagnostic)
    if tests:
        yield "project", list(tests.values())


def _collect_recording_tests(report: Report) -> Iterator[tuple[str, list[_TestCase]]]:
    tests: dict[str, dict[int, _TestCase]] = {}
    for case in report.cases:
        tests.setdefault(case.ref.recording, {})[case.ref.index] = _from_case(case)
    for diagnostic in report.diagnostics:
        ref = diagnostic.exchange
        if ref is not None:
            cases = tests.setdefault(ref.recording, {})
            cases.setdefault(
                ref.index, _TestCase(_format_name(ref), diagnostic.rpc or ref.recording)
            ).diagnostics.append(diagnostic)
    for recording, by_index in tests.items():
        yield recording, [by_index[index] for index in sorted(by_index)]


def _from_case(case: Case) -> _TestCase:
    return _TestCase(_format_name(case.ref), case.rpc or case.ref.recording, skipped=_NOT_CHECKED.get(case.outcome, ""))


def _format_name(ref: ExchangeRef) -> str:
    return (
        f"#{ref.index} {ref.method} {path_of(ref.url)} -> {ref.status}" if ref.method else f"document {ref.index + 1}"
    )


# writing XML


def _build_suite(name: str, tests: Iterable[_TestCase]) -> ET.Element:
    suite = _build_element("testsuite", {"name": name})
    for test in tests:
        suite.append(_build_case(test))
    tags = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    for count, tag in tags.items():
        suite.set(count, str(sum(1 for _ in suite.iter(tag))))
    return suite


def _build_case(test: _TestCase) -> ET.Element:
    case = _build_element("testcase", {"name": test.name, "classname": test.classname})
    failing = [diagnostic for diagnostic in test.diagnostics if diagnostic.is_failure]
    expected = [diagnostic for diagnostic in test.diagnostics if diagnostic.expected_reason]
    if failing:
        tag = "error" if any(diagnostic.code.fatal for diagnostic in failing) else "failure"
        case.append(_build_failure(tag, failing))
    elif expected:
        case.append(_build_element("skipped", {"message": f"expected: {expected[0].expected_reason}"}))
    elif test.skipped:
        case.append(_build_element("skipped", {"message": test.skipped}))
    remaining = [item for item in test.diagnostics if item not in failing and item.level is not Severity.NOTE]
    output = [test.output] if test.output else []
    if output or remaining:
        case.append(
            _build_element("system-out", {}, [*output, *(line for item in remaining for line in _format_lines(item))])
        )
    return case


def _build_failure(tag: str, diagnostics: list[Diagnostic]) -> ET.Element:
    first, more = diagnostics[0], f" (and {len(diagnostics) - 1} more)" if len(diagnostics) > 1 else ""
    facts = {"type": first.code.id, "message": first.message + more}
    return _build_element(tag, facts, [line for diagnostic in diagnostics for line in _format_lines(diagnostic)])


def _format_lines(diagnostic: Diagnostic) -> Iterator[str]:
    yield f"{diagnostic.level.value} {diagnostic.code.id}: {diagnostic.message}"
    details = [
        ("at", format_location(diagnostic)),
        *(list_change_facts(diagnostic.impact) if diagnostic.impact else ()),
    ]
    details += [
        ("schema", diagnostic.schema_location),
        ("reason", diagnostic.expected_reason),
        ("hint", diagnostic.hint),
    ]
    yield from (f"  {name}: {text}" for name, text in details if text)


def _build_element(tag: str, facts: Mapping[str, str], lines: Iterable[str] = ()) -> ET.Element:
    """Build an element; unprintable characters are escaped, because XML 1.0 cannot hold control characters."""
    element = ET.Element(tag, {name: escape_unprintable(value) for name, value in facts.items()})
    element.text = "\n".join(map(escape_unprintable, lines)) or None
    return element
