"""Verification of the recorded session lifecycles of ten server versions."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from checkout import RECORDINGS, ROOT

import wirelock
from wirelock.api.project import Project
from wirelock.build import Build
from wirelock.config import Config, read_config
from wirelock.diagnostics import Outcome, Report, Severity
from wirelock.loader import LoadedArtifacts
from wirelock.report.groups import group_findings
from wirelock.report.text import render
from wirelock.traffic.conformance.checker import ConformanceCheck
from wirelock.traffic.recordings.formats import read_recording

VERSIONS = ("1.0.61", "1.0.185", "1.1.11", "1.1.53", "1.2.11", "1.3.2", "1.14.41", "1.17.11", "1.18.33")
Verify = Callable[[str], Report]


def get_counts(report: Report, section: str) -> dict[str, int | str]:
    """Return the nonzero counts of a section."""
    return {name: count for name, count in report.summary[section].items() if count}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_lifecycle_verifies_without_a_violation(version: str, verified: Verify) -> None:
    report = verified(f"lifecycle-{version}.har")
    assert [d for d in report.diagnostics if d.level is Severity.ERROR] == []
    assert set(get_counts(report, "exchanges")) == {"total", "conforming"}
    assert int(report.summary["exchanges"]["total"]) >= 25


@pytest.mark.parametrize("version", VERSIONS)
def test_every_verified_body_survives_the_round_trip(version: str, verified: Verify) -> None:
    """Version 1.18.33 received one integer beyond 2^53, which a double cannot represent; a finding reports it."""
    report = verified(f"lifecycle-{version}.har")
    trips = get_counts(report, "round trips")
    lossy = [d for d in report.diagnostics if d.code.id == "PRECISION_LOST"]
    assert trips.get("lossy", 0) == len(lossy) == (version == "1.18.33")
    assert "failed" not in trips
    assert trips["equal"] == int(trips["total"]) - len(lossy) > 20


def test_0_5_29_fails_because_directory_is_missing(verified: Verify) -> None:
    """One finding per session object is printed as one group."""
    diagnostics = [d for d in verified("lifecycle-0.5.29.har").diagnostics if d.level is Severity.ERROR]
    assert len(diagnostics) == 30
    assert {d.message for d in diagnostics} == {"required property `directory` is missing"}
    assert {d.raised_by for d in diagnostics} == {("validator", "model", "codec")}
    assert len({(d.exchange.index) for d in diagnostics if d.exchange}) == 14
    assert "/0/directory" in {d.location.pointer for d in diagnostics}
    (group,) = group_findings(diagnostics)
    assert len(group.members) == 30


def test_expected_findings_of_0_5_29_are_shown(verified: Verify) -> None:
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


def test_documents_are_verified_by_type() -> None:
    config = read_config(ROOT)
    assert isinstance(config, Config)
    report = wirelock.verify(Project(config), [str(RECORDINGS / "sessions.ndjson")], "session/sessionInfo")
    assert report.exit_code == 0
    assert set(get_counts(report, "exchanges")) == {"total", "conforming"}
    assert get_counts(report, "round trips")["equal"] == report.summary["exchanges"]["total"]


def test_undeclared_fields_are_reported_by_policy(verified: Verify) -> None:
    diagnostics = [d for d in verified("session-errors.har").diagnostics if d.code.id == "UNDECLARED_FIELD"]
    assert {(d.location.pointer, d.level, d.raised_by) for d in diagnostics} == {
        ("/colour", Severity.WARNING, ("validator", "model", "codec")),
        ("/id", Severity.WARNING, ("validator", "model", "codec")),
    }


def test_an_invalid_request_that_the_server_rejected_is_a_note(verified: Verify) -> None:
    diagnostics = [d for d in verified("session-errors.har").diagnostics if d.code.id == "VIOLATION"]
    assert len(diagnostics) >= 10
    for diagnostic in diagnostics:
        assert diagnostic.level is Severity.NOTE
        assert diagnostic.exchange is not None
        assert diagnostic.exchange.part == "request"
        assert diagnostic.exchange.status >= 400


def test_coverage_lists_unexercised_names(verified: Verify) -> None:
    kinds = {coverage.kind: coverage for coverage in verified("lifecycle-1.18.33.har").coverage}
    assert kinds["methods"].missed == ()
    assert "session/sessionInfo.directory" in kinds["fields"].covered
    assert "session/sessionRevert.partID" in kinds["fields"].missed
    assert 'session/permissionAction "allow"' in kinds["enum values"].covered
    assert 'model/modelStatus "alpha"' in kinds["enum values"].missed
    assert "session/updateSessionBody.permission session/permissionRuleset" in kinds["union branches"].covered


@pytest.mark.skipif("WIRELOCK_RECORDINGS" not in os.environ, reason="WIRELOCK_RECORDINGS is not set")
def test_full_recordings_have_undocumented_services(project: Build, loaded: LoadedArtifacts) -> None:
    files = sorted(Path(os.environ["WIRELOCK_RECORDINGS"]).glob("*.har"))
    check = ConformanceCheck(project.graph, loaded.get_contract)
    for file in files:
        exchanges, diagnostics = read_recording(file, file.name)
        assert diagnostics == ()
        for exchange in exchanges:
            check.check_exchange(exchange)
    report = check.to_report()
    assert check.outcomes[Outcome.UNMATCHED] > check.outcomes[Outcome.CONFORMING] > 300
    failing = [d for d in report.diagnostics if d.level is Severity.ERROR]
    assert {d.exchange.recording for d in failing if d.exchange} == {"lifecycle-0.5.29.har"}
    assert {d.message for d in failing} == {"required property `directory` is missing"}
    assert sum(d.code.id == "ROUTE_UNDOCUMENTED" for d in report.diagnostics) == check.outcomes[Outcome.UNMATCHED]
