"""What an emitter is: a name, a function from a build to artefacts, and what the output of a slow tool depends on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Emitted:
    """What one emitter made, and what was wrong; with a failing diagnostic nothing of it may be written."""

    artifacts: tuple[Artifact, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Emitter:
    """One target.

    `key` is there where a subcontracted tool writes the files: while the key is unchanged, committed files stand
    (decision 0002).
    """

    name: str
    emit: Callable[[Build], Emitted]
    key: Callable[[Build], bytes] | None = None
