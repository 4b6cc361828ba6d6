"""verify: check recordings against validator, model and codec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from wirelock.api.cache import NO_CACHE, ResultCache
from wirelock.api.cache_keys import CacheKeys
from wirelock.api.emit import EmittedFiles, emit_all
from wirelock.api.project import Project
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity, sort_unique
from wirelock.ir import TypeId
from wirelock.loader import load_artifacts
from wirelock.progress import ProgressCallback, noop_progress
from wirelock.runtime.findings import Contract
from wirelock.runtime.json.formatting import format_suggestion
from wirelock.traffic.conformance.checker import ConformanceCheck
from wirelock.traffic.conformance.expectations import mark_expected
from wirelock.traffic.conformance.results import CheckResult
from wirelock.traffic.recordings.formats import read_recording
from wirelock.traffic.recordings.ndjson import read_documents

TYPE_UNKNOWN = Code("TYPE_UNKNOWN", Severity.ERROR, fatal=True)
RECORDING_PATTERN_EMPTY = Code("RECORDING_PATTERN_EMPTY", Severity.ERROR, fatal=True)


@dataclass(frozen=True, slots=True)
class Recording:
    """A file of recorded traffic, and its name in reports."""

    path: Path
    shown: str


@dataclass(frozen=True, slots=True)
class VerifiedRecording:
    """The result of one recording, and its parts that could not be read."""

    unread: tuple[Diagnostic, ...]
    tally: CheckResult


def verify(
    project: Project, recordings: Sequence[str] = (), type: str = "", progress: ProgressCallback = noop_progress
) -> Report:
    """Verify recordings of a project.

    `recordings` are files relative to the working directory; the default is the configuration's list. With `type`
    (`session/sessionInfo`) each line of a recording is one document of that type.
    """
    config = project.config
    files = [Recording(Path(name), name) for name in recordings]
    if not files:
        files, missing = find_recordings(config)
        if missing:
            return Report(missing)
    built = build(config)
    return verify_recordings(built, emit_all(built, progress), files, type, progress)


def verify_recordings(
    built: Build,
    output: EmittedFiles,
    files: Sequence[Recording],
    type: str,
    progress: ProgressCallback,
    cache: ResultCache = NO_CACHE,
) -> Report:
    """Check recordings against emitted files."""
    if not output.is_sound:
        return Report(output.diagnostics)
    key = _find_type(built, type) if type else None
    if isinstance(key, Diagnostic):
        return Report((key,))
    contracts = load_artifacts(built, output.artifacts).get_contract
    basis = CacheKeys(built, output)
    check = ConformanceCheck(built.graph, contracts)
    unread: list[Diagnostic] = []
    for count, recording in enumerate(files):
        progress(f"verifying {recording.shown}", count, len(files))
        depends = partial(basis.for_recording, recording.path, recording.shown)
        verified = cache.get_or_compute(
            VerifiedRecording, depends, partial(_check_recording, built, contracts, recording, key)
        )
        check.add(verified.tally)
        unread += verified.unread
    if unread and not check.bodies:  # counts of zero would hide the cause
        return Report(sort_unique((*output.diagnostics, *unread)))
    report = check.to_report()
    findings = mark_expected(report.diagnostics, built.config.expect, [recording.shown for recording in files])
    nothing = check.report_nothing_checked()
    read: dict[str, int | str] = {"files": len(files)}
    summary = {"recordings": read, **report.summary}
    diagnostics = sort_unique((*output.diagnostics, *unread, *nothing, *findings))
    return replace(report, diagnostics=diagnostics, summary=summary)


def find_recordings(config: Config) -> tuple[list[Recording], tuple[Diagnostic, ...]]:
    """Find the files that the configuration's patterns name; names are relative to the project."""
    recordings: dict[str, Path] = {}
    missing: list[Diagnostic] = []
    for pattern in config.recordings:
        paths = sorted(path for path in config.root.glob(pattern) if path.is_file())
        recordings |= {path.relative_to(config.root).as_posix(): path for path in paths}
        if not paths:
            hint = "correct the pattern in [tool.wirelock.verify], or record the traffic again"
            missing.append(
                Diagnostic(RECORDING_PATTERN_EMPTY, Location(config.file), f"{pattern} matches no file", hint)
            )
    if not config.recordings:
        hint = 'name recordings: wirelock verify FILE..., or [tool.wirelock.verify] recordings = ["recordings/*.har"]'
        missing.append(Diagnostic(RECORDING_PATTERN_EMPTY, Location(config.file), "no recordings are configured", hint))
    return [Recording(path, name) for name, path in sorted(recordings.items())], tuple(missing)


def _check_recording(
    built: Build, contracts: Callable[[TypeId], Contract], recording: Recording, key: TypeId | None
) -> VerifiedRecording:
    """Read one recording and check it against the contracts."""
    check = ConformanceCheck(built.graph, contracts)
    if key is not None:
        documents, unread = read_documents(recording.path, recording.shown)
        for document in documents:
            check.check_document(document, key)
        return VerifiedRecording(unread, check.to_result())
    exchanges, unread = read_recording(recording.path, recording.shown)
    for exchange in exchanges:
        check.check_exchange(exchange)
    return VerifiedRecording(unread, check.to_result())


def _find_type(build: Build, name: str) -> TypeId | Diagnostic:
    names = {key.name: key for key in build.graph.definitions}
    if name in names:
        return names[name]
    near = format_suggestion(name, names).removeprefix("; ")
    hint = near or "a type is a schema file without its suffix: session/sessionInfo"
    return Diagnostic(TYPE_UNKNOWN, Location(), f"there is no type {name}", hint)
