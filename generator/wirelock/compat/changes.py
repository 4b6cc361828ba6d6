"""Diagnostics of changes: one for each, with its effect on the wire and on JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from wirelock.compat.attribution import find_cause
from wirelock.compat.json.change import JsonChange, Proof, Proved, Refuted, Unknown
from wirelock.compat.locations import ElementLocations
from wirelock.compat.usage import Usage
from wirelock.compat.wire.change import WireChange
from wirelock.config import WireCategory
from wirelock.diagnostics import ChangeImpact, ChangeVerdict, Code, Diagnostic, Location, Severity, sort_unique
from wirelock.ir import TypeId
from wirelock.runtime.json.text import dump

_CATEGORIES: tuple[WireCategory, ...] = ("FILE", "PACKAGE", "WIRE_JSON", "WIRE")
"""Strictest first; each category includes those after it."""


@dataclass(frozen=True, slots=True)
class BreakingPolicy:
    """The wire category in force, severities by rule, and the usage of each type."""

    wire: WireCategory
    severities: Mapping[str, Severity]
    usages: Mapping[TypeId, Usage]

    def get_usage(self, change: JsonChange) -> Usage:
        """Return the usage of the type that a change affects."""
        return self.usages.get(change.type, Usage.UNKNOWN)

    def is_in_force(self, change: WireChange) -> bool:
        """Return True if the category in force includes the rule of a change."""
        return not set(_CATEGORIES[_CATEGORIES.index(self.wire) :]).isdisjoint(change.categories)


@dataclass(slots=True)
class _LocationChanges:
    """The changes at one location of the schemas."""

    location: Location
    wire: list[WireChange] = field(default_factory=list[WireChange])
    json: list[JsonChange] = field(default_factory=list[JsonChange])


def build_diagnostics(
    wire: Iterable[WireChange],
    json: Iterable[JsonChange],
    old: ElementLocations,
    new: ElementLocations,
    policy: BreakingPolicy,
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of all changes: an error for a break, a warning for an unproved change, else a note."""
    groups: dict[str, _LocationChanges] = {}
    for json_change in json:
        key = json_change.schema_location
        location = new.relocate(json_change.location, old.find_element(key))
        groups.setdefault(key, _LocationChanges(location)).json.append(json_change)
    for wire_change in wire:
        element = wire_change.element
        new_location, old_location = new.find(element), old.find(element)
        key = new.format_schema_location(new_location) if new_location else element
        if old_location and not new_location:
            key = old.format_schema_location(old_location)
        location = new_location or new.find(wire_change.enclosing) or new.find_nearest(wire_change.enclosing, element)
        groups.setdefault(key, _LocationChanges(location)).wire.append(wire_change)
    return sort_unique(
        diagnostic
        for key, group in groups.items()
        for diagnostic in _build_location_diagnostics(new.find_element(key) or old.find_element(key), group, policy)
    )


def _build_location_diagnostics(element: str, group: _LocationChanges, policy: BreakingPolicy) -> Iterator[Diagnostic]:
    """Yield the diagnostics of one location, with each wire violation attached to the JSON change that causes it.

    A wire violation without such a change gets a diagnostic of its own.
    """
    ordered = sorted(
        group.json, key=lambda change: (_rank_severity(_get_json_severity(change, policy)), change.rule, change.message)
    )
    json_rules = [change.rule for change in ordered]
    by_cause: dict[int | None, list[WireChange]] = {}
    for wire_change in group.wire:
        by_cause.setdefault(find_cause(wire_change.rule, json_rules), []).append(wire_change)
    yield from (
        _build_wire_diagnostic(wire, group.location, policy) for wire in _group_by_element(by_cause.get(None, ()))
    )
    for index, change in enumerate(ordered):
        yield _build_json_diagnostic(element, group.location, change, by_cause.get(index, ()), policy)


def _group_by_element(wire: Iterable[WireChange]) -> Iterator[list[WireChange]]:
    groups: dict[str, list[WireChange]] = {}
    for change in wire:
        groups.setdefault(change.element, []).append(change)
    yield from groups.values()


def _build_wire_diagnostic(wire: Sequence[WireChange], location: Location, policy: BreakingPolicy) -> Diagnostic:
    """Return one diagnostic for the wire changes of an element; its code is the rule with the most categories."""
    first = min(wire, key=lambda change: (not policy.is_in_force(change), -len(change.categories), change.rule))
    impact = _build_wire_impact(first.element, wire, policy)
    return Diagnostic(
        make_code(first.rule), location, first.message, first.hint, _get_wire_severity(wire, policy), impact=impact
    )


def _build_json_diagnostic(
    element: str, location: Location, change: JsonChange, wire: Sequence[WireChange], policy: BreakingPolicy
) -> Diagnostic:
    severity = min(_get_json_severity(change, policy), _get_wire_severity(wire, policy), key=_rank_severity)
    impact = replace(
        _build_wire_impact(wire[0].element if wire else element, wire, policy),
        backward=_get_verdict(change.backward),
        forward=_get_verdict(change.forward),
        backward_witness=_format_witness(change.backward),
        forward_witness=_format_witness(change.forward),
        usage=policy.get_usage(change).value,
    )
    if _get_json_severity(change, policy) is not Severity.NOTE:
        impact = replace(impact, deciding_rules=tuple(sorted({*impact.deciding_rules, change.rule})))
    return Diagnostic(make_code(change.rule), location, change.message, change.hint, severity, impact=impact)


def _build_wire_impact(element: str, wire: Sequence[WireChange], policy: BreakingPolicy) -> ChangeImpact:
    broken_rules = sorted({change.rule for change in wire if policy.is_in_force(change)})
    deciding_rules = sorted(
        {change.rule for change in wire if _get_wire_severity([change], policy) is not Severity.NOTE}
    )
    return ChangeImpact(element, tuple(broken_rules), deciding_rules=tuple(deciding_rules))


def make_code(rule: str) -> Code:
    """Return the diagnostic code of a rule, which has the rule's id."""
    return Code(rule, Severity.NOTE)


def _get_wire_severity(wire: Iterable[WireChange], policy: BreakingPolicy) -> Severity:
    """Return the highest severity of the changes: the configured one, else an error if the rule is in force."""
    severities = (
        policy.severities.get(change.rule) or (Severity.ERROR if policy.is_in_force(change) else Severity.NOTE)
        for change in wire
    )
    return min(severities, key=_rank_severity, default=Severity.NOTE)


def _get_json_severity(change: JsonChange, policy: BreakingPolicy) -> Severity:
    if change.rule in policy.severities:
        return policy.severities[change.rule]
    usage = policy.get_usage(change)
    proofs = [change.backward] if usage.written_by_clients else []
    proofs += [change.forward] if usage.read_by_clients else []
    if any(isinstance(proof, Refuted) for proof in proofs):
        return Severity.ERROR
    return Severity.WARNING if any(isinstance(proof, Unknown) for proof in proofs) else Severity.NOTE


def _get_verdict(proof: Proof) -> ChangeVerdict:
    match proof:
        case Proved():
            return ChangeVerdict.HOLDS
        case Refuted():
            return ChangeVerdict.BROKEN
        case Unknown():
            return ChangeVerdict.UNPROVED
        case _ as unknown:
            assert_never(unknown)


def _format_witness(proof: Proof) -> str:
    return dump(proof.witness).decode() if isinstance(proof, Refuted) else ""


def _rank_severity(severity: Severity) -> int:
    """Return the sort key of a severity; the highest sorts first."""
    return list(Severity).index(severity)
