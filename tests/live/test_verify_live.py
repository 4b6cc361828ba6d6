"""`verify --live` against real OpenCode servers of two versions."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import opencode
import pytest
from checkout import ROOT, configuration

from wirelock.api.verify_live import verify_live
from wirelock.diagnostics import Report

EACH = [pytest.param(version, marks=opencode.needs(version)) for version in opencode.VERSIONS]
NEWEST = opencode.VERSIONS[0]


@pytest.fixture(scope="module", params=EACH)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[opencode.OpenCode]:
    with opencode.running(request.param, tmp_path_factory.mktemp("opencode")) as running:
        yield running


def sessions(server: opencode.OpenCode) -> list[str]:
    with urllib.request.urlopen(f"{server.url}/session") as answer:
        return [session["id"] for session in json.load(answer)]


def exchanges(report: Report, outcome: str) -> int:
    return int(report.summary["exchanges"][outcome])


def test_reading_makes_nothing(server: opencode.OpenCode) -> None:
    report = verify_live(configuration(ROOT), server.url, {})
    assert (report.exit_code, sessions(server)) == (0, []), report.diagnostics
    assert exchanges(report, "conforming") == exchanges(report, "total") >= 1


def test_a_lifecycle_exercises_every_method_and_leaves_nothing(server: opencode.OpenCode) -> None:
    report = verify_live(configuration(ROOT), server.url, {}, lifecycle=True)
    assert (report.exit_code, sessions(server)) == (0, []), report.diagnostics
    (methods,) = [one for one in report.coverage if one.kind == "methods"]
    assert {name.rpartition(".")[2] for name in methods.covered} >= {
        *("CreateSession", "ListSessions", "GetSession", "UpdateSession", "DeleteSession")
    }


@opencode.needs(NEWEST)
def test_a_password_is_needed_and_a_wrong_one_is_one_finding(tmp_path: Path) -> None:
    with opencode.running(NEWEST, tmp_path, password="hunter2") as server:
        for password, code in (("", 2), ("wrong", 2), ("hunter2", 0)):
            secret = {"WIRELOCK_UPSTREAM_USER": "opencode", "WIRELOCK_UPSTREAM_PASSWORD": password} if password else {}
            report = verify_live(configuration(ROOT), server.url, secret)
            assert report.exit_code == code
            assert [d.code.id for d in report.diagnostics if d.fails] == ["UPSTREAM_REFUSED"] * (code == 2)


def test_a_path_that_the_server_does_not_know_is_said_not_to_be_served(server: opencode.OpenCode, copy: Path) -> None:
    """1.18.33 answers 200 with its web page, 1.1.11 wants to fetch one and answers 500; neither is evidence."""
    service = next((copy / "schemas/session").glob("*.service.json"))
    service.write_text(service.read_text("utf-8").replace('"/session', '"/sitting'), "utf-8")
    report = verify_live(configuration(copy), server.url, {})
    assert report.exit_code == 1
    codes = {d.code.id for d in report.diagnostics if d.fails}
    assert codes == {"1.18.33": {"PATH_NOT_SERVED"}, "1.1.11": {"STATUS_UNDOCUMENTED"}}[server.version]
    outcomes = {case.rpc.rpartition(".")[2]: case.outcome for case in report.cases}
    assert outcomes.get("ListSessions") != "conforming"
