"""One diagnostic a change, with what it breaks on the wire and in JSON side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from wirelock.compat.attribution import cause
from wirelock.compat.json.change import Broken, Holds, JsonChange, Proof, Unproved
from wirelock.compat.locations import Places
from wirelock.compat.usage import Use
from wirelock.compat.wire.change import WireChange
from wirelock.config import WireCategory
from wirelock.diagnostics import Code, Diagnostic, Location, Severity, Verdicts, in_order
from wirelock.ir import TypeId
from wirelock.runtime.json.text import dump

_CATEGORIES: tuple[WireCategory, ...] = ("FILE", "PACKAGE", "WIRE_JSON", "WIRE")
"""The most careful first: each includes those behind it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What counts: the wire category in force, severities by rule, and who uses each type."""

    wire: WireCategory
    severities: Mapping[str, Severity]
    uses: Mapping[TypeId, Use]

    def use(self, change: JsonChange) -> Use:
        """Who uses the type that a change is about."""
        return self.uses.get(change.type, Use.UNKNOWN)

    def counts(self, change: WireChange) -> bool:
        """Whether the category in force, or one that it includes, has the rule that was broken."""
        return not set(_CATEGORIES[_CATEGORIES.index(self.wire) :]).isdisjoint(change.categories)


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
        found.setdefault(changed.place, _Place(new.still(changed.where, old.element(changed.place)))).json.append(
            changed
        )
    for broken in wire:
        here, before = new.at(broken.element), old.at(broken.element)
        place = new.place(here) if here else old.place(before) if before else broken.element
        where = here or new.at(broken.within) or new.nearest(broken.within, broken.element)
        found.setdefault(place, _Place(where)).wire.append(broken)
    stated = ((new.element(name) or old.element(name), place) for name, place in found.items())
    return in_order(one for element, place in stated for one in _diagnostics(element, place, policy))


def _diagnostics(element: str, place: _Place, policy: Policy) -> Iterator[Diagnostic]:
    """What is wrong on the wire stands beside the JSON change that brought it about; without one, by itself."""
    ordered = sorted(place.json, key=lambda change: (_rank(_json_level(change, policy)), change.rule, change.message))
    rules = [change.rule for change in ordered]
    caused: dict[int | None, list[WireChange]] = {}
    for broken in place.wire:
        caused.setdefault(cause(broken.rule, rules), []).append(broken)
    yield from (_of_wire(wire, place.where, policy) for wire in _by_element(caused.get(None, ())))
    for index, change in enumerate(ordered):
        yield _of_json(element, place.where, change, caused.get(index, ()), policy)


def _by_element(wire: Iterable[WireChange]) -> Iterator[list[WireChange]]:
    found: dict[str, list[WireChange]] = {}
    for change in wire:
        found.setdefault(change.element, []).append(change)
    yield from found.values()


def _of_wire(wire: Sequence[WireChange], where: Location, policy: Policy) -> Diagnostic:
    """The changes of one element as one; the rule that protects most gives it its name."""
    first = min(wire, key=lambda change: (not policy.counts(change), -len(change.categories), change.rule))
    verdicts = _wire(first.element, wire, policy)
    return Diagnostic(code(first.rule), where, first.message, first.hint, _wire_level(wire, policy), change=verdicts)


def _of_json(
    element: str, where: Location, change: JsonChange, wire: Sequence[WireChange], policy: Policy
) -> Diagnostic:
    level = min(_json_level(change, policy), _wire_level(wire, policy), key=_rank)
    verdicts = replace(
        _wire(wire[0].element if wire else element, wire, policy),
        backward=_word(change.backward),
        forward=_word(change.forward),
        backward_witness=_witness(change.backward),
        forward_witness=_witness(change.forward),
        use=policy.use(change).value,
    )
    if _json_level(change, policy) is not Severity.NOTE:
        verdicts = replace(verdicts, deciding=tuple(sorted({*verdicts.deciding, change.rule})))
    return Diagnostic(code(change.rule), where, change.message, change.hint, level, change=verdicts)


def _wire(element: str, wire: Sequence[WireChange], policy: Policy) -> Verdicts:
    broken = sorted({change.rule for change in wire if policy.counts(change)})
    deciding = sorted({change.rule for change in wire if _wire_level([change], policy) is not Severity.NOTE})
    return Verdicts(element, tuple(broken), deciding=tuple(deciding))


def code(rule: str) -> Code:
    """The code of a rule's diagnostics, which goes by the rule's own name."""
    return Code(rule, Severity.NOTE)


def _wire_level(wire: Iterable[WireChange], policy: Policy) -> Severity:
    """The gravest of what the configuration says of each rule, or else of whether it counts."""
    levels = (
        policy.severities.get(change.rule) or (Severity.ERROR if policy.counts(change) else Severity.NOTE)
        for change in wire
    )
    return min(levels, key=_rank, default=Severity.NOTE)


def _json_level(change: JsonChange, policy: Policy) -> Severity:
    if change.rule in policy.severities:
        return policy.severities[change.rule]
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


def _rank(level: Severity) -> int:
    """The gravest first."""
    return list(Severity).index(level)
