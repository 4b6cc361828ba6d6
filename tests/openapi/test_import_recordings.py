"""Recorded traffic of a large real API, held against what its own description generates, and against another opinion.

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
from independent import Independent
from versions import Generated

from wirelock.diagnostics import Diagnostic, Report, Severity
from wirelock.traffic.conformance.checker import Check
from wirelock.traffic.recordings.formats import read_recording

TABLE = Path(__file__).parent / "verified.txt"
RECORDINGS = Path(os.environ.get("WIRELOCK_RECORDINGS", ""))
NEWEST = "1.18.33"
VERSIONS = ("0.5.29", "1.0.61", "1.0.185", "1.1.11", "1.1.53", "1.2.11", "1.3.2", "1.14.41", "1.17.11", NEWEST)

DIFFERENCES = {
    ("session-errors.har", 26, "violating", "no_body"): "an empty 404 where a document is described: BODY_MISSING",
}
"""Where wirelock and python-jsonschema part (recording, index, ours, theirs), and why wirelock is right."""

pytestmark = [
    pytest.mark.xdist_group("descriptions"),  # each is imported once
    pytest.mark.skipif(
        not {"WIRELOCK_OPENAPI", "WIRELOCK_RECORDINGS"} <= os.environ.keys(),
        reason="WIRELOCK_OPENAPI and WIRELOCK_RECORDINGS name no folders",
    ),
]


@dataclass(frozen=True, slots=True)
class Verified:
    """The recordings of one version: the report, what each exchange counts as, and what jsonschema says of it."""

    report: Report
    ours: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])
    theirs: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])
    faulty_events: dict[tuple[str, int], set[int]] = field(default_factory=dict[tuple[str, int], set[int]])


Verify = Callable[[str], Verified]


def recordings(version: str) -> list[Path]:
    """The recordings of a version; those of a server that asks for a password are no use here."""
    if version != NEWEST:
        return [RECORDINGS / f"lifecycle-{version}.har"]
    return [path for path in sorted(RECORDINGS.glob("*.har")) if not path.name.startswith(("lifecycle-", "auth"))]


def verified(version: str, made: Generated) -> Verified:
    check = Check(made.build.graph, made.loaded.contract)
    other = Independent(made.description)
    found = Verified(Report())
    for path in recordings(version):
        exchanges, unread = read_recording(path, path.name)
        entries: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["log"]["entries"]
        assert (unread, len(exchanges)) == ((), len(entries))
        for exchange, entry in zip(exchanges, entries, strict=True):
            place, before = (path.name, exchange.index), check.outcomes.copy()
            check.exchange(exchange)
            (found.ours[place],) = check.outcomes - before
            found.theirs[place] = other.outcome(entry)
            found.faulty_events[place] = other.faulty_events(entry)
    return Verified(check.report(), found.ours, found.theirs, found.faulty_events)


@pytest.fixture(scope="module")
def verify(generated: Callable[[str], Generated]) -> Verify:
    """Verifies a version's recordings, once."""
    known: dict[str, Verified] = {}

    def once(version: str) -> Verified:
        if version not in known:
            known[version] = verified(version, generated(version))
        return known[version]

    return once


def part(diagnostic: Diagnostic) -> tuple[str, int, str, int | None]:
    """Which body a finding is about."""
    ref = diagnostic.exchange
    assert ref is not None
    return ref.recording, ref.index, ref.part, ref.event


@pytest.mark.parametrize("version", VERSIONS)
def test_every_exchange_counts_as_jsonschema_says(version: str, verify: Verify) -> None:
    found = verify(version)
    differing = {(*place, ours, found.theirs[place]) for place, ours in found.ours.items()}
    differing = {one for one in differing if one[2] != one[3]}
    names = {path.name for path in recordings(version)}
    assert differing == {one for one in DIFFERENCES if one[0] in names}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_event_is_at_fault_as_jsonschema_says(version: str, verify: Verify) -> None:
    found = verify(version)
    errors = [d for d in found.report.diagnostics if d.level is Severity.ERROR]
    ours = {(*part(d)[:2], part(d)[3]) for d in errors if part(d)[2] == "event"}
    assert ours == {(*place, index) for place, indices in found.faulty_events.items() for index in indices}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_conforms_comes_back_from_protobuf(version: str, verify: Verify) -> None:
    """Equal, or another value of which a note says what was not kept."""
    report = verify(version).report
    assert not {d.code.id for d in report.diagnostics} & {"ROUND_TRIP_MISMATCH", "NOT_REPRESENTABLE", "DISAGREEMENT"}
    trips = report.summary["round trips"]
    assert trips["failed"] == 0
    noted = {part(d) for d in report.diagnostics if d.code.id in ("PRECISION_LOST", "UNDECLARED_FIELD")}
    assert int(trips["lossy"]) <= len(noted)


def row(version: str, report: Report) -> str:
    """What comes of one version, in one line."""
    exchanges = ", ".join(f"{count} {name}" for name, count in report.summary["exchanges"].items() if count)
    trips = ", ".join(f"{count} {name}" for name, count in report.summary["round trips"].items() if count)
    told = (f"{d.level.value} {d.code.id} in {part(d)[2]}s" for d in report.diagnostics)
    codes = ", ".join(f"{count} {words}" for words, count in sorted(Counter(told).items()))
    return f"{version} | {exchanges} | {trips or 'none'} | {codes}"


def test_what_comes_of_every_version(verify: Verify) -> None:
    rows = ["version | exchanges | round trips | findings", *(row(one, verify(one).report) for one in VERSIONS)]
    text = "\n".join(rows) + "\n"
    if os.environ.get("RECORD"):
        TABLE.write_text(text, "utf-8")
    assert text == TABLE.read_text("utf-8")
