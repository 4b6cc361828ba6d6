"""`verify --live` against two versions of OpenCode."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import opencode
import pytest
from checkout import ROOT, load_project

from wirelock.api.verify_live import verify_live
from wirelock.diagnostics import Report

pytestmark = pytest.mark.long

EACH = [pytest.param(version, marks=opencode.skip_without(version)) for version in opencode.VERSIONS]
NEWEST = opencode.VERSIONS[0]


@pytest.fixture(scope="module", params=EACH)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[opencode.OpenCodeServer]:
    with opencode.run_server(request.param, tmp_path_factory.mktemp("opencode")) as running:
        yield running


def list_sessions(server: opencode.OpenCodeServer) -> list[str]:
    with urllib.request.urlopen(f"{server.url}/session") as answer:
        return [session["id"] for session in json.load(answer)]


def count_exchanges(report: Report, outcome: str) -> int:
    return int(report.summary["exchanges"][outcome])


def test_reading_creates_no_session(server: opencode.OpenCodeServer) -> None:
    report = verify_live(load_project(ROOT), server.url, {})
    assert (report.exit_code, list_sessions(server)) == (0, []), report.diagnostics
    assert count_exchanges(report, "conforming") == count_exchanges(report, "total") >= 1


def test_a_lifecycle_calls_every_method_and_leaves_no_session(server: opencode.OpenCodeServer) -> None:
    report = verify_live(load_project(ROOT), server.url, {}, lifecycle=True)
    assert (report.exit_code, list_sessions(server)) == (0, []), report.diagnostics
    (methods,) = [coverage for coverage in report.coverage if coverage.kind == "methods"]
    assert {name.rpartition(".")[2] for name in methods.covered} >= {
        *("CreateSession", "ListSessions", "GetSession", "UpdateSession", "DeleteSession")
    }


@opencode.skip_without(NEWEST)
def test_a_wrong_password_is_one_finding_of_a_real_server(tmp_path: Path) -> None:
    with opencode.run_server(NEWEST, tmp_path, password="hunter2") as server:
        for password, code in (("", 2), ("wrong", 2), ("hunter2", 0)):
            environment = (
                {"WIRELOCK_UPSTREAM_USER": "opencode", "WIRELOCK_UPSTREAM_PASSWORD": password} if password else {}
            )
            report = verify_live(load_project(ROOT), server.url, environment)
            assert report.exit_code == code
            assert [d.code.id for d in report.diagnostics if d.is_failure] == ["UPSTREAM_REFUSED"] * (code == 2)


def test_an_unknown_path_is_reported(server: opencode.OpenCodeServer, copy: Path) -> None:
    """1.18.33 returns 200 with its web page; 1.1.11 cannot fetch one and returns 500. Neither counts as conforming."""
    service = next((copy / "schemas/session").glob("*.service.json"))
    service.write_text(service.read_text("utf-8").replace('"/session', '"/sitting'), "utf-8")
    report = verify_live(load_project(copy), server.url, {})
    assert report.exit_code == 1
    codes = {d.code.id for d in report.diagnostics if d.is_failure}
    assert codes == {"1.18.33": {"PATH_NOT_SERVED"}, "1.1.11": {"STATUS_UNDOCUMENTED"}}[server.version]
    outcomes = {case.rpc.rpartition(".")[2]: case.outcome for case in report.cases}
    assert outcomes.get("ListSessions") != "conforming"
