"""The write stage: the only one that writes. Artifacts become changes, changes become files, all or none."""

from __future__ import annotations

from wirelock.write.apply import apply, recover
from wirelock.write.cache import Cache, users_cache
from wirelock.write.changes import Change, ChangeSet, diff
from wirelock.write.import_manifest import IMPORT_CONFLICT, ImportedFile, ImportManifest, plan_import, read_import
from wirelock.write.manifest import Entry, Manifest, digest, print_manifest, read_manifest
from wirelock.write.plan import plan
from wirelock.write.reuse import kept
from wirelock.write.single_file import write_file

__all__ = [
    "IMPORT_CONFLICT",
    "Cache",
    "Change",
    "ChangeSet",
    "Entry",
    "ImportManifest",
    "ImportedFile",
    "Manifest",
    "apply",
    "diff",
    "digest",
    "kept",
    "plan",
    "plan_import",
    "print_manifest",
    "read_import",
    "read_manifest",
    "recover",
    "users_cache",
    "write_file",
]
