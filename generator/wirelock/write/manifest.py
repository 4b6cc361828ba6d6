"""The manifest of generated files, so that wirelock never changes a file that it did not write."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.source.conflict_markers import CONFLICT_MARKER, split_sides
from wirelock.version import VERSION
from wirelock.write.disk import read_file

MANIFEST_UNREADABLE = Code("MANIFEST_UNREADABLE", Severity.ERROR, fatal=True)
_FORMAT = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One generated file: the hash of its content and its emitter."""

    sha256: str
    emitter: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All generated files by path relative to the project, and the hashes of the emitters' keys by emitter."""

    files: Mapping[str, ManifestEntry] = field(default_factory=dict[str, ManifestEntry])
    keys: Mapping[str, str] = field(default_factory=dict[str, str])


def hash_content(content: bytes) -> str:
    """Return the SHA-256 hash of a content in hexadecimal."""
    return sha256(content).hexdigest()


def read_manifest(root: Path, path: str) -> Manifest | Diagnostic:
    """Return the manifest, empty if there is none, or a diagnostic if it cannot be read.

    In a merge conflict, both sides count: wirelock owns the files of each.
    """
    try:
        text = read_file(root, path)
    except OSError as error:
        return _build_unreadable(path, f"the manifest cannot be read: {error.strerror}")
    if text is None:
        return Manifest()
    sides = split_sides(text) if CONFLICT_MARKER.search(text) else (text,)
    if sides is None:
        return _build_unreadable(path, "the manifest contains an incomplete merge conflict")
    try:
        return _merge([_parse(side) for side in sides])
    except KeyError as error:
        return _build_unreadable(path, f"the manifest cannot be read: {error} is missing")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        return _build_unreadable(path, f"the manifest cannot be read: {error}")


def _parse(text: bytes) -> Manifest:
    """Return the manifest in a text; raises the exceptions of json, and those of values with unexpected types."""
    value: Any = json.loads(text)
    if value["format"] != _FORMAT:
        raise ValueError(f"format {value['format']}, expected {_FORMAT}")
    files = {
        str(name): ManifestEntry(_check_hash(e["sha256"]), str(e["emitter"])) for name, e in value["files"].items()
    }
    return Manifest(files, {str(name): _check_hash(key) for name, key in value["keys"].items()})


def _merge(sides: Sequence[Manifest]) -> Manifest:
    """Merge the sides of a conflict: the files of all sides, and the keys that all sides have in common."""
    first, *others = sides
    files = {path: entry for side in reversed(sides) for path, entry in side.files.items()}
    keys = {name: key for name, key in first.keys.items() if all(other.keys.get(name) == key for other in others)}
    return Manifest(files, keys)


def _check_hash(value: Any) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ValueError(f"{value!r} is not a SHA-256 hash")
    return value


def _build_unreadable(path: str, message: str) -> Diagnostic:
    hint = f"restore it: git checkout HEAD -- {path}; then run: wirelock generate"
    return Diagnostic(MANIFEST_UNREADABLE, Location(path), message, hint)


def print_manifest(manifest: Manifest) -> bytes:
    """Return the content of the manifest: sorted, one entry per line, so that git can merge it."""
    files = {path: {"sha256": entry.sha256, "emitter": entry.emitter} for path, entry in manifest.files.items()}
    parts = [
        f'  "format": {_FORMAT}',
        f'  "generator": {json.dumps(f"wirelock {VERSION}")}',
        f'  "keys": {_print_entries(manifest.keys)}',
        f'  "files": {_print_entries(files)}',
    ]
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def _print_entries(entries: Mapping[str, object]) -> str:
    lines = [f"    {json.dumps(name)}: {json.dumps(entries[name])}" for name in sorted(entries)]
    return "{\n" + ",\n".join(lines) + "\n  }" if lines else "{}"
