"""Validators: the verdict of a schema on JSON texts, and what is wrong where.

The verdict is that of jsonschema-rs; why a document is refused, and what of it is undeclared, is found out by our own
evaluation, which runs only when there is something to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import jsonschema_rs

from ..findings import UNDECLARED_FIELD, VIOLATION, Finding
from ..json.formatting import name
from ..json.pointers import pointer_of
from ..json.text import Json, MalformedText, parse
from .branches import Branches
from .documents import Documents, SchemaRefused, Site
from .engine_schemas import CLOSED, address, prepared, reachable, refusals, tame
from .evaluate import Rules, evaluate
from .evaluation import At, Outcome
from .fast_path import accepting, decoder
from .messages import findings

__all__ = ["SchemaRefused", "Schemas", "Validator"]

_TURNS_ROUND = frozenset({"not", "if", "oneOf", "contains", "unevaluatedProperties", "unevaluatedItems"})
"""Keywords by which a schema accepts because another one inside refuses."""
_SPEAKS_OF_REST = frozenset({"additionalProperties", "unevaluatedProperties"})


class Schemas:
    """A closed set of schema documents by file.

    `unknown_fields` (error, warn, keep) says what an undeclared property is where the schema does not say;
    `format_assertion` makes `format` count.
    """

    def __init__(self, documents: Mapping[str, Json], *, unknown_fields: str, format_assertion: bool) -> None:
        self.unknown_fields = unknown_fields
        self.format_assertion = format_assertion
        self._documents = Documents(documents)
        annotations = frozenset[str]() if format_assertion else frozenset({"format"})
        self._rules = Rules(self._documents, Branches(self._documents), annotations)
        self._validators: dict[str, Validator] = {}

    def validator(self, root: str) -> Validator:
        """The validator of `file` or `file#pointer`; raises SchemaRefused if the schema cannot be used."""
        known = self._validators.get(root)
        return known or self._validators.setdefault(root, self._validator(root))

    def prepare(self) -> None:
        """Make what all validators share instead of when the first of them is asked."""
        _ = self._documents.roots, self._open, self.unknown_fields == "keep" or self._closed

    def _validator(self, root: str) -> Validator:
        site = self._documents.root(root)
        for refused in refusals(self._documents, site):
            raise refused
        return Validator(self, self._rules, site)

    def engine(self, site: Site, *, closed: bool) -> Any:
        """jsonschema-rs for one schema; `closed` refuses what is undeclared too."""
        registry = self._closed if closed else self._open
        return jsonschema_rs.validator_for(
            {"$ref": address(site)},
            registry=registry,
            offline=True,
            validate_formats=self.format_assertion,
            pattern_options=jsonschema_rs.RegexOptions(),
        )

    @cached_property
    def _open(self) -> Any:
        return jsonschema_rs.Registry(prepared(self._documents, {}))

    @cached_property
    def _closed(self) -> Any:
        return jsonschema_rs.Registry(prepared(self._documents, CLOSED))


class Validator:
    """The validator of one type; made by `Schemas.validator`, compiled when it is first asked."""

    def __init__(self, schemas: Schemas, rules: Rules, site: Site) -> None:
        self._schemas = schemas
        self._rules = rules
        self._site = site

    @cached_property
    def is_valid(self) -> Callable[[bytes | str], bool]:
        """Whether a JSON text is valid; text that is not I-JSON is not.

        A function that is made when it is first asked for, so that common documents take one call.
        """
        return accepting(self._decode, self._judge)

    def making(self) -> Iterator[object]:
        """Make what is made when it is first asked for, and stop at each step."""
        yield self._surely_accepts
        if self._tame:
            yield self._engine
            if self._schemas.unknown_fields != "keep":
                yield self._closed_engine
                yield self._closing_refuses
        yield self.findings(b"{}")

    def _judge(self, text: bytes | str) -> bool:
        try:
            return self.is_valid_instance(parse(text))
        except MalformedText:
            return False

    def is_valid_instance(self, instance: Json) -> bool:
        """Whether a parsed JSON value is valid; with the policy `error`, undeclared properties make it invalid."""
        if self._schemas.unknown_fields == "error":
            return not self.instance_findings(instance)
        return self._accepts(instance)

    def findings(self, text: bytes | str) -> tuple[Finding, ...]:
        """Why a JSON text is not valid, one finding a fault; for a valid one, what in it is undeclared."""
        if self._surely_accepts(text):
            return ()
        try:
            return self.instance_findings(parse(text))
        except MalformedText as error:
            return (error.finding,)

    def instance_findings(self, instance: Json) -> tuple[Finding, ...]:
        """`findings` of a parsed JSON value."""
        if self._is_clean(instance):
            return ()
        outcome = evaluate(self._rules, self._site, instance)
        faults = self._faults(outcome, instance)
        policy = self._schemas.unknown_fields
        return faults if policy == "keep" else (*faults, *_undeclared(outcome, warning=policy == "warn"))

    def _faults(self, outcome: Outcome, instance: Json) -> tuple[Finding, ...]:
        faults = findings(outcome.faults)
        return faults if faults or self._accepts(instance) else tuple(self._engine_findings(instance))

    def _is_clean(self, instance: Json) -> bool:
        """Whether there is nothing to say: valid, and nothing undeclared that counts."""
        if self._schemas.unknown_fields == "keep":
            return self._accepts(instance)
        return self._declares(instance) and (self._closing_refuses or self._accepts(instance))

    @cached_property
    def _closing_refuses(self) -> bool:
        """Whether what the closed schema accepts is valid: closing refuses, unless it is inside a rule turned round."""
        sites = reachable(self._rules.documents, self._site)
        return all(_TURNS_ROUND.isdisjoint(site.keywords) for site in sites)

    def _accepts(self, instance: Json) -> bool:
        if self._tame:
            return bool(self._engine.is_valid(instance))
        return not evaluate(self._rules, self._site, instance).faults

    def _declares(self, instance: Json) -> bool:
        """Whether nothing in a valid document is undeclared; False may only mean that a closer look is needed."""
        return self._tame and bool(self._closed_engine.is_valid(instance))

    @cached_property
    def _surely_accepts(self) -> Callable[[bytes | str], bool]:
        return accepting(self._decode, lambda text: False)

    @cached_property
    def _decode(self) -> Callable[[bytes], object] | None:
        return decoder(self._rules.documents, self._site, self._rules.annotations)

    @cached_property
    def _tame(self) -> bool:
        return tame(self._rules.documents, self._site)

    @cached_property
    def _engine(self) -> Any:
        return self._schemas.engine(self._site, closed=False)

    @cached_property
    def _closed_engine(self) -> Any:
        return self._schemas.engine(self._site, closed=True)

    def _engine_findings(self, instance: Json) -> Iterator[Finding]:
        """The engine's own words, should it refuse what our evaluation finds nothing wrong with."""
        for error in self._engine.iter_errors(instance):
            yield Finding(pointer_of(error.instance_path), VIOLATION, str(error.message))


