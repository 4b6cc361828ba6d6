"""Files of subcontracted emitters that stand while what they were made from is unchanged (decision 0002)."""

from __future__ import annotations

from pathlib import Path

from wirelock.artifact import Artifact
from wirelock.write.disk import read
from wirelock.write.manifest import Manifest, digest


def kept(root: Path, manifest: Manifest, emitter: str, key: bytes) -> tuple[Artifact, ...] | None:
    """An emitter's files as they stand on disk; None if its key or any of the files is not what the manifest says."""
    if manifest.keys.get(emitter) != digest(key):
        return None
    artifacts: list[Artifact] = []
    for path, entry in manifest.files.items():
        if entry.emitter == emitter:
            content = _content(root, path)
            if content is None or digest(content) != entry.sha256:
                return None
            artifacts.append(Artifact(path, content, emitter))
    return tuple(artifacts) or None


def _content(root: Path, path: str) -> bytes | None:
    try:
        return read(root, path)
    except OSError:
        return None
