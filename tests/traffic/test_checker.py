"""Outcomes and findings of checked exchanges and documents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from checkout import load_project

import wirelock
from wirelock.build import Build
from wirelock.config import Expectation
from wirelock.diagnostics import Location, Severity
from wirelock.ir import TypeId
from wirelock.loader import LoadedArtifacts
from wirelock.runtime.findings import Finding
from wirelock.traffic.conformance.checker import ConformanceCheck
from wirelock.traffic.conformance.expectations import mark_expected
from wirelock.traffic.conformance.verdict import judge
from wirelock.traffic.http.exchange import Exchange, RecordedBody, RecordedDocument

SESSION = b'{"id": "ses_1", "title": "t", "directory": "/d"}'
JSON = "application/json"


def build_get(path: str, status: int, text: bytes | None = None, media_type: str = JSON) -> Exchange:
    """Build a GET exchange."""
    body = None if text is None else RecordedBody(text, media_type)
    return Exchange("made.har", 0, "GET", f"http://localhost:4096{path}", status, None, body)


def build_exchange(
    method: str, path: str, status: int, text: bytes, response: bytes, media_type: str = JSON
) -> Exchange:
    """Build an exchange with a request body."""
    url = f"http://localhost:4096{path}"
    return Exchange("made.har", 0, method, url, status, RecordedBody(text, media_type), RecordedBody(response, JSON))


@pytest.fixture
def check(project: Build, loaded: LoadedArtifacts) -> ConformanceCheck:
    """A check without results."""
    return ConformanceCheck(project.graph, loaded.get_contract)


def check_outcome(check: ConformanceCheck, exchange: Exchange) -> tuple[str, list[str]]:
    """Check an exchange; return its outcome and the codes of its diagnostics."""
    check.check_exchange(exchange)
    ((name, count),) = check.outcomes.items()
    assert count == 1
    return name, [diagnostic.code.id for diagnostic in check.diagnostics]


OUTCOMES: dict[str, tuple[Exchange, str, list[str]]] = {
    "conforming": (build_get("/session/ses_1", 200, SESSION), "conforming", []),
    "a list as the property of its message": (build_get("/session", 200, b"[" + SESSION + b"]"), "conforming", []),
    "no body and none documented": (build_get("/session", 401), "conforming", []),
    "a constant": (replace(build_get("/session/ses_1", 200, b"true"), method="DELETE"), "conforming", []),
    "another constant": (replace(build_get("/session/ses_1", 200, b"1"), method="DELETE"), "violating", ["VIOLATION"]),
    "a list in a wrapper that is not JSON": (build_get("/session", 200, b'[], "x": 1'), "violating", ["MALFORMED"]),
    "an unknown status": (build_get("/session/ses_1", 418, b"{}"), "undocumented_status", ["STATUS_UNDOCUMENTED"]),
    "another media type": (
        build_get("/session/ses_1", 200, b"<html>", "text/html"),
        "undocumented_media_type",
        ["MEDIA_TYPE_UNDOCUMENTED"],
    ),
    "an undocumented body": (
        build_get("/session", 401, b"no", "text/plain"),
        "undocumented_media_type",
        ["MEDIA_TYPE_UNDOCUMENTED"],
    ),
    "no body where one is documented": (build_get("/session/ses_1", 200), "violating", ["BODY_MISSING"]),
    "a body that was not recorded": (
        replace(build_get("/session/ses_1", 200), unrecorded=("response",)),
        "no_body",
        ["BODY_NOT_CHECKED"],
    ),
    "no response": (build_get("/session/ses_1", 0), "no_body", ["BODY_NOT_CHECKED"]),
    "an undocumented path": (build_get("/config", 200, b"{}"), "unmatched", ["ROUTE_UNDOCUMENTED"]),
    "an operation that only looks like a session": (
        build_get("/session/status", 200, b"{}"),
        "unmatched",
        ["ROUTE_UNDOCUMENTED"],
    ),
    "an invalid request that the server accepted": (
        build_exchange("POST", "/session", 200, b'{"title": 1}', SESSION),
        "violating",
        ["VIOLATION"],
    ),
    "an invalid request that the server rejected": (
        build_exchange("POST", "/session", 400, b'{"title": 1}', b'{"name": "BadRequest"}'),
        "conforming",
        ["VIOLATION"],
    ),
    "a request body that is not JSON": (
        build_exchange("POST", "/session", 200, b"title=1", SESSION, "application/x-www-form-urlencoded"),
        "conforming",
        ["BODY_NOT_CHECKED"],
    ),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_an_exchange_has_one_outcome(name: str, check: ConformanceCheck) -> None:
    exchange, outcome, codes = OUTCOMES[name]
    assert check_outcome(check, exchange) == (outcome, codes)


def test_an_invalid_request_that_was_rejected_is_a_note(check: ConformanceCheck) -> None:
    exchange = OUTCOMES["an invalid request that the server rejected"][0]
    check.check_exchange(exchange)
    assert [d.level for d in check.diagnostics] == [Severity.NOTE]


def test_pointers_are_relative_to_the_http_body(check: ConformanceCheck) -> None:
    check.check_exchange(build_get("/session", 200, b'[{"id": "a", "title": "t"}]'))
    check.check_exchange(build_exchange("PATCH", "/session/ses_1", 200, b'{"title": 1}', SESSION))
    locations = {(d.exchange.part, d.location.pointer) for d in check.diagnostics if d.exchange}
    assert locations == {("response", "/0/directory"), ("request", "/title")}


def test_a_finding_names_the_rpc_and_the_schema_location(check: ConformanceCheck) -> None:
    check.check_exchange(build_exchange("PATCH", "/session/ses_1", 200, b'{"title": 1}', SESSION))
    (diagnostic,) = check.diagnostics
    assert diagnostic.rpc == "SessionService.UpdateSession"
    assert diagnostic.schema_location == "session/updateSessionBody.schema.json#/properties/title/type"


def test_secrets_in_a_url_are_not_reported(check: ConformanceCheck, tmp_path: Path) -> None:
    url = "http://user:hunter2@localhost/config?auth_token=hunter2"
    line: dict[str, Any] = {
        "request": {"method": "GET", "url": url, "headers": [], "body": None},
        "response": {"status": 200},
    }
    (tmp_path / "one.ndjson").write_text(json.dumps(line) + "\n", "utf-8")
    report = wirelock.verify(load_project(Path(__file__).parents[2]), [str(tmp_path / "one.ndjson")])
    assert "ROUTE_UNDOCUMENTED" in {d.code.id for d in report.diagnostics}
    assert "hunter2" not in repr(report)


def test_nothing_checked_is_an_error(check: ConformanceCheck) -> None:
    check.check_exchange(build_get("/config", 200, b"{}"))
    (diagnostic,) = check.report_nothing_checked()
    assert diagnostic.code.id == "NOTHING_CHECKED"
    assert diagnostic.code.fatal
    assert check.to_report().coverage == (), "a coverage table would look like a result"


def test_checked_requests_alone_are_an_error(check: ConformanceCheck) -> None:
    check.check_exchange(build_exchange("PATCH", "/session/ses_1", 0, b'{"title": "t"}', b""))
    assert check.bodies == 1
    (diagnostic,) = check.report_nothing_checked()
    assert diagnostic.message.endswith(": 1 exchange read, none of the documented ones has a response")
    check.check_exchange(build_get("/session/ses_1", 200, SESSION))
    assert check.report_nothing_checked() == ()


UNDOCUMENTED = build_get("/config", 200, b"{}")
UNRECORDED = replace(build_get("/session", 200), unrecorded=("response",))
NOTHING_CHECKED: list[tuple[list[Exchange], str]] = [
    ([], "0 exchanges read, none of them was checked"),
    ([UNDOCUMENTED], "1 exchange read, no service documents any of them"),
    ([UNDOCUMENTED, build_get("/session", 0)], "2 exchanges read, none of the documented ones has a response"),
    ([build_get("/session", 0), UNRECORDED], "2 exchanges read, no response to them could be checked"),
]


@pytest.mark.parametrize(("exchanges", "reason"), NOTHING_CHECKED)
def test_the_reason_why_nothing_was_checked_is_reported(
    check: ConformanceCheck, exchanges: list[Exchange], reason: str
) -> None:
    for exchange in exchanges:
        check.check_exchange(exchange)
    (diagnostic,) = check.report_nothing_checked()
    assert diagnostic.message == f"nothing was checked: {reason}"


def test_the_reason_why_nothing_was_checked_covers_all_files(
    project: Build, loaded: LoadedArtifacts, check: ConformanceCheck
) -> None:
    """The results of several files are added."""
    other = ConformanceCheck(project.graph, loaded.get_contract)
    other.check_exchange(build_get("/session", 0))
    check.check_exchange(UNDOCUMENTED)
    check.add(other.to_result())
    (diagnostic,) = check.report_nothing_checked()
    assert diagnostic.message.endswith(": 2 exchanges read, none of the documented ones has a response")


def test_a_document_is_checked_against_its_type(check: ConformanceCheck) -> None:
    check.check_document(RecordedDocument("made.ndjson", 0, SESSION, 1), TypeId("session/sessionInfo.schema.json"))
    check.check_document(RecordedDocument("made.ndjson", 1, b"{}", 3), TypeId("session/sessionTime.schema.json"))
    assert check.outcomes == {"conforming": 1, "violating": 1}
    assert {(d.location.line, d.location.pointer) for d in check.diagnostics} == {(3, "/created"), (3, "/updated")}


# expectations


def build_expectation(pointer: str = "/directory", recording: str = "made.har") -> Expectation:
    """Build an expectation of a violation."""
    return Expectation(recording, "VIOLATION", pointer, "known", Location("pyproject.toml", 7, 1))


@pytest.mark.parametrize(
    ("exchange", "expectations", "codes"),
    [
        (build_get("/session", 200, b'[{"id": "a", "title": "t"}]'), [build_expectation()], [("VIOLATION", "known")]),
        (build_get("/session", 200, b'[{"id": "a", "title": "t"}]'), [], [("VIOLATION", "")]),
        (build_get("/session/a", 200, SESSION), [build_expectation()], [("EXPECTATION_UNUSED", "")]),
        (build_get("/session/a", 200, SESSION), [build_expectation(recording="other.har")], []),
    ],
)
def test_expected_findings_are_marked(
    exchange: Exchange, expectations: Sequence[Expectation], codes: list[tuple[str, str]], check: ConformanceCheck
) -> None:
    check.check_exchange(exchange)
    marked = mark_expected(check.diagnostics, expectations, ["recordings/made.har"])
    assert [(diagnostic.code.id, diagnostic.expected_reason) for diagnostic in marked] == codes


# verdicts


class FakeContract:
    """A contract with given findings of each artifact."""

    name = "made/up"
    has_codec = True

    def __init__(self, **findings: Sequence[Finding]) -> None:
        self._findings = findings
        self.round_trip_text = b"{}"

    def check_schema(self, text: bytes) -> tuple[Finding, ...]:
        return tuple(self._findings.get("validator", ()))

    def check_model(self, text: bytes) -> tuple[Finding, ...]:
        return tuple(self._findings.get("model", ()))

    def check_codec(self, text: bytes) -> tuple[Finding, ...]:
        return tuple(self._findings.get("codec", ()))

    def round_trip(self, text: bytes) -> bytes | tuple[Finding, ...]:
        return self.round_trip_text


WRONG = Finding("/a", "VIOLATION", "wrong")


def test_an_artifact_that_accepts_an_invalid_text_is_a_disagreement() -> None:
    verdict = judge(FakeContract(validator=[WRONG], codec=[WRONG]), b'{"a": 1}')
    assert verdict.disagreement == "refused by validator and codec, accepted by model: wrong"
    assert [attributed.found_by for attributed in verdict.findings] == [("validator", "codec")]


def test_a_limit_of_protobuf_is_not_a_disagreement() -> None:
    verdict = judge(FakeContract(codec=[Finding("/a", "NOT_REPRESENTABLE", "too large")]), b'{"a": 1}')
    assert (verdict.disagreement, verdict.round_trip) == ("", "failed")
    assert not verdict.is_accepted


def test_an_unreported_loss_is_a_finding() -> None:
    verdict = judge(FakeContract(), b'{"a": 1}')
    assert verdict.round_trip == "lossy"
    assert verdict.loss is not None
    assert verdict.loss.pointer == "/a"


def test_a_reported_loss_is_not_a_finding() -> None:
    note = Finding("/a", "UNDECLARED_FIELD", "not declared", warning=True)
    verdict = judge(FakeContract(validator=[note], model=[note], codec=[note]), b'{"a": 1}')
    assert (verdict.round_trip, verdict.loss, verdict.is_accepted) == ("lossy", None, True)


def test_round_trips_are_compared_as_json() -> None:
    contract = FakeContract()
    contract.round_trip_text = b'{"b":2,"a":1}'
    assert judge(contract, b'{"a": 1.0, "b": 2}').round_trip == "equal"


def test_a_fault_that_the_model_reports_higher_up_is_one_finding() -> None:
    verdict = judge(FakeContract(validator=[WRONG], model=[Finding("", "VIOLATION", "no")], codec=[WRONG]), b'{"a": 1}')
    (attributed,) = verdict.findings
    assert attributed.found_by == ("validator", "model", "codec")


def test_check_reports_generation_and_verification(copy: Path) -> None:
    schema = copy / "schemas/session/sessionTime.schema.json"
    schema.write_text(schema.read_text("utf-8").replace('"updated"', '"changed"'), "utf-8")
    report = wirelock.check(load_project(copy))
    codes = {diagnostic.code.id for diagnostic in report.diagnostics if diagnostic.is_failure}
    assert codes == {"OUT_OF_DATE", "VIOLATION"}
    assert report.exit_code == 1
