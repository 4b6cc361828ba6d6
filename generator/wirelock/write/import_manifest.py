"""The manifest of imported files, so that an import can detect files that were edited since the last one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wirelock.artifact import Artifact
from wirelock.diagnostics import Code, Diagnostic, Location, Severity, sort_unique
from wirelock.version import VERSION
from wirelock.write.changes import Change, ChangeSet, make_change
from wirelock.write.disk import build_unwritable, read_file
from wirelock.write.manifest import MANIFEST_UNREADABLE, hash_content
from wirelock.write.paths import find_collisions, find_path_problem

IMPORT_CONFLICT = Code("IMPORT_CONFLICT", Severity.ERROR, fatal=True)
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """One imported file: the hash of its content, and its source in the description."""

    sha256: str
    source: str


@dataclass(frozen=True, slots=True)
class ImportManifest:
    """The files of the last import by path relative to the project; `facts` identify the description."""

    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Mapping[str, ImportedFile] = field(default_factory=dict[str, ImportedFile])


def read_import_manifest(root: Path, path: str) -> ImportManifest | Diagnostic:
    """Return the manifest of the last import, empty if there is none, or a diagnostic if it cannot be read."""
    try:
        text = read_file(root, path)
        if text is None:
            return ImportManifest()
        value: Any = json.loads(text)
        if value["format"] != _FORMAT:
            raise ValueError(f"format {value['format']}, expected {_FORMAT}")
        files = {str(p): ImportedFile(str(e["sha256"]), str(e["source"])) for p, e in value["files"].items()}
        return ImportManifest({str(key): str(fact) for key, fact in value["document"].items()}, files)
    except KeyError as error:
        return _build_unreadable(path, f"{error} is missing")
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        return _build_unreadable(path, str(getattr(error, "strerror", None) or error))


def _build_unreadable(path: str, reason: str) -> Diagnostic:
    message = f"the manifest of the import cannot be read: {reason}"
    hint = f"restore it: git checkout HEAD -- {path}; without it, all imported files count as edited"
    return Diagnostic(MANIFEST_UNREADABLE, Location(path), message, hint)


def plan_import(
    root: Path, artifacts: Sequence[Artifact], path: str, old: ImportManifest, facts: Mapping[str, str]
) -> tuple[ChangeSet, tuple[Diagnostic, ...]]:
    """Return the changes that write the files of an import and delete those of the last one that are outdated.

    The `emitter` of an artifact is its source in the description. A file that was edited since the last import is
    never changed: it is a diagnostic, and with any diagnostic the change set is empty.
    """
    paths = [path, *(artifact.path for artifact in artifacts)]
    problems = tuple(problem for name in (*paths, *old.files) if (problem := find_path_problem(root, name)))
    problems = problems or find_collisions(paths)
    if problems:
        return ChangeSet(), sort_unique(problems)
    files = {artifact.path: ImportedFile(hash_content(artifact.content), artifact.emitter) for artifact in artifacts}
    manifest = _print_import_manifest(ImportManifest(facts, files))
    results = [
        *(_plan_file(root, artifact.path, artifact.content, old) for artifact in artifacts),
        *(_plan_file(root, name, None, old) for name in old.files if name not in files),
    ]
    diagnostics = sort_unique(result for result in results if isinstance(result, Diagnostic))
    if diagnostics:
        return ChangeSet(), diagnostics
    changes = [result for result in results if isinstance(result, Change)]
    if manifest_change := make_change(path, read_file(root, path), manifest):
        changes.append(manifest_change)
    return ChangeSet(tuple(sorted(changes, key=lambda item: item.path))), ()


def _plan_file(root: Path, path: str, after: bytes | None, old: ImportManifest) -> Change | Diagnostic | None:
    try:
        before = read_file(root, path)
    except OSError as error:
        return build_unwritable(path, error)
    if before is None or before == after:
        return make_change(path, before, after)
    known = old.files.get(path)
    if known is not None and hash_content(before) == known.sha256:
        return make_change(path, before, after)
    return _build_conflict(path, known, after)


def _build_conflict(path: str, known: ImportedFile | None, after: bytes | None) -> Diagnostic:
    if known is None:
        message, hint = "the file exists, and no import wrote it", "move it away, or import into another folder"
    elif after is None:
        message = "the file was edited since the last import, and the description no longer has its schema or service"
        hint = "delete the file, or move it to a package of your own"
    else:
        message = "the file was edited since the last import"
        hint = "put the change into an overlay ([tool.wirelock.import] overlays) and restore or delete the file"
    return Diagnostic(IMPORT_CONFLICT, Location(path), message, hint)


def _print_import_manifest(manifest: ImportManifest) -> bytes:
    """Return the content of the manifest: sorted, one entry per line, so that git can merge it."""
    files = manifest.files
    lines = [
        f"    {json.dumps(p)}: {json.dumps({'sha256': files[p].sha256, 'source': files[p].source})}"
        for p in sorted(files)
    ]
    parts = [
        f'  "format": {_FORMAT}',
        f'  "generator": {json.dumps(f"wirelock {VERSION}")}',
        f'  "document": {json.dumps(dict(manifest.facts))}',
        '  "files": {\n' + ",\n".join(lines) + "\n  }",
    ]
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()
