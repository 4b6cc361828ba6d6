"""The interface of emitters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class EmitResult:
    """The artifacts and diagnostics of one emitter; after a failing diagnostic, no artifact is written."""

    artifacts: tuple[Artifact, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Emitter:
    """One target.

    `build_input_key` is set if an external tool writes the files: it returns all input of that tool, and while the key
    is unchanged, the committed files are reused (decision 0002).
    """

    name: str
    emit: Callable[[Build], EmitResult]
    build_input_key: Callable[[Build], bytes] | None = None
