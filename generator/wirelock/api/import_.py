"""import: the schema and service files of an OpenAPI description, and what moved since the last time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from wirelock.config import Config
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity, in_order
from wirelock.openapi import Grouping, Imported, import_description, overlaid
from wirelock.progress import Progress, silent
from wirelock.source import Document
from wirelock.source.documents import SOURCE_MISSING
from wirelock.source.origins import Folder, origin_of
from wirelock.write import ChangeSet, ImportManifest, apply, plan_import, read_import, recover

IMPORT_ADDED = Code("IMPORT_ADDED", Severity.NOTE)
IMPORT_CHANGED = Code("IMPORT_CHANGED", Severity.NOTE)
IMPORT_MOVED = Code("IMPORT_MOVED", Severity.NOTE)
IMPORT_REMOVED = Code("IMPORT_REMOVED", Severity.NOTE)
MANIFEST = "import.json"
_SCHEMA, _SERVICE = ".schema.json", ".service.json"


def import_document(config: Config, source: str, packages: Grouping = "tag", progress: Progress = silent) -> Report:
    """Import an OpenAPI 3.0 or 3.1 description, a file or an http address, into a project's schema folder.

    A second import updates the files in place and reports what moved. A file that was edited since is
    IMPORT_CONFLICT, and then nothing is written.
    """
    recovered = recover(config.root)
    manifest = f"{config.schemas}/{MANIFEST}"
    old = read_import(config.root, manifest)
    if isinstance(old, Diagnostic):
        return Report((*recovered, old))
    progress("reading the description", 0, 2)
    imported = _imported(config, source, packages, old)
    if not imported.sound:
        return Report(in_order((*recovered, *imported.diagnostics)))
    progress("writing the schemas", 1, 2)
    changes, faults = plan_import(config.root, imported.artifacts, manifest, old, imported.facts)
    found = [*recovered, *imported.diagnostics, *(faults or apply(config.root, changes))]
    if any(diagnostic.fails for diagnostic in found):
        return Report(in_order(found))
    moved = _moved(old, imported, changes, config.schemas) if old.files else ()
    return Report(in_order((*found, *moved)), {"import": _summary(imported, changes)})


def _imported(config: Config, source: str, packages: Grouping, old: ImportManifest) -> Imported:
    origin = origin_of(source, config.root)
    entry = origin.read(origin.entry)
    if isinstance(entry, Diagnostic):
        return Imported(diagnostics=(entry,))
    overlays, missing = _overlays(config)
    entry, faults = overlaid(entry, overlays)
    if missing or any(fault.fails for fault in faults):
        return Imported(diagnostics=(*missing, *faults))
    known = {file.source: path for path, file in old.files.items()}
    imported = import_description(entry, origin, config.schemas, packages, known)
    return replace(imported, diagnostics=in_order((*faults, *imported.diagnostics)))


def _overlays(config: Config) -> tuple[list[Document], list[Diagnostic]]:
    """The overlays that the configuration names, in its order; those of one pattern by name."""
    found: list[Document] = []
    missing: list[Diagnostic] = []
    for pattern in config.overlays:
        names = sorted(p.relative_to(config.root).as_posix() for p in config.root.glob(pattern) if p.is_file())
        if not names:
            words, hint = f"{pattern} names no file", "mend the pattern in [tool.wirelock.import] overlays"
            missing.append(Diagnostic(SOURCE_MISSING, Location(config.file), words, hint))
        for name in names:
            read = Folder(config.root, "", name).read(name)
            if isinstance(read, Document):
                found.append(read)
            else:
                missing.append(read)
    return found, missing


def _summary(imported: Imported, changes: ChangeSet) -> dict[str, int | str]:
    kinds = Counter(change.kind for change in changes.changes if not change.path.endswith(f"/{MANIFEST}"))
    files = len(imported.artifacts)
    standing = files - kinds["add"] - kinds["change"]
    changed = {"unchanged": standing, "added": kinds["add"], "changed": kinds["change"], "deleted": kinds["delete"]}
    return {"files": files, **imported.counts, **changed}


# what moved


@dataclass(frozen=True, slots=True)
class _Moves:
    """Names of one kind of thing, by what became of them."""

    added: list[str]
    changed: list[str]
    moved: list[str]
    removed: list[str]


def _moved(old: ImportManifest, imported: Imported, changes: ChangeSet, folder: str) -> tuple[Diagnostic, ...]:
    """One note for each thing that can happen to schemas and methods."""
    schemas, methods = _schemas(old, imported, changes, folder), _methods(changes, folder)
    kinds = (
        (IMPORT_ADDED, "new", schemas.added, methods.added),
        (IMPORT_CHANGED, "changed", schemas.changed, methods.changed),
        (IMPORT_MOVED, "moved", schemas.moved, methods.moved),
        (IMPORT_REMOVED, "gone", schemas.removed, methods.removed),
    )
    hint = "look at the difference, then run: wirelock generate"
    return tuple(
        Diagnostic(code, Location(f"{folder}/{MANIFEST}"), f"{word}: {_listed(left, right)}", hint)
        for code, word, left, right in kinds
        if left or right
    )


def _listed(schemas: list[str], methods: list[str]) -> str:
    named = (("schemas", schemas), ("methods", methods))
    counted = ((f"{len(names)} {noun if len(names) > 1 else noun[:-1]}", names) for noun, names in named if names)
    return "; ".join(f"{count} ({', '.join(sorted(names))})" for count, names in counted)


def _schemas(old: ImportManifest, imported: Imported, changes: ChangeSet, folder: str) -> _Moves:
    before = {file.source: path for path, file in old.files.items() if path.endswith(_SCHEMA)}
    after = {a.emitter: a.path for a in imported.artifacts if a.path.endswith(_SCHEMA)}
    touched = {change.path for change in changes.changes if change.kind == "change"}
    both = before.keys() & after.keys()

    def name(path: str) -> str:
        return path.removeprefix(f"{folder}/").removesuffix(_SCHEMA)

    return _Moves(
        [name(after[source]) for source in after.keys() - both],
        [name(after[source]) for source in both if after[source] in touched and after[source] == before[source]],
        [f"{name(before[source])} to {name(after[source])}" for source in both if after[source] != before[source]],
        [name(before[source]) for source in before.keys() - both],
    )


def _methods(changes: ChangeSet, folder: str) -> _Moves:
    services = [change for change in changes.changes if change.path.endswith(_SERVICE)]
    before = _by_name((change.path, change.before) for change in services)
    after = _by_name((change.path, change.after) for change in services)
    both = before.keys() & after.keys()
    same = {name for name in both if before[name][0] == after[name][0]}

    def place(found: Mapping[str, tuple[str, object]], name: str) -> str:
        return found[name][0].removeprefix(f"{folder}/").partition("/")[0]

    return _Moves(
        [f"{place(after, name)}.{name}" for name in after.keys() - both],
        [f"{place(after, name)}.{name}" for name in same if before[name][1] != after[name][1]],
        [f"{place(before, name)}.{name} to {place(after, name)}" for name in both - same],
        [f"{place(before, name)}.{name}" for name in before.keys() - both],
    )


def _by_name(files: Iterable[tuple[str, bytes | None]]) -> dict[str, tuple[str, object]]:
    """The methods of service files by name, each with its file and content."""
    found: dict[str, tuple[str, object]] = {}
    for path, content in files:
        methods: dict[str, object] = json.loads(content)["methods"] if content else {}
        found |= {name: (path, value) for name, value in methods.items()}
    return found
