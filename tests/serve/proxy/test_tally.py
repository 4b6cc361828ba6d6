"""What a proxy keeps does not grow with what passes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stage import SESSION, project

from wirelock.diagnostics import Report
from wirelock.loader import load
from wirelock.serve.proxy import finding_groups
from wirelock.serve.proxy.results import Tally
from wirelock.traffic.conformance.checker import Check
from wirelock.traffic.http.exchange import Body, Exchange

COUNTS: dict[str, int | str] = {"requests": 0}
JSON = Body(b"{}", "application/json")
GOOD = Exchange("proxy", 0, "GET", "http://h/session", 200, None, Body(b"[%s]" % SESSION, "application/json"))


@pytest.fixture
def tally() -> Tally:
    built, output = project()
    return Tally(Check(built.graph, load(built, output.artifacts).contract))


def test_the_first_of_a_kind_is_kept_and_all_are_counted(tally: Tally) -> None:
    wrong = replace(GOOD, response=Body(b'[{"id": 1}]', "application/json"))
    for index in range(50):
        tally.exchange(replace(wrong, index=index))
    report = tally.report(COUNTS)
    assert {one.times for one in report.diagnostics} == {50}
    assert {one.exchange.index for one in report.diagnostics if one.exchange} == {0}
    assert [(case.outcome, case.times) for case in report.cases] == [("violating", 50)]
    assert report.summary["exchanges"]["violating"] == 50


def test_kinds_without_end_are_counted_past_the_limit(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding_groups, "MOST_KINDS", 10)
    for index in range(30):
        tally.exchange(replace(GOOD, url=f"http://h/unknown/{index}"))
    report = tally.report(COUNTS)
    assert sum(one.code.id == "ROUTE_UNDOCUMENTED" for one in report.diagnostics) == 10
    assert report.summary["proxy"]["findings left out"] == 20
    assert report.exit_code == 2, "nothing was checked"


def test_nothing_was_checked_before_an_answer_was(tally: Tally) -> None:
    """As with recordings: neither what nobody describes nor requests alone are success."""
    (nothing,) = tally.report(COUNTS).diagnostics
    assert nothing.message == "nothing was checked: no request came"
    tally.exchange(replace(GOOD, url="http://h/unknown"))
    tally.exchange(replace(GOOD, method="POST", url="http://h/session", status=0, request=JSON, response=None))
    report = tally.report({"requests": 2})
    said = "nothing was checked: 2 requests came, the server answered none that a service describes"
    assert words(report) == said
    assert report.exit_code == 2 and report.coverage == ()
    tally.exchange(GOOD)
    report = tally.report({"requests": 3})
    assert "NOTHING_CHECKED" not in {one.code.id for one in report.diagnostics}
    assert report.exit_code == 0 and report.coverage


def words(report: Report) -> str:
    """What is said of nothing having been checked."""
    (nothing,) = (one for one in report.diagnostics if one.code.id == "NOTHING_CHECKED")
    return nothing.message


UNKNOWN, UNKEPT = replace(GOOD, url="http://h/unknown"), replace(GOOD, response=None, unrecorded=("response",))
WORDS = {
    "none was looked at": ([], "none of them was looked at"),
    "none is described": ([UNKNOWN], "none of them is described by a service"),
    "the server was down": ([replace(GOOD, status=0)], "the server answered none that a service describes"),
    "some are described": ([UNKNOWN, replace(GOOD, status=0)], "the server answered none that a service describes"),
    "the body was not kept": ([UNKNOWN, UNKEPT, replace(GOOD, status=0)], "no answer to them could be held"),
}


@pytest.mark.parametrize(("came", "why"), WORDS.values(), ids=WORDS.keys())
def test_why_nothing_was_checked_is_said_as_it_is(tally: Tally, came: list[Exchange], why: str) -> None:
    for exchange in came:
        tally.exchange(exchange) if exchange.status else tally.failed("no answer", exchange)
    assert words(tally.report({"requests": 3})) == f"nothing was checked: 3 requests came, {why}"


def test_what_is_judged_is_what_came_of_this_exchange(tally: Tally) -> None:
    wrong = replace(GOOD, response=Body(b"{", "application/json"))
    assert tally.exchange(wrong).found and not tally.exchange(GOOD).found
    assert tally.exchange(GOOD).outcome == "conforming"
