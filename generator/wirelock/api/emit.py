"""From a project to all its artefacts; what a slow tool wrote from the same input is taken from disk."""

from __future__ import annotations

from dataclasses import dataclass

from wirelock.artifact import Artifact
from wirelock.build import MANIFEST, Build
from wirelock.diagnostics import Diagnostic, in_order
from wirelock.emit import EMITTERS, Emitted, Emitter
from wirelock.progress import Progress
from wirelock.write import Manifest, digest, kept, read_manifest


@dataclass(frozen=True, slots=True)
class Output:
    """Every artefact of a build, the hashes of the emitters' keys, and what was wrong."""

    artifacts: tuple[Artifact, ...]
    keys: dict[str, str]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def sound(self) -> bool:
        """Whether the artefacts may be written and used."""
        return not any(diagnostic.fails for diagnostic in self.diagnostics)


def manifest_path(build: Build) -> str:
    """Where the manifest of the generated package is."""
    return f"{build.config.home}/{MANIFEST}"


def emitted(build: Build, progress: Progress) -> Output:
    """Run every emitter; nothing is emitted from a build that is not sound."""
    if not build.sound:
        return Output((), {}, build.diagnostics)
    manifest = read_manifest(build.config.root, manifest_path(build))
    if isinstance(manifest, Diagnostic):
        return Output((), {}, in_order((*build.diagnostics, manifest)))
    artifacts = [build.ledger]
    keys: dict[str, str] = {}
    found = [*build.diagnostics]
    for count, emitter in enumerate(EMITTERS):
        progress(f"emitting {emitter.name}", count, len(EMITTERS))
        result = _emit(emitter, build, manifest)
        artifacts += result.artifacts
        found += result.diagnostics
        if emitter.key is not None:
            keys[emitter.name] = digest(emitter.key(build))
    return Output(tuple(artifacts), keys, in_order(found))


def _emit(emitter: Emitter, build: Build, manifest: Manifest) -> Emitted:
    if emitter.key is not None:
        standing = kept(build.config.root, manifest, emitter.name, emitter.key(build))
        if standing is not None:
            return Emitted(standing)
    return emitter.emit(build)
