"""The JSON report: `meta/report.schema.json` defines it, and it has every occurrence."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from sample_reports import breaking_change

from wirelock.api.check import check
from wirelock.api.project import Project
from wirelock.config import Config, read_config
from wirelock.diagnostics import Code, Coverage, Diagnostic, ExchangeRef, Location, Outcome, Report, Severity
from wirelock.report.json import render
from wirelock.traffic.conformance.codes import NOTHING_CHECKED, ROUTE_UNDOCUMENTED, VIOLATION
from wirelock.traffic.conformance.coverage import KINDS
from wirelock.traffic.conformance.verdict import RoundTrip

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads(files("wirelock").joinpath("meta/report.schema.json").read_text("utf-8"))
VALIDATOR: Any = Draft202012Validator(SCHEMA)
STALE = Code("OUT_OF_DATE", Severity.ERROR)


def parse_valid(report: Report) -> Any:
    """Return the report as JSON that is valid under its schema."""
    text = render(report)
    assert text.endswith("}\n")
    value = json.loads(text)
    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(value)] == []
    return value


def make_finding(index: int, pointer: str, expected: str = "") -> Diagnostic:
    """Make a finding in the response of one exchange."""
    ref = ExchangeRef("old.har", index, "GET", "http://127.0.0.1:4096/session", 200, "response")
    where, schema = Location("old.har", pointer=pointer), "session/sessionInfo.schema.json#/required"
    found = ("validator", "model", "codec")
    return Diagnostic(VIOLATION, where, "a property is missing", "", None, ref, schema, "S.List", found, expected)


IN_A_FILE = Diagnostic(STALE, Location("generated/a.py", 3, 7), "the file is missing", "run: wirelock generate")
IN_A_DOCUMENT = Diagnostic(
    VIOLATION, Location("a.ndjson", 1), "expected object", exchange=ExchangeRef("a.ndjson", 0, "", "", 0, "document")
)
FATAL = Diagnostic(NOTHING_CHECKED, Location(), "nothing was checked", "check the recordings")


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_is_closed_and_described() -> None:
    objects = [inner for inner in list_subschemas(SCHEMA) if "properties" in inner]
    assert len(objects) >= 9
    assert all(inner["additionalProperties"] is False for inner in objects)
    bare = {name for inner in objects for name, one in inner["properties"].items() if "description" not in one}
    assert bare == {"total"}


def list_subschemas(value: Any) -> Iterator[dict[str, Any]]:
    """List all objects inside a JSON value."""
    inner: list[Any] = []
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        yield members
        inner = [*members.values()]
    elif isinstance(value, list):
        inner = cast("list[Any]", value)
    for item in inner:
        yield from list_subschemas(item)


def test_the_schema_knows_the_counts_and_kinds_that_there_are() -> None:
    summary = SCHEMA["$defs"]["summary"]["properties"]
    assert set(summary["exchanges"]["properties"]) == {"total", *Outcome}
    assert set(summary["round trips"]["properties"]) == {"total", *RoundTrip}
    assert set(SCHEMA["$defs"]["coverage"]["properties"]) == set(KINDS)
    assert SCHEMA["$defs"]["finding"]["properties"]["severity"]["enum"] == [level.value for level in Severity]


@pytest.mark.parametrize(
    ("diagnostics", "verdict"),
    [
        ((), "passed"),
        ((make_finding(1, "/a", "it is old"),), "passed"),
        ((make_finding(1, "/a"),), "findings"),
        ((IN_A_FILE,), "findings"),
        ((make_finding(1, "/a"), FATAL), "error"),
    ],
)
def test_the_verdict_follows_the_exit_code(diagnostics: tuple[Diagnostic, ...], verdict: str) -> None:
    report = Report(diagnostics)
    assert parse_valid(report)["verdict"] == verdict == ("passed", "findings", "error")[report.exit_code]


def test_each_occurrence_is_a_finding() -> None:
    report = Report(tuple(make_finding(index, f"/{item}/directory") for index in (1, 2) for item in range(15)))
    findings = parse_valid(report)["findings"]
    places = [(finding["exchange"]["index"], finding["pointer"]) for finding in findings]
    assert places == [(index, f"/{item}/directory") for index in (1, 2) for item in range(15)]


def test_a_finding_about_traffic() -> None:
    (finding,) = parse_valid(Report((make_finding(1, "/0/directory", "it is old"),)))["findings"]
    assert finding == {
        "code": "VIOLATION",
        "severity": "error",
        "message": "a property is missing",
        "hint": "",
        "file": "old.har",
        "line": 0,
        "column": 0,
        "pointer": "/0/directory",
        "expected": "it is old",
        "exchange": {
            "recording": "old.har",
            "index": 1,
            "method": "GET",
            "url": "http://127.0.0.1:4096/session",
            "status": 200,
            "part": "response",
        },
        "schema": "session/sessionInfo.schema.json#/required",
        "rpc": "S.List",
        "raised_by": ["validator", "model", "codec"],
    }


def test_a_finding_without_an_exchange_has_none_of_its_keys() -> None:
    (finding,) = parse_valid(Report((IN_A_FILE,)))["findings"]
    assert finding.keys() == {"code", "severity", "message", "hint", "file", "line", "column", "pointer"}
    assert (finding["line"], finding["column"]) == (3, 7)


def test_a_change_says_what_it_breaks() -> None:
    (finding,) = parse_valid(breaking_change())["findings"]
    assert finding["change"] == {
        "element": "SessionInfo.title",
        "wire": ["FIELD_SAME_TYPE"],
        "backward": "broken",
        "forward": "unproved",
        "backward_witness": '{"title": "a"}',
        "forward_witness": "",
        "use": "responses",
    }


def test_a_document_has_no_request() -> None:
    (finding,) = parse_valid(Report((IN_A_DOCUMENT,)))["findings"]
    assert finding["exchange"]["part"] == "document"
    assert finding["raised_by"] == []


def test_coverage_counts_and_diff() -> None:
    coverage = (Coverage("fields", ("a.id",), ("a.title", "b.id")), Coverage("methods", (), ()))
    summary: dict[str, dict[str, int | str]] = {"recordings": {"files": "not configured"}}
    value = parse_valid(Report((), summary, coverage, "--- a\n+++ b\n"))
    assert value["coverage"]["fields"] == {"covered": ["a.id"], "missed": ["a.title", "b.id"]}
    assert value["summary"] == {"recordings": {"files": "not configured"}}
    assert value["diff"] == "--- a\n+++ b\n"
    assert "diff" not in parse_valid(Report())


def test_hostile_characters_are_escaped_and_come_back() -> None:
    words = "\x1b[2J\n\u202e\x00\x9b31m\udc80 \U000e0041 \U0001f600 \\u0041 é"
    text = render(Report((Diagnostic(VIOLATION, Location(words), words),)))
    assert all(line.isprintable() for line in text.split("\n"))
    assert json.loads(text)["findings"][0]["message"] == words
    assert "é" in text


def put_value(at: str, key: str, value: object) -> Callable[[Any], None]:
    """Set a key of the object at a path of a report."""

    def change(report: Any) -> None:
        for name in at.split("/")[1:]:
            report = report[int(name) if name.isdecimal() else name]
        report[key] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        put_value("", "extra", 1),
        put_value("", "verdict", "maybe"),
        put_value("/summary", "extra", {}),
        put_value("/summary/recordings", "extra", 1),
        put_value("/summary/recordings", "files", "many"),
        put_value("/coverage", "extra", {"covered": [], "missed": []}),
        put_value("/coverage/fields", "extra", []),
        put_value("/findings/0", "extra", ""),
        put_value("/findings/0", "severity", "fatal"),
        put_value("/findings/0", "pointer", "directory"),
        put_value("/findings/0", "raised_by", ["nobody"]),
        put_value("/findings/2/change", "extra", ""),
        put_value("/findings/2/change", "backward", "perhaps"),
        put_value("/findings/0/exchange", "extra", ""),
        put_value("/findings/0/exchange", "part", "header"),
        put_value("/findings/0/exchange", "event", -1),
        put_value("/findings/1", "rpc", "S.List"),
        put_value("/findings/1", "expected", "nothing expects a file"),
    ],
)
def test_anything_else_is_no_report(change: Callable[[Any], None]) -> None:
    summary: dict[str, dict[str, int | str]] = {"recordings": {"files": 1}}
    report = Report(
        (make_finding(1, "/a"), IN_A_FILE, *breaking_change().diagnostics), summary, (Coverage("fields", (), ()),)
    )
    value = copy.deepcopy(parse_valid(report))
    change(value)
    assert not VALIDATOR.is_valid(value)


@pytest.mark.long
def test_the_check_of_this_repository_is_a_report() -> None:
    config = read_config(ROOT)
    assert isinstance(config, Config)
    report = check(Project(config))
    value = parse_valid(report)
    assert len(value["findings"]) == len(report.diagnostics) > 30
    assert value["summary"]["exchanges"]["total"] == sum(
        count for name, count in value["summary"]["exchanges"].items() if name != "total"
    )
    assert value["summary"]["round trips"]["total"] > 100
    assert {finding["code"] for finding in value["findings"]} >= {VIOLATION.id}
    assert set(value["coverage"]) == set(KINDS)
    assert ROUTE_UNDOCUMENTED.id not in {finding["code"] for finding in value["findings"]}
