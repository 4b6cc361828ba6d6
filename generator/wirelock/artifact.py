"""What an emitter makes: a path and its bytes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file to be: `path` is relative to the project's root, with forward slashes; `emitter` made it."""

    path: str
    content: bytes
    emitter: str
