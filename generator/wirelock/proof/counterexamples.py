"""Search for a document on which schema, validator, model and codec disagree, reduced to the smallest such document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

from wirelock.build import Build
from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.ir import TypeId
from wirelock.oracle import ReferenceValidator
from wirelock.proof.strategies import DocumentStrategies
from wirelock.runtime.findings import Contract
from wirelock.runtime.json.text import Json, dump
from wirelock.traffic.conformance.verdict import judge

COUNTEREXAMPLE_FOUND = Code("COUNTEREXAMPLE_FOUND", Severity.ERROR)
_BACKEND = "wirelock"
_MAX_DOCUMENT_LENGTH = 400
_SUPPRESSED_HEALTH_CHECKS = (
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.large_base_example,
)


class SeededProvider(HypothesisProvider):
    """The provider of hypothesis, without the constants that it collects from the loaded modules.

    These constants would make the documents of a seed depend on the environment. Providers are registered as in the
    hypothesis documentation, "Alternative backends for Hypothesis".
    """

    def _maybe_draw_constant(self, *_: Any, **__: Any) -> None:
        return None


AVAILABLE_PROVIDERS[_BACKEND] = f"{__name__}.{SeededProvider.__name__}"


class Counterexample(Exception):
    """Raised for a document on which the verdicts disagree."""

    def __init__(self, document: Json, message: str) -> None:
        super().__init__(message)
        self.document = document
        self.message = message


@dataclass(slots=True)
class DocumentCounts:
    """The number of documents checked, and how many of them were valid."""

    documents: int = 0
    valid: int = 0


class CounterexampleSearch:
    """Searches for counterexamples of the types of one build; `counts` covers all searches."""

    def __init__(self, build: Build, get_contract: Callable[[TypeId], Contract]) -> None:
        self._build = build
        self._get_contract = get_contract
        self._strategies = DocumentStrategies(build.graph)
        self._reference = ReferenceValidator(build.documents, build.config.format_assertion)
        self.counts = DocumentCounts()

    def find(self, key: TypeId, examples: int, start: int) -> Diagnostic | None:
        """Check a number of documents of a type, drawn from the seed `start`; return the smallest counterexample."""
        contract = self._get_contract(key)

        @seed(start)
        @settings(
            max_examples=examples,
            backend=_BACKEND,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=_SUPPRESSED_HEALTH_CHECKS,
            report_multiple_bugs=False,
        )
        @given(self._strategies.build(key))
        def check(document: Json) -> None:
            message = self._find_disagreement(key, contract, document)
            if message:
                raise Counterexample(document, message)

        try:
            check()
        except Counterexample as counterexample:
            return self._build_diagnostic(key, counterexample)
        return None

    def _find_disagreement(self, key: TypeId, contract: Contract, document: Json) -> str:
        verdict = judge(contract, dump(document))
        is_valid = self._reference.is_valid(key, document)
        self.counts.documents += 1
        self.counts.valid += is_valid
        if verdict.disagreement:
            return verdict.disagreement
        if verdict.is_valid is not is_valid:
            return f"the schema {'accepts' if is_valid else 'rejects'} it, validator, model and codec do not"
        return verdict.loss.message if verdict.loss is not None else ""

    def _build_diagnostic(self, key: TypeId, counterexample: Counterexample) -> Diagnostic:
        text = dump(counterexample.document).decode()
        excerpt = text if len(text) <= _MAX_DOCUMENT_LENGTH else text[:_MAX_DOCUMENT_LENGTH] + "…"
        location = self._build.graph.definitions[key].node.location
        message = f"{key.name}: {counterexample.message}: {excerpt}"
        hint = "this is a bug in wirelock: please report it with the schema and the document"
        return Diagnostic(COUNTEREXAMPLE_FOUND, location, message, hint)
