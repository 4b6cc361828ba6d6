"""Draws documents and looks for the first one on which schema, validator, model and codec disagree, shrunk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, seed, settings

from wirelock.build import Build
from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.emit.mapping import type_name
from wirelock.ir import TypeId
from wirelock.oracle import Reference
from wirelock.proof.choices import BACKEND
from wirelock.proof.strategies import Drawing
from wirelock.runtime.findings import Contract
from wirelock.runtime.json.text import Json, dump
from wirelock.traffic.conformance.verdict import judge

COUNTEREXAMPLE_FOUND = Code("COUNTEREXAMPLE_FOUND", Severity.ERROR)
_LONGEST = 400
_SLOW_IS_FINE = (
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.large_base_example,
)


class Disproof(Exception):
    """A document on which not all agree, and what each says."""

    def __init__(self, document: Json, words: str) -> None:
        super().__init__(words)
        self.document = document
        self.words = words


@dataclass(slots=True)
class Tried:
    """How many documents were tried, and how many of them were valid."""

    documents: int = 0
    valid: int = 0


class Prover:
    """Proves the types of one build, one at a time."""

    def __init__(self, build: Build, contracts: Callable[[TypeId], Contract]) -> None:
        self._build = build
        self._contracts = contracts
        self._drawing = Drawing(build.graph)
        self._reference = Reference(build.documents, build.config.format_assertion)
        self.tried = Tried()

    def prove(self, key: TypeId, examples: int, start: int) -> Diagnostic | None:
        """Try that many documents of a type, drawn from a seed; gives the smallest one on which not all agree."""
        contract = self._contracts(key)

        @seed(start)
        @settings(
            max_examples=examples,
            backend=BACKEND,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=_SLOW_IS_FINE,
            report_multiple_bugs=False,
        )
        @given(self._drawing.documents(key))
        def agree(document: Json) -> None:
            words = self._disagreement(key, contract, document)
            if words:
                raise Disproof(document, words)

        try:
            agree()
        except Disproof as disproof:
            return self._diagnostic(key, disproof)
        return None

    def _disagreement(self, key: TypeId, contract: Contract, document: Json) -> str:
        verdict = judge(contract, dump(document))
        valid = self._reference.is_valid(key, document)
        self.tried.documents += 1
        self.tried.valid += valid
        if verdict.disagreement:
            return verdict.disagreement
        if verdict.valid is not valid:
            return f"the schema {'accepts' if valid else 'refuses'} it, validator, model and codec do not"
        return verdict.loss.message if verdict.loss is not None else ""

    def _diagnostic(self, key: TypeId, disproof: Disproof) -> Diagnostic:
        text = dump(disproof.document).decode()
        shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
        where = self._build.graph.definitions[key].node.where
        hint = "this is a fault of wirelock: please report it, with the schema and the document"
        return Diagnostic(COUNTEREXAMPLE_FOUND, where, f"{type_name(key)}: {disproof.words}: {shown}", hint)
