"""prove: check random documents against schema, validator, model and codec."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from wirelock.api.cache import NO_CACHE, ResultCache
from wirelock.api.cache_keys import CacheKeys
from wirelock.api.emit import EmittedFiles, emit_all
from wirelock.api.project import Project
from wirelock.build import Build, build
from wirelock.diagnostics import Diagnostic, Report, sort_unique
from wirelock.ir import TypeId
from wirelock.loader import load_artifacts
from wirelock.progress import ProgressCallback, noop_progress

if TYPE_CHECKING:
    from wirelock.proof.counterexamples import CounterexampleSearch

DEFAULT_EXAMPLES = 100


def prove(
    project: Project, examples: int | None = None, seed: int = 0, progress: ProgressCallback = noop_progress
) -> Report:
    """Check a number of documents of each type (None: 100); equal seeds draw equal documents."""
    config = project.config
    built = build(config)
    return prove_build(
        built, emit_all(built, progress), DEFAULT_EXAMPLES if examples is None else examples, seed, progress
    )


def prove_build(
    built: Build,
    output: EmittedFiles,
    examples: int,
    seed: int,
    progress: ProgressCallback,
    cache: ResultCache = NO_CACHE,
) -> Report:
    """Check random documents against emitted files."""
    if not output.is_sound:
        return Report(output.diagnostics)
    cache_keys = CacheKeys(built, output)
    runner = _ProofRunner(built, output)
    keys = tuple(built.graph.definitions)
    diagnostics = list(output.diagnostics)
    documents = valid = 0
    for count, key in enumerate(keys):
        progress(f"proving {key.name}", count, len(keys))
        depends = partial(cache_keys.for_type, key, examples, seed)
        proof = cache.get_or_compute(_ProofResult, depends, partial(runner.prove_type, key, examples, seed))
        diagnostics += [proof.disproof] if proof.disproof is not None else []
        documents += proof.documents
        valid += proof.valid
    counts: dict[str, int | str] = {"types": len(keys), "documents": documents, "valid": valid}
    return Report(sort_unique(diagnostics), {"proof": counts})


@dataclass(frozen=True, slots=True)
class _ProofResult:
    """The result for one type: documents drawn, valid documents, and a counterexample."""

    documents: int
    valid: int
    disproof: Diagnostic | None


class _ProofRunner:
    """Proofs of the types of one build."""

    def __init__(self, built: Build, output: EmittedFiles) -> None:
        self._built = built
        self._output = output

    @cached_property
    def _prover(self) -> CounterexampleSearch:
        from wirelock.proof.counterexamples import CounterexampleSearch  # importing hypothesis is slow

        return CounterexampleSearch(self._built, load_artifacts(self._built, self._output.artifacts).get_contract)

    def prove_type(self, key: TypeId, examples: int, seed: int) -> _ProofResult:
        """Check random documents of one type."""
        tried = self._prover.counts
        documents, valid = tried.documents, tried.valid
        disproof = self._prover.find(key, examples, seed)
        return _ProofResult(tried.documents - documents, tried.valid - valid, disproof)