def _undeclared(outcome: Outcome, *, warning: bool) -> Iterator[Finding]:
    """Properties that no schema speaks of which took part, in objects of which some are declared."""
    for at, parts in _by_place(outcome).values():
        if not isinstance(at.value, dict) or any(part.free_form for part in parts) or not _declares_some(parts):
            continue
        declared = frozenset[str]().union(*(part.names for part in parts), *(_required(part) for part in parts))
        for key in at.value:
            if key not in declared:
                pointer = at.below(key).pointer
                yield Finding(pointer, UNDECLARED_FIELD, f"property {name(key)} is not declared", warning=warning)


def _declares_some(parts: Iterable[Outcome]) -> bool:
    keywords = [part.site.keywords for part in parts]
    return any("properties" in one for one in keywords) and not any(_SPEAKS_OF_REST & one.keys() for one in keywords)


def _required(part: Outcome) -> frozenset[str]:
    """Required properties beside declared ones are declared too: they are fields that take anything."""
    keywords = part.site.keywords
    return frozenset(keywords.get("required", ()) if keywords.get("properties") else ())


def _by_place(outcome: Outcome) -> dict[int, tuple[At, list[Outcome]]]:
    places: dict[int, tuple[At, list[Outcome]]] = {}
    seen = {id(outcome)}
    left = [outcome]
    while left:
        part = left.pop()
        places.setdefault(id(part.at), (part.at, []))[1].append(part)
        for inner in part.parts:
            if id(inner) not in seen:
                seen.add(id(inner))
                left.append(inner)
    return places
