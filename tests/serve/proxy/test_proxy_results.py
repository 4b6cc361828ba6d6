"""Results of the proxy stay in bounded memory."""

from __future__ import annotations

from dataclasses import replace

import pytest
from running_proxy import SESSION, emit_project

from wirelock.diagnostics import Report
from wirelock.loader import load_artifacts
from wirelock.serve.proxy import finding_groups
from wirelock.serve.proxy.results import ContinuousCheck
from wirelock.traffic.conformance.checker import ConformanceCheck
from wirelock.traffic.http.exchange import Exchange, RecordedBody

COUNTS: dict[str, int | str] = {"requests": 0}
JSON = RecordedBody(b"{}", "application/json")
GOOD = Exchange("proxy", 0, "GET", "http://h/session", 200, None, RecordedBody(b"[%s]" % SESSION, "application/json"))


@pytest.fixture
def check() -> ContinuousCheck:
    built, output = emit_project()
    return ContinuousCheck(ConformanceCheck(built.graph, load_artifacts(built, output.artifacts).get_contract))


def test_findings_are_grouped_and_counted(check: ContinuousCheck) -> None:
    wrong = replace(GOOD, response=RecordedBody(b'[{"id": 1}]', "application/json"))
    for index in range(50):
        check.add_exchange(replace(wrong, index=index))
    report = check.build_report(COUNTS)
    assert {d.occurrences for d in report.diagnostics} == {50}
    assert {d.exchange.index for d in report.diagnostics if d.exchange} == {0}
    assert [(case.outcome, case.occurrences) for case in report.cases] == [("violating", 50)]
    assert report.summary["exchanges"]["violating"] == 50


def test_groups_above_the_limit_are_only_counted(check: ContinuousCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding_groups, "MAX_GROUPS", 10)
    for index in range(30):
        check.add_exchange(replace(GOOD, url=f"http://h/unknown/{index}"))
    report = check.build_report(COUNTS)
    assert sum(d.code.id == "ROUTE_UNDOCUMENTED" for d in report.diagnostics) == 10
    assert report.summary["proxy"]["findings left out"] == 20
    assert report.exit_code == 2, "nothing was checked"


def test_requests_without_checked_responses_are_an_error(check: ContinuousCheck) -> None:
    """As with recordings, undescribed exchanges and requests alone are not a success."""
    (finding,) = check.build_report(COUNTS).diagnostics
    assert finding.message == "nothing was checked: received no requests"
    check.add_exchange(replace(GOOD, url="http://h/unknown"))
    check.add_exchange(replace(GOOD, method="POST", url="http://h/session", status=0, request=JSON, response=None))
    report = check.build_report({"requests": 2})
    message = "nothing was checked: received 2 requests, none of the documented ones has a response"
    assert get_message(report) == message
    assert report.exit_code == 2 and report.coverage == ()
    check.add_exchange(GOOD)
    report = check.build_report({"requests": 3})
    assert "NOTHING_CHECKED" not in {d.code.id for d in report.diagnostics}
    assert report.exit_code == 0 and report.coverage


def get_message(report: Report) -> str:
    """Return the message of the finding NOTHING_CHECKED."""
    (finding,) = (d for d in report.diagnostics if d.code.id == "NOTHING_CHECKED")
    return finding.message


UNKNOWN, UNKEPT = replace(GOOD, url="http://h/unknown"), replace(GOOD, response=None, unrecorded=("response",))
REASONS = {
    "none checked": ([], "none of them was checked"),
    "none described": ([UNKNOWN], "no service documents any of them"),
    "the server was down": ([replace(GOOD, status=0)], "none of the documented ones has a response"),
    "some described": ([UNKNOWN, replace(GOOD, status=0)], "none of the documented ones has a response"),
    "the body was not kept": ([UNKNOWN, UNKEPT, replace(GOOD, status=0)], "no response to them could be checked"),
}


@pytest.mark.parametrize(("exchanges", "reason"), REASONS.values(), ids=REASONS.keys())
def test_the_message_names_the_reason(check: ContinuousCheck, exchanges: list[Exchange], reason: str) -> None:
    for exchange in exchanges:
        check.add_exchange(exchange) if exchange.status else check.add_failure("no answer", exchange)
    assert get_message(check.build_report({"requests": 3})) == f"nothing was checked: received 3 requests, {reason}"


def test_a_result_contains_the_findings_of_its_exchange_only(check: ContinuousCheck) -> None:
    wrong = replace(GOOD, response=RecordedBody(b"{", "application/json"))
    assert check.add_exchange(wrong).diagnostics and not check.add_exchange(GOOD).diagnostics
    assert check.add_exchange(GOOD).outcome == "conforming"
