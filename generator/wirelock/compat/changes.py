"""One diagnostic a change, with what it breaks on the wire and in JSON side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from wirelock.compat.json.change import Broken, Holds, JsonChange, Proof, Unproved
from wirelock.compat.places import Places
from wirelock.compat.rule import Category
from wirelock.compat.uses import Use
from wirelock.compat.wire.change import WireChange
from wirelock.diagnostics import Code, Diagnostic, Location, Severity, Verdicts, in_order
from wirelock.ir import TypeId
from wirelock.runtime.text import dump

_STRICT: tuple[Category, ...] = ("FILE", "PACKAGE", "WIRE_JSON", "WIRE")
"""The most careful first."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What counts: the wire category in force, severities by rule, and who uses each type."""

    wire: Category
    severities: Mapping[str, Severity]
    uses: Mapping[TypeId, Use]

    def use(self, change: JsonChange) -> Use:
        """Who uses the type that a change is about."""
        return self.uses.get(change.type, Use.UNKNOWN)


@dataclass(slots=True)
class _Place:
    """Everything that changed at one place of the schemas."""

    where: Location
    wire: list[WireChange] = field(default_factory=list[WireChange])
    json: list[JsonChange] = field(default_factory=list[JsonChange])


def changes(
    wire: Iterable[WireChange], json: Iterable[JsonChange], old: Places, new: Places, policy: Policy
) -> tuple[Diagnostic, ...]:
    """Both verdicts as diagnostics: an error where somebody breaks, a warning where nobody knows, else a note."""
    found: dict[str, _Place] = {}
    for changed in json:
        found.setdefault(changed.place, _Place(changed.where)).json.append(changed)
    for broken in wire:
        here = new.at(broken.element)
        stated = here or old.at(broken.element)
        place = new.place(stated) if stated else broken.element
        where = here or new.at(broken.within) or Location(new.folder)
        found.setdefault(place, _Place(where)).wire.append(broken)
    return in_order(one for place in found.values() for one in _diagnostics(place, policy))


def _diagnostics(place: _Place, policy: Policy) -> Iterator[Diagnostic]:
    """What is wrong on the wire stands beside the JSON change that matters most; without one, by itself."""
    ordered = sorted(place.json, key=lambda change: (_json_level(change, policy) is not Severity.ERROR, change.rule))
    if not ordered:
        yield _of_wire(place, policy)
    for index, change in enumerate(ordered):
        yield _of_json(place, change, () if index else place.wire, policy)


def _of_wire(place: _Place, policy: Policy) -> Diagnostic:
    first = min(place.wire, key=lambda change: (-len(change.categories), change.rule))
    level = _stated(place.wire, policy) or _wire_level(place.wire, policy)
    verdicts = Verdicts(first.element, tuple(sorted({change.rule for change in place.wire})))
    return Diagnostic(code(first.rule), place.where, first.message, first.hint, level, change=verdicts)


def _of_json(place: _Place, change: JsonChange, wire: Sequence[WireChange], policy: Policy) -> Diagnostic:
    levels = (_json_level(change, policy), _wire_level(wire, policy))
    level = policy.severities.get(change.rule) or _stated(wire, policy) or min(levels, key=list(Severity).index)
    verdicts = Verdicts(
        wire[0].element if wire else "",
        tuple(sorted({one.rule for one in wire})),
        _word(change.backward),
        _word(change.forward),
        _witness(change.backward),
        _witness(change.forward),
        policy.use(change).value,
    )
    return Diagnostic(code(change.rule), place.where, change.message, change.hint, level, change=verdicts)


def code(rule: str) -> Code:
    """The code of a rule's diagnostics, which goes by the rule's own name."""
    return Code(rule, Severity.NOTE)


def _stated(wire: Iterable[WireChange], policy: Policy) -> Severity | None:
    """The gravest severity that the configuration sets for one of these rules."""
    stated = [policy.severities[change.rule] for change in wire if change.rule in policy.severities]
    return min(stated, key=list(Severity).index, default=None)


def _wire_level(wire: Iterable[WireChange], policy: Policy) -> Severity:
    broken = any(policy.wire in change.categories for change in wire)
    return Severity.ERROR if broken else Severity.NOTE


def _json_level(change: JsonChange, policy: Policy) -> Severity:
    use = policy.use(change)
    asked = [change.backward] if use.written_by_clients else []
    asked += [change.forward] if use.read_by_clients else []
    if any(isinstance(proof, Broken) for proof in asked):
        return Severity.ERROR
    return Severity.WARNING if any(isinstance(proof, Unproved) for proof in asked) else Severity.NOTE


def _word(proof: Proof) -> str:
    match proof:
        case Holds():
            return "holds"
        case Broken():
            return "broken"
        case Unproved():
            return "unproved"
        case _ as unknown:
            assert_never(unknown)


def _witness(proof: Proof) -> str:
    return dump(proof.witness).decode() if isinstance(proof, Broken) else ""
