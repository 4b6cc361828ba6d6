"""Reuse of emitted files while their input is unchanged (decision 0002)."""

from __future__ import annotations

from pathlib import Path

from wirelock.artifact import Artifact
from wirelock.write.disk import read_file
from wirelock.write.manifest import Manifest, hash_content


def find_reusable_files(root: Path, manifest: Manifest, emitter: str, key: bytes) -> tuple[Artifact, ...] | None:
    """Return the files of an emitter on disk; None if its key or any file differs from the manifest."""
    if manifest.keys.get(emitter) != hash_content(key):
        return None
    artifacts: list[Artifact] = []
    for path, entry in manifest.files.items():
        if entry.emitter == emitter:
            content = _read(root, path)
            if content is None or hash_content(content) != entry.sha256:
                return None
            artifacts.append(Artifact(path, content, emitter))
    return tuple(artifacts) or None


def _read(root: Path, path: str) -> bytes | None:
    try:
        return read_file(root, path)
    except OSError:
        return None
