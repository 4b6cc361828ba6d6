"""init: a new project that passes its own check."""

from __future__ import annotations

from pathlib import Path

from wirelock.api.generate import generate
from wirelock.api.project import Project
from wirelock.config import read_config
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity
from wirelock.emit.render import render
from wirelock.naming import to_snake_case
from wirelock.progress import ProgressCallback, noop_progress
from wirelock.write import Change, ChangeSet, apply_changes

INIT_EXISTS = Code("INIT_EXISTS", Severity.ERROR, fatal=True)
FILES = (
    "wirelock.toml",
    "schemas/note/note.schema.json",
    "schemas/note/getNoteRequest.schema.json",
    "schemas/note/note.service.json",
    "recordings/note.ndjson",
)


def init(folder: Path, progress: ProgressCallback = noop_progress) -> Report:
    """Write an example project into a folder, create the folder if needed, and generate the project.

    Nothing is written if one of the files exists, or if pyproject.toml has a project already.
    """
    existing = [name for name in (*FILES, "schemas", "proto", "generated") if (folder / name).exists()]
    if existing:
        hint = "choose another folder, or write wirelock.toml yourself; it needs only the key `package`"
        message = f"{existing[0]} already exists; nothing was written"
        return Report((Diagnostic(INIT_EXISTS, Location(str(folder / existing[0])), message, hint),))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder cannot be created: {error.strerror}"
        return Report((Diagnostic(INIT_EXISTS, Location(str(folder)), message, "choose another folder"),))
    faults = apply_changes(
        folder, ChangeSet(tuple(Change(name, "add", None, _render_file(name, folder)) for name in sorted(FILES)))
    )
    if faults:
        return Report(faults)
    config = read_config(folder)
    if isinstance(config, tuple):
        return Report(config)
    generated = generate(Project(config), "write", progress)
    if generated.exit_code:  # an incomplete project would block a second attempt
        apply_changes(
            folder, ChangeSet(tuple(Change(name, "delete", _render_file(name, folder), None) for name in sorted(FILES)))
        )
        return generated
    return Report(summary={"init": {"files": len(FILES)}}) + generated


def _render_file(name: str, folder: Path) -> bytes:
    project = folder.resolve().name
    return render(f"init/{name}.j2", name=project, package=to_snake_case(project)).encode()
