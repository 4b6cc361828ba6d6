"""generate: write what the schemas say, or compare it with what is there."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from wirelock.api.emit import Output, emitted, manifest_path
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity, in_order
from wirelock.progress import Progress, silent
from wirelock.write import Change, ChangeSet, apply, diff, plan, recover

OUT_OF_DATE = Code("OUT_OF_DATE", Severity.ERROR)
Mode = Literal["write", "check", "dry-run"]


def generate(config: Config, mode: Mode = "write", progress: Progress = silent) -> Report:
    """Generate a project's files.

    `write` writes them; `check` reports each file that is not as it should be, with a diff; `dry-run` only says what
    would change.
    """
    recovered = recover(config.root) if mode == "write" else ()
    built = build(config)
    report = brought_about(built, emitted(built, progress), mode)
    return Report(recovered) + report


def brought_about(built: Build, output: Output, mode: Mode) -> Report:
    """Write, compare or list what was emitted."""
    if not output.sound:
        return Report(output.diagnostics)
    root = built.config.root
    changes, faults = plan(root, output.artifacts, manifest_path(built), output.keys)
    found = [*output.diagnostics, *faults]
    match mode:
        case "write" if not faults:
            found += apply(root, changes)
        case "check":
            found += [_out_of_date(change) for change in changes.changes]
        case _:
            pass
    summary = _summary(changes, len(output.artifacts) + 1)
    return Report(in_order(found), {"generate": summary}, diff="" if mode == "write" else diff(changes))


def _out_of_date(change: Change) -> Diagnostic:
    words = {
        "add": "the file is missing",
        "change": "the file is not what the schemas say",
        "delete": "nothing generates this file any more",
    }
    return Diagnostic(OUT_OF_DATE, Location(change.path), words[change.kind], "run: wirelock generate")


def _summary(changes: ChangeSet, files: int) -> dict[str, int | str]:
    kinds = Counter(change.kind for change in changes.changes)
    standing = files - kinds["add"] - kinds["change"]
    changed = {"added": kinds["add"], "changed": kinds["change"], "deleted": kinds["delete"]}
    return {"files": files, "unchanged": standing, **changed}
