"""init: a new project that passes its own check."""

from __future__ import annotations

from pathlib import Path

from wirelock.api.generate import generate
from wirelock.config import read_config
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity
from wirelock.emit.render import render
from wirelock.naming import snake
from wirelock.progress import Progress, silent
from wirelock.write import Change, ChangeSet, apply

INIT_EXISTS = Code("INIT_EXISTS", Severity.ERROR, fatal=True)
FILES = (
    "wirelock.toml",
    "schemas/note/note.schema.json",
    "schemas/note/getNoteRequest.schema.json",
    "schemas/note/note.service.json",
    "recordings/note.ndjson",
)


def init(folder: Path, progress: Progress = silent) -> Report:
    """Write an example project into a folder, which is made if need be, and generate it.

    Nothing is written where one of the files already is, or where pyproject.toml already has a project.
    """
    known = [name for name in (*FILES, "schemas", "proto", "generated") if (folder / name).exists()]
    if known:
        hint = "choose another folder, or write wirelock.toml yourself: only the key package is needed"
        words = f"{known[0]} is already there; nothing was written"
        return Report((Diagnostic(INIT_EXISTS, Location(str(folder / known[0])), words, hint),))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        words = f"the folder cannot be made: {error.strerror}"
        return Report((Diagnostic(INIT_EXISTS, Location(str(folder)), words, "choose another folder"),))
    faults = apply(folder, ChangeSet(tuple(Change(name, "add", None, _text(name, folder)) for name in sorted(FILES))))
    if faults:
        return Report(faults)
    config = read_config(folder)
    if isinstance(config, tuple):
        return Report(config)
    generated = generate(config, "write", progress)
    if generated.exit_code:  # half a project would keep a second try from beginning
        apply(folder, ChangeSet(tuple(Change(name, "delete", _text(name, folder), None) for name in sorted(FILES))))
        return generated
    return Report(summary={"init": {"files": len(FILES)}}) + generated


def _text(name: str, folder: Path) -> bytes:
    project = folder.resolve().name
    return render(f"init/{name}.j2", name=project, package=snake(project)).encode()
