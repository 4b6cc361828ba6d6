"""The recorded lifecycles of ten server versions, held against everything generated."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from checkout import RECORDINGS, ROOT

import wirelock
from wirelock.build import Build
from wirelock.config import Config, read_config
from wirelock.diagnostics import Report, Severity
from wirelock.loader import Loaded
from wirelock.report.groups import grouped
from wirelock.report.text import render
from wirelock.traffic.conformance.checker import Check
from wirelock.traffic.recordings.formats import read_recording

VERSIONS = ("1.0.61", "1.0.185", "1.1.11", "1.1.53", "1.2.11", "1.3.2", "1.14.41", "1.17.11", "1.18.33")
Verify = Callable[[str], Report]


def counts(report: Report, section: str) -> dict[str, int | str]:
    """The counts of a section that are not zero."""
    return {name: count for name, count in report.summary[section].items() if count}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_lifecycle_verifies_without_a_violation(version: str, verified: Verify) -> None:
    report = verified(f"lifecycle-{version}.har")
    assert [d for d in report.diagnostics if d.level is Severity.ERROR] == []
    assert set(counts(report, "exchanges")) == {"total", "conforming"}
    assert int(report.summary["exchanges"]["total"]) >= 25


@pytest.mark.parametrize("version", VERSIONS)
def test_every_verified_body_survives(version: str, verified: Verify) -> None:
    """1.18.33 was sent one free-form integer beyond 2^53, which no double holds; the finding says so."""
    report = verified(f"lifecycle-{version}.har")
    trips = counts(report, "round trips")
    lossy = [d for d in report.diagnostics if d.code.id == "PRECISION_LOST"]
    assert trips.get("lossy", 0) == len(lossy) == (version == "1.18.33")
    assert "failed" not in trips
    assert trips["equal"] == int(trips["total"]) - len(lossy) > 20


def test_0_5_29_fails_because_directory_is_missing(verified: Verify) -> None:
    """One occurrence a session object, one printed group."""
    found = [d for d in verified("lifecycle-0.5.29.har").diagnostics if d.level is Severity.ERROR]
    assert len(found) == 30
    assert {d.message for d in found} == {"required property `directory` is missing"}
    assert {d.raised_by for d in found} == {("validator", "model", "codec")}
    assert len({(d.exchange.index) for d in found if d.exchange}) == 14
    assert "/0/directory" in {d.where.pointer for d in found}
    (group,) = grouped(found)
    assert len(group.members) == 30


def test_what_0_5_29_gets_wrong_is_expected_and_shown(verified: Verify) -> None:
    report = verified("lifecycle-0.5.29.har")
    text = render(report)
    assert report.exit_code == 0
    assert text.count("`directory` is missing  (30 times)") == 1
    assert "servers before 1.0 did not send the directory of a session" in text


def test_ndjson_is_verified_like_har(verified: Verify) -> None:
    har, ndjson = verified("lifecycle-1.1.11.har"), verified("lifecycle-1.1.11.ndjson")
    assert har.summary == ndjson.summary
    assert har.coverage == ndjson.coverage
    assert [d.message for d in har.diagnostics] == [d.message for d in ndjson.diagnostics]


def test_bare_documents_are_verified_by_type() -> None:
    config = read_config(ROOT)
    assert isinstance(config, Config)
    report = wirelock.verify(config, [str(RECORDINGS / "sessions.ndjson")], "session/sessionInfo")
    assert report.exit_code == 0
    assert set(counts(report, "exchanges")) == {"total", "conforming"}
    assert counts(report, "round trips")["equal"] == report.summary["exchanges"]["total"]


def test_undeclared_fields_are_reported_by_the_policy(verified: Verify) -> None:
    found = [d for d in verified("session-errors.har").diagnostics if d.code.id == "UNDECLARED_FIELD"]
    assert {(d.where.pointer, d.level, d.raised_by) for d in found} == {
        ("/colour", Severity.WARNING, ("validator", "model", "codec")),
        ("/id", Severity.WARNING, ("validator", "model", "codec")),
    }


def test_what_the_server_refused_as_well_is_a_note(verified: Verify) -> None:
    found = [d for d in verified("session-errors.har").diagnostics if d.code.id == "VIOLATION"]
    assert len(found) >= 10
    for diagnostic in found:
        assert diagnostic.level is Severity.NOTE
        assert diagnostic.exchange is not None
        assert diagnostic.exchange.part == "request"
        assert diagnostic.exchange.status >= 400


def test_coverage_names_what_was_never_exercised(verified: Verify) -> None:
    kinds = {coverage.kind: coverage for coverage in verified("lifecycle-1.18.33.har").coverage}
    assert kinds["methods"].missed == ()
    assert "session/sessionInfo.directory" in kinds["fields"].covered
    assert "session/sessionRevert.partID" in kinds["fields"].missed
    assert 'session/permissionAction "allow"' in kinds["enum values"].covered
    assert 'model/modelStatus "alpha"' in kinds["enum values"].missed
    assert "session/updateSessionBody.permission session/permissionRuleset" in kinds["union branches"].covered


@pytest.mark.skipif("WIRELOCK_RECORDINGS" not in os.environ, reason="WIRELOCK_RECORDINGS names no uncut recordings")
def test_uncut_recordings_have_other_services_which_are_not_described(project: Build, loaded: Loaded) -> None:
    files = sorted(Path(os.environ["WIRELOCK_RECORDINGS"]).glob("*.har"))
    check = Check(project.graph, loaded.contract)
    for file in files:
        read, faults = read_recording(file, file.name)
        assert faults == ()
        for exchange in read:
            check.exchange(exchange)
    report = check.report()
    assert check.outcomes["unmatched"] > check.outcomes["conforming"] > 300
    failing = [d for d in report.diagnostics if d.level is Severity.ERROR]
    assert {d.exchange.recording for d in failing if d.exchange} == {"lifecycle-0.5.29.har"}
    assert {d.message for d in failing} == {"required property `directory` is missing"}
    assert sum(d.code.id == "ROUTE_UNDOCUMENTED" for d in report.diagnostics) == check.outcomes["unmatched"]
