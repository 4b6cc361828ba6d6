"""How exchanges are counted, and what is said of those that are not as described."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from checkout import configuration

import wirelock
from wirelock.build import Build
from wirelock.config import Expectation
from wirelock.diagnostics import Location, Severity
from wirelock.ir import TypeId
from wirelock.loader import Loaded
from wirelock.runtime.findings import Finding
from wirelock.traffic.conformance.checker import Check
from wirelock.traffic.conformance.expectations import expected
from wirelock.traffic.conformance.verdict import judge
from wirelock.traffic.http.exchange import Body, Document, Exchange

SESSION = b'{"id": "ses_1", "title": "t", "directory": "/d"}'
JSON = "application/json"


def get(path: str, status: int, text: bytes | None = None, media_type: str = JSON) -> Exchange:
    """A GET and its answer."""
    body = None if text is None else Body(text, media_type)
    return Exchange("made.har", 0, "GET", f"http://localhost:4096{path}", status, None, body)


def send(method: str, path: str, status: int, text: bytes, answer: bytes, media_type: str = JSON) -> Exchange:
    """A request with a body, and its answer."""
    url = f"http://localhost:4096{path}"
    return Exchange("made.har", 0, method, url, status, Body(text, media_type), Body(answer, JSON))


@pytest.fixture
def check(project: Build, loaded: Loaded) -> Check:
    return Check(project.graph, loaded.contract)


def outcome(check: Check, exchange: Exchange) -> tuple[str, list[str]]:
    """How one exchange counts, and the codes of what is said about it."""
    check.exchange(exchange)
    ((name, count),) = check.outcomes.items()
    assert count == 1
    return name, [diagnostic.code.id for diagnostic in check.diagnostics]


OUTCOMES: dict[str, tuple[Exchange, str, list[str]]] = {
    "as described": (get("/session/ses_1", 200, SESSION), "conforming", []),
    "a list is the property of its message": (get("/session", 200, b"[" + SESSION + b"]"), "conforming", []),
    "no body where none is described": (get("/session", 401), "conforming", []),
    "a constant": (replace(get("/session/ses_1", 200, b"true"), method="DELETE"), "conforming", []),
    "another constant": (replace(get("/session/ses_1", 200, b"1"), method="DELETE"), "violating", ["VIOLATION"]),
    "a list in a wrapper that is not JSON": (get("/session", 200, b'[], "x": 1'), "violating", ["MALFORMED"]),
    "an unknown status": (get("/session/ses_1", 418, b"{}"), "undocumented_status", ["STATUS_UNDOCUMENTED"]),
    "another media type": (
        get("/session/ses_1", 200, b"<html>", "text/html"),
        "undocumented_media_type",
        ["MEDIA_TYPE_UNDOCUMENTED"],
    ),
    "a body where none is described": (
        get("/session", 401, b"no", "text/plain"),
        "undocumented_media_type",
        ["MEDIA_TYPE_UNDOCUMENTED"],
    ),
    "no body where one is described": (get("/session/ses_1", 200), "violating", ["BODY_MISSING"]),
    "a body that was not recorded": (
        replace(get("/session/ses_1", 200), unrecorded=("response",)),
        "no_body",
        ["BODY_NOT_CHECKED"],
    ),
    "no answer": (get("/session/ses_1", 0), "no_body", ["BODY_NOT_CHECKED"]),
    "another service's": (get("/config", 200, b"{}"), "unmatched", ["ROUTE_UNDOCUMENTED"]),
    "an operation that only looks like a session": (
        get("/session/status", 200, b"{}"),
        "unmatched",
        ["ROUTE_UNDOCUMENTED"],
    ),
    "a request at fault that the server took": (
        send("POST", "/session", 200, b'{"title": 1}', SESSION),
        "violating",
        ["VIOLATION"],
    ),
    "a request at fault that the server refused": (
        send("POST", "/session", 400, b'{"title": 1}', b'{"name": "BadRequest"}'),
        "conforming",
        ["VIOLATION"],
    ),
    "a request body that is no JSON": (
        send("POST", "/session", 200, b"title=1", SESSION, "application/x-www-form-urlencoded"),
        "conforming",
        ["BODY_NOT_CHECKED"],
    ),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_an_exchange_counts_once(name: str, check: Check) -> None:
    exchange, counts, codes = OUTCOMES[name]
    assert outcome(check, exchange) == (counts, codes)


def test_a_refused_request_is_a_note(check: Check) -> None:
    exchange = OUTCOMES["a request at fault that the server refused"][0]
    check.exchange(exchange)
    assert [d.level for d in check.diagnostics] == [Severity.NOTE]


def test_pointers_lead_into_the_http_body(check: Check) -> None:
    check.exchange(get("/session", 200, b'[{"id": "a", "title": "t"}]'))
    check.exchange(send("PATCH", "/session/ses_1", 200, b'{"title": 1}', SESSION))
    places = {(d.exchange.part, d.where.pointer) for d in check.diagnostics if d.exchange}
    assert places == {("response", "/0/directory"), ("request", "/title")}


def test_a_finding_names_the_rpc_and_the_place_in_the_schema(check: Check) -> None:
    check.exchange(send("PATCH", "/session/ses_1", 200, b'{"title": 1}', SESSION))
    (found,) = check.diagnostics
    assert found.rpc == "SessionService.UpdateSession"
    assert found.schema == "session/updateSessionBody.schema.json#/properties/title/type"


def test_secrets_of_a_url_are_not_reported(check: Check, tmp_path: Path) -> None:
    url = "http://user:hunter2@localhost/config?auth_token=hunter2"
    line = {"request": {"method": "GET", "url": url, "headers": [], "body": None}, "response": {"status": 200}}
    (tmp_path / "one.ndjson").write_text(json.dumps(line) + "\n", "utf-8")
    report = wirelock.verify(configuration(Path(__file__).parents[2]), [str(tmp_path / "one.ndjson")])
    assert "ROUTE_UNDOCUMENTED" in {d.code.id for d in report.diagnostics}
    assert "hunter2" not in repr(report)


def test_zero_checked_is_not_success(check: Check) -> None:
    check.exchange(get("/config", 200, b"{}"))
    (nothing,) = check.nothing_checked()
    assert nothing.code.id == "NOTHING_CHECKED"
    assert nothing.code.fatal
    assert check.report().coverage == (), "a table of what was not exercised would look like a result"


def test_requests_alone_are_not_success(check: Check) -> None:
    check.exchange(send("PATCH", "/session/ses_1", 0, b'{"title": "t"}', b""))
    assert check.bodies == 1
    (nothing,) = check.nothing_checked()
    assert nothing.message.endswith(": 1 exchange read, the server answered none that a service describes")
    check.exchange(get("/session/ses_1", 200, SESSION))
    assert check.nothing_checked() == ()


UNKNOWN, UNKEPT = get("/config", 200, b"{}"), replace(get("/session", 200), unrecorded=("response",))
UNHELD = [
    ([], "0 exchanges read, none of them was looked at"),
    ([UNKNOWN], "1 exchange read, none of them is described by a service"),
    ([UNKNOWN, get("/session", 0)], "2 exchanges read, the server answered none that a service describes"),
    ([get("/session", 0), UNKEPT], "2 exchanges read, no answer to them could be held"),
]


@pytest.mark.parametrize(("read", "why"), UNHELD)
def test_why_nothing_was_checked_is_said_as_it_is(check: Check, read: list[Exchange], why: str) -> None:
    for exchange in read:
        check.exchange(exchange)
    (nothing,) = check.nothing_checked()
    assert nothing.message == f"nothing was checked: {why}"


def test_why_nothing_was_checked_adds_up(project: Build, loaded: Loaded, check: Check) -> None:
    """Files are checked each by itself, and told of together."""
    other = Check(project.graph, loaded.contract)
    other.exchange(get("/session", 0))
    check.exchange(UNKNOWN)
    check.add(other.tally())
    (nothing,) = check.nothing_checked()
    assert nothing.message.endswith(": 2 exchanges read, the server answered none that a service describes")


def test_a_document_is_held_against_its_type(check: Check) -> None:
    check.document(Document("made.ndjson", 0, SESSION, 1), TypeId("session/sessionInfo.schema.json"))
    check.document(Document("made.ndjson", 1, b"{}", 3), TypeId("session/sessionTime.schema.json"))
    assert check.outcomes == {"conforming": 1, "violating": 1}
    assert {(d.where.line, d.where.pointer) for d in check.diagnostics} == {(3, "/created"), (3, "/updated")}


# expectations


def expectation(pointer: str = "/directory", recording: str = "made.har") -> Expectation:
    return Expectation(recording, "VIOLATION", pointer, "known", Location("pyproject.toml", 7, 1))


@pytest.mark.parametrize(
    ("exchange", "expectations", "codes"),
    [
        (get("/session", 200, b'[{"id": "a", "title": "t"}]'), [expectation()], [("VIOLATION", "known")]),
        (get("/session", 200, b'[{"id": "a", "title": "t"}]'), [], [("VIOLATION", "")]),
        (get("/session/a", 200, SESSION), [expectation()], [("EXPECTATION_UNUSED", "")]),
        (get("/session/a", 200, SESSION), [expectation(recording="other.har")], []),
    ],
)
def test_expected_findings(
    exchange: Exchange, expectations: Sequence[Expectation], codes: list[tuple[str, str]], check: Check
) -> None:
    check.exchange(exchange)
    found = expected(check.diagnostics, expectations, ["recordings/made.har"])
    assert [(diagnostic.code.id, diagnostic.expected) for diagnostic in found] == codes


# verdicts


class Says:
    """A contract whose parts say what they are told to."""

    name = "made/up"
    carried = True

    def __init__(self, **findings: Sequence[Finding]) -> None:
        self._findings = findings
        self.back = b"{}"

    def validator_findings(self, text: bytes) -> tuple[Finding, ...]:
        return tuple(self._findings.get("validator", ()))

    def model_findings(self, text: bytes) -> tuple[Finding, ...]:
        return tuple(self._findings.get("model", ()))

    def codec_findings(self, text: bytes) -> tuple[Finding, ...]:
        return tuple(self._findings.get("codec", ()))

    def round_trip(self, text: bytes) -> bytes | tuple[Finding, ...]:
        return self.back


WRONG = Finding("/a", "VIOLATION", "wrong")


def test_a_part_that_accepts_what_others_refuse_is_a_disagreement() -> None:
    verdict = judge(Says(validator=[WRONG], codec=[WRONG]), b'{"a": 1}')
    assert verdict.disagreement == "refused by validator and codec, accepted by model: wrong"
    assert [raised.by for raised in verdict.raised] == [("validator", "codec")]


def test_what_protobuf_cannot_hold_is_no_disagreement() -> None:
    verdict = judge(Says(codec=[Finding("/a", "NOT_REPRESENTABLE", "too large")]), b'{"a": 1}')
    assert (verdict.disagreement, verdict.round_trip) == ("", "failed")
    assert not verdict.accepted


def test_a_loss_that_nobody_named_is_a_fault() -> None:
    verdict = judge(Says(), b'{"a": 1}')
    assert verdict.round_trip == "lossy"
    assert verdict.loss is not None
    assert verdict.loss.pointer == "/a"


def test_a_loss_that_a_note_names_is_none() -> None:
    note = Finding("/a", "UNDECLARED_FIELD", "not declared", warning=True)
    verdict = judge(Says(validator=[note], model=[note], codec=[note]), b'{"a": 1}')
    assert (verdict.round_trip, verdict.loss, verdict.accepted) == ("lossy", None, True)


def test_equal_is_equal_as_json() -> None:
    contract = Says()
    contract.back = b'{"b":2,"a":1}'
    assert judge(contract, b'{"a": 1.0, "b": 2}').round_trip == "equal"


def test_a_model_that_sees_the_fault_higher_up_is_not_a_second_finding() -> None:
    verdict = judge(Says(validator=[WRONG], model=[Finding("", "VIOLATION", "no")], codec=[WRONG]), b'{"a": 1}')
    (only,) = verdict.raised
    assert only.by == ("validator", "model", "codec")


def test_diagnostics_of_generation_and_verification_come_together(copy: Path) -> None:
    schema = copy / "schemas/session/sessionTime.schema.json"
    schema.write_text(schema.read_text("utf-8").replace('"updated"', '"changed"'), "utf-8")
    report = wirelock.check(configuration(copy))
    codes = {diagnostic.code.id for diagnostic in report.diagnostics if diagnostic.fails}
    assert codes == {"OUT_OF_DATE", "VIOLATION"}
    assert report.exit_code == 1
