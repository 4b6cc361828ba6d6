"""What an import wrote, so that the next one knows its own files from those that were edited since."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wirelock.artifact import Artifact
from wirelock.diagnostics import Code, Diagnostic, Location, Severity, in_order
from wirelock.version import VERSION
from wirelock.write.changes import Change, ChangeSet, change
from wirelock.write.disk import read, unwritable
from wirelock.write.manifest import MANIFEST_UNREADABLE, digest
from wirelock.write.paths import collisions, fault

IMPORT_CONFLICT = Code("IMPORT_CONFLICT", Severity.ERROR, fatal=True)
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """One file: the hash of the bytes that were written, and the place in the description that it came from."""

    sha256: str
    source: str


@dataclass(frozen=True, slots=True)
class ImportManifest:
    """The files of the last import by path below the root; `facts` name the description."""

    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Mapping[str, ImportedFile] = field(default_factory=dict[str, ImportedFile])


def read_import(root: Path, path: str) -> ImportManifest | Diagnostic:
    """The manifest of the last import, empty where there was none; one that cannot be read is not taken for empty."""
    try:
        text = read(root, path)
        if text is None:
            return ImportManifest()
        value: Any = json.loads(text)
        if value["format"] != _FORMAT:
            raise ValueError(f"format {value['format']}, not {_FORMAT}")
        files = {str(p): ImportedFile(str(e["sha256"]), str(e["source"])) for p, e in value["files"].items()}
        return ImportManifest({str(key): str(fact) for key, fact in value["document"].items()}, files)
    except KeyError as error:
        return _unreadable(path, f"{error} is missing")
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        return _unreadable(path, str(getattr(error, "strerror", None) or error))


def _unreadable(path: str, words: str) -> Diagnostic:
    hint = f"restore it: git checkout HEAD -- {path}; without it every imported file counts as edited by hand"
    return Diagnostic(MANIFEST_UNREADABLE, Location(path), f"the manifest of the import cannot be read: {words}", hint)


def plan_import(
    root: Path, artifacts: Sequence[Artifact], path: str, old: ImportManifest, facts: Mapping[str, str]
) -> tuple[ChangeSet, tuple[Diagnostic, ...]]:
    """What must change on disk for an import's files to stand there, and nothing left of the import before.

    `emitter` of an artifact is its source in the description. A file that is not as an import left it is never
    touched: with one, or any other diagnostic, the change set is empty.
    """
    paths = [path, *(artifact.path for artifact in artifacts)]
    faults = tuple(trouble for name in (*paths, *old.files) if (trouble := fault(root, name))) or collisions(paths)
    if faults:
        return ChangeSet(), in_order(faults)
    files = {artifact.path: ImportedFile(digest(artifact.content), artifact.emitter) for artifact in artifacts}
    manifest = _print(ImportManifest(facts, files))
    results = [
        *(_step(root, artifact.path, artifact.content, old) for artifact in artifacts),
        *(_step(root, name, None, old) for name in old.files if name not in files),
    ]
    found = in_order(result for result in results if isinstance(result, Diagnostic))
    if found:
        return ChangeSet(), found
    last = change(path, read(root, path), manifest)
    changes = [*(result for result in results if isinstance(result, Change)), *([last] if last else [])]
    return ChangeSet(tuple(sorted(changes, key=lambda item: item.path))), ()


def _step(root: Path, path: str, after: bytes | None, old: ImportManifest) -> Change | Diagnostic | None:
    try:
        before = read(root, path)
    except OSError as error:
        return unwritable(path, error)
    if before is None or before == after:
        return change(path, before, after)
    known = old.files.get(path)
    if known is not None and digest(before) == known.sha256:
        return change(path, before, after)
    return _conflict(path, known, after)


def _conflict(path: str, known: ImportedFile | None, after: bytes | None) -> Diagnostic:
    if known is None:
        words, hint = "a file stands here that no import wrote", "move it away, or import into another folder"
    elif after is None:
        words = "the file was edited since it was imported, and the description has no such thing any more"
        hint = "delete the file, or move it to a package of your own"
    else:
        words = "the file was edited since it was imported"
        hint = "put the change into an overlay ([tool.wirelock.import] overlays) and restore or delete the file"
    return Diagnostic(IMPORT_CONFLICT, Location(path), words, hint)


def _print(manifest: ImportManifest) -> bytes:
    """The manifest's file: sorted, one entry a line, so that git merges it well."""
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
