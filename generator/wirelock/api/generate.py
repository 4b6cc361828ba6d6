"""generate: write the generated files, or compare them with the schemas."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from wirelock.api.emit import EmittedFiles, emit_all, manifest_path
from wirelock.api.project import Project
from wirelock.build import Build, build
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity, sort_unique
from wirelock.progress import ProgressCallback, noop_progress
from wirelock.write import Change, ChangeSet, apply_changes, format_diff, plan_changes, recover

OUT_OF_DATE = Code("OUT_OF_DATE", Severity.ERROR)
Mode = Literal["write", "check", "dry-run"]


def generate(project: Project, mode: Mode = "write", progress: ProgressCallback = noop_progress) -> Report:
    """Generate a project's files.

    Mode `write` writes them; `check` reports each outdated file with a diff; `dry-run` lists the changes.
    """
    config = project.config
    recovered = recover(config.root) if mode == "write" else ()
    built = build(config)
    report = apply_output(built, emit_all(built, progress), mode)
    return Report(recovered) + report


def apply_output(built: Build, output: EmittedFiles, mode: Mode) -> Report:
    """Write emitted files, compare them with the disk, or list the changes."""
    if not output.is_sound:
        return Report(output.diagnostics)
    root = built.config.root
    changes, faults = plan_changes(root, output.artifacts, manifest_path(built), output.keys)
    diagnostics = [*output.diagnostics, *faults]
    match mode:
        case "write" if not faults:
            diagnostics += apply_changes(root, changes)
        case "check":
            diagnostics += [_report_out_of_date(change) for change in changes.changes]
        case _:
            pass
    summary = _summarize(changes, len(output.artifacts) + 1)
    return Report(sort_unique(diagnostics), {"generate": summary}, diff="" if mode == "write" else format_diff(changes))


def _report_out_of_date(change: Change) -> Diagnostic:
    messages = {
        "add": "the file is missing",
        "change": "the file does not match the schemas",
        "delete": "nothing generates this file anymore",
    }
    return Diagnostic(OUT_OF_DATE, Location(change.path), messages[change.kind], "run: wirelock generate")


def _summarize(changes: ChangeSet, files: int) -> dict[str, int | str]:
    kinds = Counter(change.kind for change in changes.changes)
    unchanged = files - kinds["add"] - kinds["change"]
    changed = {"added": kinds["add"], "changed": kinds["change"], "deleted": kinds["delete"]}
    return {"files": files, "unchanged": unchanged, **changed}
