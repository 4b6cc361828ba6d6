"""The manifest: what wirelock wrote last time, so that it never touches a file that is not its own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.source.conflict_markers import CONFLICT, sides
from wirelock.version import VERSION
from wirelock.write.disk import read

MANIFEST_UNREADABLE = Code("MANIFEST_UNREADABLE", Severity.ERROR, fatal=True)
_FORMAT = 1
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: the hash of its bytes and the emitter that made it."""

    sha256: str
    emitter: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Every file by its path below the root, and by emitter the hash of the key its output was made from."""

    files: Mapping[str, Entry] = field(default_factory=dict[str, Entry])
    keys: Mapping[str, str] = field(default_factory=dict[str, str])


def digest(content: bytes) -> str:
    """The hash by which manifest and journal know a content: SHA-256 in hex."""
    return sha256(content).hexdigest()


def read_manifest(root: Path, path: str) -> Manifest | Diagnostic:
    """The manifest on disk, empty where there is none; one that cannot be read is never taken for an empty one.

    Of one that git left in conflict both sides count: the files of either are wirelock's own.
    """
    try:
        text = read(root, path)
    except OSError as error:
        return _unreadable(path, f"the manifest cannot be read: {error.strerror}")
    if text is None:
        return Manifest()
    both = sides(text) if CONFLICT.search(text) else (text,)
    if both is None:
        return _unreadable(path, "the manifest holds half a merge conflict")
    try:
        return _both([_parsed(side) for side in both])
    except KeyError as error:
        return _unreadable(path, f"the manifest cannot be read: {error} is missing")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        return _unreadable(path, f"the manifest cannot be read: {error}")


def _parsed(text: bytes) -> Manifest:
    """The manifest that a text is; raises what json and the types of its values raise."""
    value: Any = json.loads(text)
    if value["format"] != _FORMAT:
        raise ValueError(f"format {value['format']}, not {_FORMAT}")
    files = {str(name): Entry(_hash(e["sha256"]), str(e["emitter"])) for name, e in value["files"].items()}
    return Manifest(files, {str(name): _hash(key) for name, key in value["keys"].items()})


def _both(manifests: list[Manifest]) -> Manifest:
    """What the sides of a merge have: wirelock wrote the files of each; only what both made of one key is kept."""
    first, *others = manifests
    files = {path: entry for manifest in reversed(manifests) for path, entry in manifest.files.items()}
    keys = {name: key for name, key in first.keys.items() if all(other.keys.get(name) == key for other in others)}
    return Manifest(files, keys)


def _hash(value: Any) -> str:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ValueError(f"{value!r} is not a SHA-256 hash")
    return value


def _unreadable(path: str, message: str) -> Diagnostic:
    hint = f"restore it: git checkout HEAD -- {path}; then run: wirelock generate"
    return Diagnostic(MANIFEST_UNREADABLE, Location(path), message, hint)


def print_manifest(manifest: Manifest) -> bytes:
    """The manifest's file: sorted, one entry a line, so that git merges it well."""
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
