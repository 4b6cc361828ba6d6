"""verify: hold recordings against everything that the schemas generate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from wirelock.api.cache import NOTHING_KEPT, Recall
from wirelock.api.cache_keys import Basis
from wirelock.api.emit import Output, emitted
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity, in_order
from wirelock.emit.mapping import type_name
from wirelock.ir import TypeId
from wirelock.loader import load
from wirelock.progress import Progress, silent
from wirelock.runtime.findings import Contract
from wirelock.runtime.json.formatting import suggestion
from wirelock.traffic.conformance.checker import Check
from wirelock.traffic.conformance.expectations import expected
from wirelock.traffic.conformance.results import Tally
from wirelock.traffic.recordings.formats import read_recording
from wirelock.traffic.recordings.ndjson import read_documents

TYPE_UNKNOWN = Code("TYPE_UNKNOWN", Severity.ERROR, fatal=True)
RECORDING_PATTERN_EMPTY = Code("RECORDING_PATTERN_EMPTY", Severity.ERROR, fatal=True)


@dataclass(frozen=True, slots=True)
class Recording:
    """A file of recorded traffic, and its name as users know it."""

    path: Path
    shown: str


@dataclass(frozen=True, slots=True)
class _Held:
    """What came of one recording, and what of it could not be read."""

    unread: tuple[Diagnostic, ...]
    tally: Tally


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


def verified(
    built: Build,
    output: Output,
    files: Sequence[Recording],
    type: str,
    progress: Progress,
    recall: Recall = NOTHING_KEPT,
) -> Report:
    """Hold recordings against what was emitted."""
    if not output.sound:
        return Report(output.diagnostics)
    key = _named(built, type) if type else None
    if isinstance(key, Diagnostic):
        return Report((key,))
    contracts = load(built, output.artifacts).contract
    basis = Basis(built, output)
    check = Check(built.graph, contracts)
    unread: list[Diagnostic] = []
    for count, recording in enumerate(files):
        progress(f"verifying {recording.shown}", count, len(files))
        depends = partial(basis.of_recording, recording.path, recording.shown)
        held = recall.found(_Held, depends, partial(_held, built, contracts, recording, key))
        check.add(held.tally)
        unread += held.unread
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
            missing.append(Diagnostic(RECORDING_PATTERN_EMPTY, Location(config.file), f"{pattern} names no file", hint))
    if not config.recordings:
        hint = 'name them: wirelock verify FILE..., or [tool.wirelock.verify] recordings = ["recordings/*.har"]'
        missing.append(Diagnostic(RECORDING_PATTERN_EMPTY, Location(config.file), "no recordings are configured", hint))
    return [Recording(path, shown) for shown, path in sorted(found.items())], tuple(missing)


def _held(built: Build, contracts: Callable[[TypeId], Contract], recording: Recording, key: TypeId | None) -> _Held:
    """Read one recording, and hold it against the contracts."""
    check = Check(built.graph, contracts)
    if key is not None:
        documents, unread = read_documents(recording.path, recording.shown)
        for document in documents:
            check.document(document, key)
        return _Held(unread, check.tally())
    exchanges, unread = read_recording(recording.path, recording.shown)
    for exchange in exchanges:
        check.exchange(exchange)
    return _Held(unread, check.tally())


def _named(build: Build, name: str) -> TypeId | Diagnostic:
    names = {type_name(key): key for key in build.graph.definitions}
    if name in names:
        return names[name]
    near = suggestion(name, names).removeprefix("; ")
    hint = near or "a type is a schema file without its ending, such as session/sessionInfo"
    return Diagnostic(TYPE_UNKNOWN, Location(), f"there is no type {name}", hint)
