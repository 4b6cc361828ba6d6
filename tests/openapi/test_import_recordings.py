"""Recorded traffic of a large real API, checked against its own OpenAPI document.

Descriptions and recordings are too large for this repository: WIRELOCK_OPENAPI names a folder with
`opencode-openapi-<version>.json`, and WIRELOCK_RECORDINGS one with `lifecycle-<version>.har` and other recordings,
which are of the newest version. `verified.txt` says what comes of each; RECORD=1 writes it anew.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from description_versions import GeneratedVersion
from reference_checker import ReferenceChecker

from wirelock.diagnostics import Diagnostic, Report, Severity
from wirelock.traffic.conformance.checker import ConformanceCheck
from wirelock.traffic.recordings.formats import read_recording

TABLE = Path(__file__).parent / "verified.txt"
RECORDINGS = Path(os.environ.get("WIRELOCK_RECORDINGS", ""))
NEWEST = "1.18.33"
VERSIONS = ("0.5.29", "1.0.61", "1.0.185", "1.1.11", "1.1.53", "1.2.11", "1.3.2", "1.14.41", "1.17.11", NEWEST)

DIFFERENCES = {
    ("session-errors.har", 26, "violating", "no_body"): "an empty 404 where a document is described: BODY_MISSING",
}
"""Exchanges with different outcomes (recording, index, wirelock, reference), and why wirelock is right."""

pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("descriptions"),  # each is imported once
    pytest.mark.skipif(
        not {"WIRELOCK_OPENAPI", "WIRELOCK_RECORDINGS"} <= os.environ.keys(),
        reason="WIRELOCK_OPENAPI and WIRELOCK_RECORDINGS name no folders",
    ),
]


@dataclass(frozen=True, slots=True)
class VerifiedVersion:
    """The recordings of one version: the report, and the outcome of each exchange for wirelock and the reference."""

    report: Report
    ours: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])
    theirs: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])
    faulty_events: dict[tuple[str, int], set[int]] = field(default_factory=dict[tuple[str, int], set[int]])


Verify = Callable[[str], VerifiedVersion]


def find_recordings(version: str) -> list[Path]:
    """Return the recordings of a version, without those of a server that requires a password."""
    if version != NEWEST:
        return [RECORDINGS / f"lifecycle-{version}.har"]
    return [path for path in sorted(RECORDINGS.glob("*.har")) if not path.name.startswith(("lifecycle-", "auth"))]


def verify_version(version: str, made: GeneratedVersion) -> VerifiedVersion:
    check = ConformanceCheck(made.build.graph, made.loaded.get_contract)
    reference = ReferenceChecker(made.description)
    verified = VerifiedVersion(Report())
    for path in find_recordings(version):
        exchanges, unread = read_recording(path, path.name)
        entries: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["log"]["entries"]
        assert (unread, len(exchanges)) == ((), len(entries))
        for exchange, entry in zip(exchanges, entries, strict=True):
            place, before = (path.name, exchange.index), check.outcomes.copy()
            check.check_exchange(exchange)
            (verified.ours[place],) = check.outcomes - before
            verified.theirs[place] = reference.classify(entry)
            verified.faulty_events[place] = reference.find_invalid_events(entry)
    return VerifiedVersion(check.to_report(), verified.ours, verified.theirs, verified.faulty_events)


@pytest.fixture(scope="module")
def verify(generated: Callable[[str], GeneratedVersion]) -> Verify:
    """Verify the recordings of a version, once per module."""
    known: dict[str, VerifiedVersion] = {}

    def verify_once(version: str) -> VerifiedVersion:
        if version not in known:
            known[version] = verify_version(version, generated(version))
        return known[version]

    return verify_once


def get_body_ref(diagnostic: Diagnostic) -> tuple[str, int, str, int | None]:
    """Return a reference to the body that a finding concerns."""
    ref = diagnostic.exchange
    assert ref is not None
    return ref.recording, ref.index, ref.part, ref.event


@pytest.mark.parametrize("version", VERSIONS)
def test_every_exchange_has_the_outcome_of_the_reference(version: str, verify: Verify) -> None:
    verified = verify(version)
    differing = {(*place, ours, verified.theirs[place]) for place, ours in verified.ours.items()}
    differing = {outcome for outcome in differing if outcome[2] != outcome[3]}
    names = {path.name for path in find_recordings(version)}
    assert differing == {outcome for outcome in DIFFERENCES if outcome[0] in names}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_invalid_events_are_those_of_the_reference(version: str, verify: Verify) -> None:
    verified = verify(version)
    errors = [d for d in verified.report.diagnostics if d.level is Severity.ERROR]
    ours = {(*get_body_ref(d)[:2], get_body_ref(d)[3]) for d in errors if get_body_ref(d)[2] == "event"}
    assert ours == {(*place, index) for place, indices in verified.faulty_events.items() for index in indices}


@pytest.mark.parametrize("version", VERSIONS)
def test_conforming_bodies_survive_a_round_trip(version: str, verify: Verify) -> None:
    """A round trip is equal, or a note reports the difference."""
    report = verify(version).report
    assert not {d.code.id for d in report.diagnostics} & {"ROUND_TRIP_MISMATCH", "NOT_REPRESENTABLE", "DISAGREEMENT"}
    trips = report.summary["round trips"]
    assert trips["failed"] == 0
    noted = {get_body_ref(d) for d in report.diagnostics if d.code.id in ("PRECISION_LOST", "UNDECLARED_FIELD")}
    assert int(trips["lossy"]) <= len(noted)


def format_row(version: str, report: Report) -> str:
    """Summarize one version in a line."""
    exchanges = ", ".join(f"{count} {name}" for name, count in report.summary["exchanges"].items() if count)
    trips = ", ".join(f"{count} {name}" for name, count in report.summary["round trips"].items() if count)
    labels = (f"{d.level.value} {d.code.id} in {get_body_ref(d)[2]}s" for d in report.diagnostics)
    codes = ", ".join(f"{count} {label}" for label, count in sorted(Counter(labels).items()))
    return f"{version} | {exchanges} | {trips or 'none'} | {codes}"


def test_the_results_of_every_version_are_as_recorded(verify: Verify) -> None:
    rows = [
        "version | exchanges | round trips | findings",
        *(format_row(version, verify(version).report) for version in VERSIONS),
    ]
    text = "\n".join(rows) + "\n"
    if os.environ.get("RECORD"):
        TABLE.write_text(text, "utf-8")
    assert text == TABLE.read_text("utf-8")
