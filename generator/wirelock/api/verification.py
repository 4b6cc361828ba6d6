"""verify: hold recordings against everything that the schemas generate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wirelock.api.emitting import Output, emitted
from wirelock.api.progress import Progress, silent
from wirelock.artifacts import load
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity, in_order
from wirelock.emit.mapping import type_name
from wirelock.ir import TypeId
from wirelock.runtime.words import suggestion
from wirelock.traffic.check import Check
from wirelock.traffic.expectations import expected
from wirelock.traffic.formats import read_recording
from wirelock.traffic.ndjson import read_documents

TYPE_UNKNOWN = Code("TYPE_UNKNOWN", Severity.ERROR, fatal=True)
RECORDINGS_MISSING = Code("RECORDINGS_MISSING", Severity.ERROR, fatal=True)


@dataclass(frozen=True, slots=True)
class Recording:
    """A file of recorded traffic, and its name as users know it."""

    path: Path
    shown: str


def verify(config: Config, recordings: Sequence[str] = (), type: str = "", progress: Progress = silent) -> Report:
    """Verify recordings of a project.

    `recordings` are files, relative to the working directory; without any, those of the configuration. With `type`
    (`session/sessionInfo`) each line of the recordings is one document of that type.
    """
    files = [Recording(Path(name), name) for name in recordings]
    if not files:
        files, missing = configured(config)
        if missing:
            return Report(missing)
    built = build(config)
    return verified(built, emitted(built, progress), files, type, progress)


def verified(built: Build, output: Output, files: Sequence[Recording], type: str, progress: Progress) -> Report:
    """Hold recordings against what was emitted."""
    if not output.sound:
        return Report(output.diagnostics)
    key = _named(built, type) if type else None
    if isinstance(key, Diagnostic):
        return Report((key,))
    check = Check(built.graph, load(built, output.artifacts).contract)
    unread: list[Diagnostic] = []
    for count, recording in enumerate(files):
        progress(f"verifying {recording.shown}", count, len(files))
        unread += _take(check, recording, key)
    if unread and not check.bodies:  # counts of nothing would bury what is wrong
        return Report(in_order((*output.diagnostics, *unread)))
    report = check.report()
    found = expected(report.diagnostics, built.config.expect, [recording.shown for recording in files])
    nothing = check.nothing_checked()
    read: dict[str, int | str] = {"files": len(files)}
    summary = {"recordings": read, **report.summary}
    diagnostics = in_order((*output.diagnostics, *unread, *nothing, *found))
    return replace(report, diagnostics=diagnostics, summary=summary)


def configured(config: Config) -> tuple[list[Recording], tuple[Diagnostic, ...]]:
    """The files that the configuration's patterns name, with their names relative to the project."""
    found: dict[str, Path] = {}
    missing: list[Diagnostic] = []
    for pattern in config.recordings:
        paths = sorted(path for path in config.root.glob(pattern) if path.is_file())
        found |= {path.relative_to(config.root).as_posix(): path for path in paths}
        if not paths:
            hint = "mend the pattern in [tool.wirelock.verify], or record the traffic again"
            missing.append(Diagnostic(RECORDINGS_MISSING, Location(config.file), f"{pattern} names no file", hint))
    if not config.recordings:
        hint = 'name them: wirelock verify FILE..., or [tool.wirelock.verify] recordings = ["recordings/*.har"]'
        missing.append(Diagnostic(RECORDINGS_MISSING, Location(config.file), "no recordings are configured", hint))
    return [Recording(path, shown) for shown, path in sorted(found.items())], tuple(missing)


def _take(check: Check, recording: Recording, key: TypeId | None) -> tuple[Diagnostic, ...]:
    """Give the content of one recording to the check; gives what could not be read."""
    if key is not None:
        documents, unread = read_documents(recording.path, recording.shown)
        for document in documents:
            check.document(document, key)
        return unread
    exchanges, unread = read_recording(recording.path, recording.shown)
    for exchange in exchanges:
        check.exchange(exchange)
    return unread


def _named(build: Build, name: str) -> TypeId | Diagnostic:
    names = {type_name(key): key for key in build.graph.definitions}
    if name in names:
        return names[name]
    near = suggestion(name, names).removeprefix("; ")
    hint = near or "a type is a schema file without its ending, such as session/sessionInfo"
    return Diagnostic(TYPE_UNKNOWN, Location(), f"there is no type {name}", hint)
