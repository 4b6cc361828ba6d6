"""Generated files in memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Artifact:
    """A generated file; `path` is relative to the project root, with forward slashes, `emitter` names its producer."""

    path: str
    content: bytes
    emitter: str
