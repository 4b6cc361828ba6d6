"""All artifacts of a project; output of slow tools is reused while its input is unchanged."""

from __future__ import annotations

from dataclasses import dataclass

from wirelock.artifact import Artifact
from wirelock.build import MANIFEST, Build
from wirelock.diagnostics import Diagnostic, sort_unique
from wirelock.emit import EMITTERS, EmitResult, Emitter
from wirelock.progress import ProgressCallback
from wirelock.write import Manifest, find_reusable_files, hash_content, read_manifest


@dataclass(frozen=True, slots=True)
class EmittedFiles:
    """All artifacts of a build, the hashes of the emitters' keys, and diagnostics."""

    artifacts: tuple[Artifact, ...]
    keys: dict[str, str]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def is_sound(self) -> bool:
        """True if the artifacts may be written and used."""
        return not any(diagnostic.is_failure for diagnostic in self.diagnostics)


def manifest_path(build: Build) -> str:
    """Return the path of the generated package's manifest."""
    return f"{build.config.package_folder}/{MANIFEST}"


def emit_all(build: Build, progress: ProgressCallback) -> EmittedFiles:
    """Run every emitter; a build with errors emits nothing."""
    if not build.is_sound:
        return EmittedFiles((), {}, build.diagnostics)
    manifest = read_manifest(build.config.root, manifest_path(build))
    if isinstance(manifest, Diagnostic):
        return EmittedFiles((), {}, sort_unique((*build.diagnostics, manifest)))
    artifacts = [build.ledger]
    keys: dict[str, str] = {}
    diagnostics = [*build.diagnostics]
    for count, emitter in enumerate(EMITTERS):
        progress(f"emitting {emitter.name}", count, len(EMITTERS))
        result = _emit(emitter, build, manifest)
        artifacts += result.artifacts
        diagnostics += result.diagnostics
        if emitter.build_input_key is not None:
            keys[emitter.name] = hash_content(emitter.build_input_key(build))
    return EmittedFiles(tuple(artifacts), keys, sort_unique(diagnostics))


def _emit(emitter: Emitter, build: Build, manifest: Manifest) -> EmitResult:
    if emitter.build_input_key is not None:
        reusable = find_reusable_files(build.config.root, manifest, emitter.name, emitter.build_input_key(build))
        if reusable is not None:
            return EmitResult(reusable)
    return emitter.emit(build)
