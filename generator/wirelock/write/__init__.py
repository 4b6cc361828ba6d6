"""The write stage: artifacts become changes, and changes become files, all or none."""

from __future__ import annotations

from wirelock.write.apply import apply_changes, recover
from wirelock.write.cache import Cache, open_user_cache
from wirelock.write.changes import Change, ChangeSet, format_diff
from wirelock.write.import_manifest import (
    IMPORT_CONFLICT,
    ImportedFile,
    ImportManifest,
    plan_import,
    read_import_manifest,
)
from wirelock.write.manifest import Manifest, ManifestEntry, hash_content, print_manifest, read_manifest
from wirelock.write.plan import plan_changes
from wirelock.write.reuse import find_reusable_files
from wirelock.write.single_file import write_file

__all__ = [
    "IMPORT_CONFLICT",
    "Cache",
    "Change",
    "ChangeSet",
    "ImportManifest",
    "ImportedFile",
    "Manifest",
    "ManifestEntry",
    "apply_changes",
    "find_reusable_files",
    "format_diff",
    "hash_content",
    "open_user_cache",
    "plan_changes",
    "plan_import",
    "print_manifest",
    "read_import_manifest",
    "read_manifest",
    "recover",
    "write_file",
]
