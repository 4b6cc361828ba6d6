"""import: schema and service files from an OpenAPI document, and a report of changes on re-import."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from wirelock.api.project import Project
from wirelock.config import Config
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity, sort_unique
from wirelock.openapi import Grouping, ImportResult, apply_overlays, import_description
from wirelock.progress import ProgressCallback, noop_progress
from wirelock.source import Document
from wirelock.source.documents import SOURCE_MISSING
from wirelock.source.origins import FolderOrigin, find_origin
from wirelock.write import ChangeSet, ImportManifest, apply_changes, plan_import, read_import_manifest, recover

IMPORT_ADDED = Code("IMPORT_ADDED", Severity.NOTE)
IMPORT_CHANGED = Code("IMPORT_CHANGED", Severity.NOTE)
IMPORT_MOVED = Code("IMPORT_MOVED", Severity.NOTE)
IMPORT_REMOVED = Code("IMPORT_REMOVED", Severity.NOTE)
MANIFEST = "import.json"
_SCHEMA, _SERVICE = ".schema.json", ".service.json"


def import_document(
    project: Project, source: str, packages: Grouping = "tag", progress: ProgressCallback = noop_progress
) -> Report:
    """Import an OpenAPI 3.0 or 3.1 document (a file or an HTTP address) into a project's schema folder.

    A second import updates the files and reports what changed. A file that was edited in the meantime is an
    IMPORT_CONFLICT, and nothing is written.
    """
    config = project.config
    recovered = recover(config.root)
    manifest = f"{config.schemas}/{MANIFEST}"
    old = read_import_manifest(config.root, manifest)
    if isinstance(old, Diagnostic):
        return Report((*recovered, old))
    progress("reading the OpenAPI document", 0, 2)
    imported = _read_and_import(config, source, packages, old)
    if not imported.is_sound:
        return Report(sort_unique((*recovered, *imported.diagnostics)))
    progress("writing the schemas", 1, 2)
    changes, faults = plan_import(config.root, imported.artifacts, manifest, old, imported.facts)
    diagnostics = [*recovered, *imported.diagnostics, *(faults or apply_changes(config.root, changes))]
    if any(diagnostic.is_failure for diagnostic in diagnostics):
        return Report(sort_unique(diagnostics))
    moved = _report_changes(old, imported, changes, config.schemas) if old.files else ()
    return Report(sort_unique((*diagnostics, *moved)), {"import": _summarize(imported, changes)})


def _read_and_import(config: Config, source: str, packages: Grouping, old: ImportManifest) -> ImportResult:
    origin = find_origin(source, config.root)
    entry = origin.read(origin.entry)
    if isinstance(entry, Diagnostic):
        return ImportResult(diagnostics=(entry,))
    overlays, missing = _read_overlays(config)
    entry, faults = apply_overlays(entry, overlays)
    if missing or any(fault.is_failure for fault in faults):
        return ImportResult(diagnostics=(*missing, *faults))
    paths = {file.source: path for path, file in old.files.items()}
    imported = import_description(entry, origin, config.schemas, packages, paths)
    return replace(imported, diagnostics=sort_unique((*faults, *imported.diagnostics)))


def _read_overlays(config: Config) -> tuple[list[Document], list[Diagnostic]]:
    """Read the configured overlays in order; the files of one pattern are sorted by name."""
    overlays: list[Document] = []
    missing: list[Diagnostic] = []
    for pattern in config.overlays:
        names = sorted(p.relative_to(config.root).as_posix() for p in config.root.glob(pattern) if p.is_file())
        if not names:
            message, hint = f"{pattern} matches no file", "correct the pattern in [tool.wirelock.import] overlays"
            missing.append(Diagnostic(SOURCE_MISSING, Location(config.file), message, hint))
        for name in names:
            read = FolderOrigin(config.root, "", name).read(name)
            if isinstance(read, Document):
                overlays.append(read)
            else:
                missing.append(read)
    return overlays, missing


def _summarize(imported: ImportResult, changes: ChangeSet) -> dict[str, int | str]:
    kinds = Counter(change.kind for change in changes.changes if not change.path.endswith(f"/{MANIFEST}"))
    files = len(imported.artifacts)
    unchanged = files - kinds["add"] - kinds["change"]
    changed = {"unchanged": unchanged, "added": kinds["add"], "changed": kinds["change"], "deleted": kinds["delete"]}
    return {"files": files, **imported.counts, **changed}


# changes since the last import


@dataclass(frozen=True, slots=True)
class _NameChanges:
    """Names of one kind, by the kind of change."""

    added: list[str]
    changed: list[str]
    moved: list[str]
    removed: list[str]


def _report_changes(
    old: ImportManifest, imported: ImportResult, changes: ChangeSet, folder: str
) -> tuple[Diagnostic, ...]:
    """Return one note per kind of change to schemas and methods."""
    schemas, methods = _diff_schemas(old, imported, changes, folder), _diff_methods(changes, folder)
    kinds = (
        (IMPORT_ADDED, "new", schemas.added, methods.added),
        (IMPORT_CHANGED, "changed", schemas.changed, methods.changed),
        (IMPORT_MOVED, "moved", schemas.moved, methods.moved),
        (IMPORT_REMOVED, "removed", schemas.removed, methods.removed),
    )
    hint = "review the diff, then run: wirelock generate"
    return tuple(
        Diagnostic(
            code, Location(f"{folder}/{MANIFEST}"), f"{label}: {_format_names(schema_names, method_names)}", hint
        )
        for code, label, schema_names, method_names in kinds
        if schema_names or method_names
    )


def _format_names(schemas: list[str], methods: list[str]) -> str:
    named = (("schemas", schemas), ("methods", methods))
    counted = ((f"{len(names)} {noun if len(names) > 1 else noun[:-1]}", names) for noun, names in named if names)
    return "; ".join(f"{count} ({', '.join(sorted(names))})" for count, names in counted)


def _diff_schemas(old: ImportManifest, imported: ImportResult, changes: ChangeSet, folder: str) -> _NameChanges:
    before = {file.source: path for path, file in old.files.items() if path.endswith(_SCHEMA)}
    after = {a.emitter: a.path for a in imported.artifacts if a.path.endswith(_SCHEMA)}
    touched = {change.path for change in changes.changes if change.kind == "change"}
    both = before.keys() & after.keys()

    def name(path: str) -> str:
        return path.removeprefix(f"{folder}/").removesuffix(_SCHEMA)

    return _NameChanges(
        [name(after[source]) for source in after.keys() - both],
        [name(after[source]) for source in both if after[source] in touched and after[source] == before[source]],
        [f"{name(before[source])} to {name(after[source])}" for source in both if after[source] != before[source]],
        [name(before[source]) for source in before.keys() - both],
    )


def _diff_methods(changes: ChangeSet, folder: str) -> _NameChanges:
    services = [change for change in changes.changes if change.path.endswith(_SERVICE)]
    before = _index_methods((change.path, change.before) for change in services)
    after = _index_methods((change.path, change.after) for change in services)
    both = before.keys() & after.keys()
    same = {name for name in both if before[name][0] == after[name][0]}

    def place(index: Mapping[str, tuple[str, object]], name: str) -> str:
        return index[name][0].removeprefix(f"{folder}/").partition("/")[0]

    return _NameChanges(
        [f"{place(after, name)}.{name}" for name in after.keys() - both],
        [f"{place(after, name)}.{name}" for name in same if before[name][1] != after[name][1]],
        [f"{place(before, name)}.{name} to {place(after, name)}" for name in both - same],
        [f"{place(before, name)}.{name}" for name in before.keys() - both],
    )


def _index_methods(files: Iterable[tuple[str, bytes | None]]) -> dict[str, tuple[str, object]]:
    """Index the methods of service files by name, with file and content."""
    index: dict[str, tuple[str, object]] = {}
    for path, content in files:
        methods: dict[str, object] = json.loads(content)["methods"] if content else {}
        index |= {name: (path, value) for name, value in methods.items()}
    return index
