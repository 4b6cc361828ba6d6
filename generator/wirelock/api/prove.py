"""prove: documents drawn from the schemas, held against schema, validator, model and codec."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from wirelock.api.cache import NOTHING_KEPT, Recall
from wirelock.api.cache_keys import Basis
from wirelock.api.emit import Output, emitted
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.diagnostics import Diagnostic, Report, in_order
from wirelock.emit.mapping import type_name
from wirelock.ir import TypeId
from wirelock.loader import load
from wirelock.progress import Progress, silent

if TYPE_CHECKING:
    from wirelock.proof.counterexamples import Prover

EXAMPLES = 100


def prove(config: Config, examples: int | None = None, seed: int = 0, progress: Progress = silent) -> Report:
    """Try a number of documents of each type (None: 100); the same seed draws the same documents."""
    built = build(config)
    return proved(built, emitted(built, progress), EXAMPLES if examples is None else examples, seed, progress)


def proved(
    built: Build, output: Output, examples: int, seed: int, progress: Progress, recall: Recall = NOTHING_KEPT
) -> Report:
    """Prove what was emitted."""
    if not output.sound:
        return Report(output.diagnostics)
    basis = Basis(built, output)
    work = _Work(built, output)
    keys = tuple(built.graph.definitions)
    found = list(output.diagnostics)
    documents = valid = 0
    for count, key in enumerate(keys):
        progress(f"proving {type_name(key)}", count, len(keys))
        depends = partial(basis.of_type, key, examples, seed)
        proof = recall.found(_Proof, depends, partial(work.proof, key, examples, seed))
        found += [proof.disproof] if proof.disproof is not None else []
        documents += proof.documents
        valid += proof.valid
    counts: dict[str, int | str] = {"types": len(keys), "documents": documents, "valid": valid}
    return Report(in_order(found), {"proof": counts})


@dataclass(frozen=True, slots=True)
class _Proof:
    """What came of one type: how many documents were tried, how many were valid, and what they disprove."""

    documents: int
    valid: int
    disproof: Diagnostic | None


class _Work:
    """The proofs of one build."""

    def __init__(self, built: Build, output: Output) -> None:
        self._built = built
        self._output = output

    @cached_property
    def _prover(self) -> Prover:
        from wirelock.proof.counterexamples import Prover  # hypothesis takes long to import

        return Prover(self._built, load(self._built, self._output.artifacts).contract)

    def proof(self, key: TypeId, examples: int, seed: int) -> _Proof:
        """Prove one type."""
        tried = self._prover.tried
        documents, valid = tried.documents, tried.valid
        disproof = self._prover.prove(key, examples, seed)
        return _Proof(tried.documents - documents, tried.valid - valid, disproof)
