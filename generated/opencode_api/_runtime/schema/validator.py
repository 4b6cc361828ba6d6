"""Validators of JSON texts, with findings for violations and undeclared properties.

jsonschema-rs decides validity. `evaluate` finds the violations and undeclared properties; it runs only for documents
that have any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import jsonschema_rs

from ..findings import UNDECLARED_FIELD, VIOLATION, Finding
from ..json.formatting import quote_name
from ..json.pointers import join_pointer
from ..json.text import Json, MalformedText, parse
from .branches import UnionAnalyzer
from .documents import Documents, SubschemaRef, UnusableSchemaError
from .engine_schemas import (
    CLOSED_OBJECT,
    build_engine_schemas,
    build_uri,
    engine_can_run,
    find_unusable,
    iter_reachable,
)
from .evaluate import EvaluationContext, evaluate
from .evaluation import EvaluationResult, InstanceNode
from .fast_path import build_acceptor, build_decoder
from .messages import to_findings

__all__ = ["Schemas", "UnusableSchemaError", "Validator"]

_INVERTING = frozenset({"not", "if", "oneOf", "contains", "unevaluatedProperties", "unevaluatedItems"})
"""Keywords whose schema may accept a value because a subschema rejects it."""
_CLOSING = frozenset({"additionalProperties", "unevaluatedProperties"})


class Schemas:
    """The validators of a set of schema documents by file.

    `unknown_fields` (error, warn, keep) is the policy for undeclared properties about which the schema says nothing;
    `format_assertion` makes `format` an assertion.
    """

    def __init__(self, documents: Mapping[str, Json], *, unknown_fields: str, format_assertion: bool) -> None:
        self.unknown_fields = unknown_fields
        self.format_assertion = format_assertion
        self._documents = Documents(documents)
        annotations = frozenset[str]() if format_assertion else frozenset({"format"})
        self._context = EvaluationContext(self._documents, UnionAnalyzer(self._documents), annotations)
        self._validators: dict[str, Validator] = {}

    def get_validator(self, root: str) -> Validator:
        """Return the validator of `file` or `file#pointer`; raise UnusableSchemaError."""
        known = self._validators.get(root)
        return known or self._validators.setdefault(root, self._build_validator(root))

    def preload(self) -> None:
        """Build the data that all validators share, which the first validation otherwise builds."""
        _ = self._documents.resources, self._open, self.unknown_fields == "keep" or self._closed

    def _build_validator(self, root: str) -> Validator:
        ref = self._documents.get_root(root)
        for error in find_unusable(self._documents, ref):
            raise error
        return Validator(self, self._context, ref)

    def build_engine(self, ref: SubschemaRef, *, closed: bool) -> Any:
        """Return a jsonschema-rs validator of one schema; with `closed`, it also rejects undeclared properties."""
        registry = self._closed if closed else self._open
        return jsonschema_rs.validator_for(
            {"$ref": build_uri(ref)},
            registry=registry,
            offline=True,
            validate_formats=self.format_assertion,
            pattern_options=jsonschema_rs.RegexOptions(),
        )

    @cached_property
    def _open(self) -> Any:
        return jsonschema_rs.Registry(build_engine_schemas(self._documents, {}))

    @cached_property
    def _closed(self) -> Any:
        return jsonschema_rs.Registry(build_engine_schemas(self._documents, CLOSED_OBJECT))


class Validator:
    """The validator of one type, from `Schemas.get_validator`; it is compiled at its first use."""

    def __init__(self, schemas: Schemas, context: EvaluationContext, root: SubschemaRef) -> None:
        self._schemas = schemas
        self._context = context
        self._root = root

    @cached_property
    def is_valid(self) -> Callable[[bytes | str], bool]:
        """The function that returns True for a valid JSON text; text that is not I-JSON is invalid.

        It is not a method, so that validation of common documents takes a single call.
        """
        return build_acceptor(self._decode, self._is_valid_text)

    def build_steps(self) -> Iterator[object]:
        """Build what the first validation otherwise builds, and yield after each step."""
        yield self._certainly_accepts
        if self._engine_can_run:
            yield self._engine
            if self._schemas.unknown_fields != "keep":
                yield self._closed_engine
                yield self._closing_is_sound
        yield self.check(b"{}")

    def _is_valid_text(self, text: bytes | str) -> bool:
        try:
            return self.is_valid_instance(parse(text))
        except MalformedText:
            return False

    def is_valid_instance(self, instance: Json) -> bool:
        """Return True if a parsed JSON value is valid; with the policy `error`, undeclared properties are invalid."""
        if self._schemas.unknown_fields == "error":
            return not self.check_instance(instance)
        return self._is_valid_value(instance)

    def check(self, text: bytes | str) -> tuple[Finding, ...]:
        """Return the violations of a JSON text, and its undeclared properties unless the policy is `keep`."""
        if self._certainly_accepts(text):
            return ()
        try:
            return self.check_instance(parse(text))
        except MalformedText as error:
            return (error.finding,)

    def check_instance(self, instance: Json) -> tuple[Finding, ...]:
        """Return the findings for a parsed JSON value, as `check` does for a text."""
        if self._has_no_findings(instance):
            return ()
        outcome = evaluate(self._context, self._root, instance)
        violations = self._find_violations(outcome, instance)
        policy = self._schemas.unknown_fields
        if policy == "keep":
            return violations
        return (*violations, *_find_undeclared(outcome, warning=policy == "warn"))

    def _find_violations(self, outcome: EvaluationResult, instance: Json) -> tuple[Finding, ...]:
        violations = to_findings(outcome.violations)
        if violations or self._is_valid_value(instance):
            return violations
        return tuple(self._iter_engine_findings(instance))

    def _has_no_findings(self, instance: Json) -> bool:
        """Return True if a value certainly has no findings; False means that evaluation decides."""
        if self._schemas.unknown_fields == "keep":
            return self._is_valid_value(instance)
        return self._declares_all(instance) and (self._closing_is_sound or self._is_valid_value(instance))

    @cached_property
    def _closing_is_sound(self) -> bool:
        """True if the closed schema accepts valid values only, which may fail below keywords like `not`."""
        refs = iter_reachable(self._context.documents, self._root)
        return all(_INVERTING.isdisjoint(ref.keywords) for ref in refs)

    def _is_valid_value(self, instance: Json) -> bool:
        if self._engine_can_run:
            return bool(self._engine.is_valid(instance))
        return not evaluate(self._context, self._root, instance).violations

    def _declares_all(self, instance: Json) -> bool:
        """Return True if a valid value certainly has no undeclared property; False means that evaluation decides."""
        return self._engine_can_run and bool(self._closed_engine.is_valid(instance))

    @cached_property
    def _certainly_accepts(self) -> Callable[[bytes | str], bool]:
        return build_acceptor(self._decode, lambda text: False)

    @cached_property
    def _decode(self) -> Callable[[bytes], object] | None:
        return build_decoder(self._context.documents, self._root, self._context.annotations)

    @cached_property
    def _engine_can_run(self) -> bool:
        return engine_can_run(self._context.documents, self._root)

    @cached_property
    def _engine(self) -> Any:
        return self._schemas.build_engine(self._root, closed=False)

    @cached_property
    def _closed_engine(self) -> Any:
        return self._schemas.build_engine(self._root, closed=True)

    def _iter_engine_findings(self, instance: Json) -> Iterator[Finding]:
        """Yield the errors of the engine, for a value that it rejects although evaluation finds no violation."""
        for error in self._engine.iter_errors(instance):
            yield Finding(join_pointer(error.instance_path), VIOLATION, str(error.message))


def _find_undeclared(outcome: EvaluationResult, *, warning: bool) -> Iterator[Finding]:
    """Yield the properties that no applied schema declares, in objects for which some schema declares properties."""
    for node, outcomes in _group_by_node(outcome).values():
        if not isinstance(node.value, dict) or any(o.free_form for o in outcomes) or not _declares_some(outcomes):
            continue
        declared = frozenset[str]().union(
            *(outcome.evaluated_properties for outcome in outcomes), *(_get_required(outcome) for outcome in outcomes)
        )
        for key in node.value:
            if key not in declared:
                pointer = node.get_child(key).pointer
                yield Finding(pointer, UNDECLARED_FIELD, f"property {quote_name(key)} is not declared", warning=warning)


def _declares_some(outcomes: Iterable[EvaluationResult]) -> bool:
    schemas = [outcome.subschema.keywords for outcome in outcomes]
    return any("properties" in schema for schema in schemas) and all(_CLOSING.isdisjoint(schema) for schema in schemas)


def _get_required(outcome: EvaluationResult) -> frozenset[str]:
    """Return the required properties of a schema with `properties`; they count as declared, with any type."""
    keywords = outcome.subschema.keywords
    return frozenset(keywords.get("required", ()) if keywords.get("properties") else ())


def _group_by_node(root: EvaluationResult) -> dict[int, tuple[InstanceNode, list[EvaluationResult]]]:
    groups: dict[int, tuple[InstanceNode, list[EvaluationResult]]] = {}
    seen = {id(root)}
    stack = [root]
    while stack:
        outcome = stack.pop()
        groups.setdefault(id(outcome.node), (outcome.node, []))[1].append(outcome)
        for contributor in outcome.contributors:
            if id(contributor) not in seen:
                seen.add(id(contributor))
                stack.append(contributor)
    return groups
