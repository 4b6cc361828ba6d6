"""The JSON verdict: every rule, and what they find between two states of the schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain

from wirelock.compat.json.bodies import Answers, answers
from wirelock.compat.json.change import Broken, Holds, JsonChange, Proof, Side, Unproved
from wirelock.compat.json.difference import JsonRule, Question
from wirelock.compat.json.exchanges import Exchanges
from wirelock.compat.json.parameters import moved as parameters
from wirelock.compat.json.paths import Way, new_way, old_way
from wirelock.compat.json.prover import Asked, Prover
from wirelock.compat.json.rules.exchange import RULES as EXCHANGE_RULES
from wirelock.compat.json.rules.exchange import request_type_changed, response_type_changed
from wirelock.compat.json.rules.type import RULES as TYPE_RULES
from wirelock.compat.json.rules.type import TypeRule, schema_changed, type_added, type_removed
from wirelock.compat.json.sides import Direction, Lens, lens
from wirelock.compat.json.structural_equality import same
from wirelock.compat.json.walk import RULES as NODE_RULES
from wirelock.compat.json.walk import Found, Walk
from wirelock.ir import Method, Node, TypeId, reached

RULES: tuple[JsonRule | TypeRule, ...] = (*TYPE_RULES, *EXCHANGE_RULES, *NODE_RULES)
"""Every rule of the JSON verdict."""
_Types = tuple[TypeId, TypeId]


def json_changes(old: Side, new: Side) -> tuple[JsonChange, ...]:
    """What differs between two states of the schemas, sorted by place and rule, with a proof for each direction.

    Types are compared with what goes by their name in the other state, and what a method takes and answers with what
    it takes and answers there, whatever it is called. A witness is a document of the whole type, and both references
    were asked about it.
    """
    return _Comparison(lens(old), lens(new)).changes()


class _Comparison:
    def __init__(self, before: Lens, after: Lens) -> None:
        self._before = before
        self._after = after
        self._backward = Prover(Direction(before, after))
        self._forward = Prover(Direction(after, before))

    def changes(self) -> tuple[JsonChange, ...]:
        found: dict[_Types, list[JsonChange]] = {}
        waiting = self._pairs()
        while waiting:
            pair = waiting.pop()
            if pair not in found:
                walk = Walk(self._before, self._after)
                found[pair] = [*self._changes_of(pair, walk)]
                waiting += walk.moved
        rest = [self._unexplained(pair, found) for pair in found]
        unexplained = (one for one in rest if one is not None)
        left = self._left([*found, *self._exchanged])
        return _once(chain(*found.values(), unexplained, left, self._of_methods(found)))

    def _pairs(self) -> list[_Types]:
        """The types that belong together: of one name, and what methods take and answer in place of what is gone."""
        old, new = self._before.side.graph, self._after.side.graph
        named = [(key, key) for key in new.definitions if key in old.definitions]
        return [*dict.fromkeys((*named, *(pair for pair in self._exchanged if self._is_renamed(pair))))]

    @cached_property
    def _methods(self) -> list[tuple[Exchanges, Answers]]:
        """The methods of both states, with what they answer."""
        old, new = self._before.side.graph, self._after.side.graph
        former = {(service.package, service.name, m.name): m for service in old.services for m in service.methods}
        kept = [
            Exchanges(service, former[service.package, service.name, method.name], method)
            for service in new.services
            for method in service.methods
            if (service.package, service.name, method.name) in former
        ]
        return [(one, answers(one.old, one.new)) for one in kept]

    @cached_property
    def _exchanged(self) -> list[_Types]:
        """The types that methods take and answer in one state and in the other."""
        return [pair for one, found in self._methods for pair, _, _ in _bodies(one.old, one.new, found)]

    def _is_renamed(self, types: _Types) -> bool:
        """Whether one type is gone and the other was not there: then it is one type, wherever it is used."""
        old, new = types
        return old not in self._after.side.graph.definitions and new not in self._before.side.graph.definitions

    def _of_methods(self, found: Mapping[_Types, list[JsonChange]]) -> Iterator[JsonChange]:
        """What differs in methods themselves."""
        old, new = self._before.side.graph.definitions, self._after.side.graph.definitions
        for one, answered in self._methods:
            yield from self._swapped(one, answered, found)
            if one.old.verb and one.new.verb:
                yield from (one.parameters(moved) for moved in parameters(one.old, one.new, old, new))
                yield from one.answers(answered, self._backward, self._forward)

    def _swapped(
        self, one: Exchanges, answered: Answers, found: Mapping[_Types, list[JsonChange]]
    ) -> Iterator[JsonChange]:
        """The requests and bodies that are of another type, where that is no type under another name."""
        told: set[tuple[str, TypeId, TypeId]] = set()
        for types, rule, what in _bodies(one.old, one.new, answered):
            if types[0] == types[1] or self._is_renamed(types) or (rule.id, *types) in told:
                continue
            told.add((rule.id, *types))
            tell = one.request if rule is request_type_changed else one.answer
            yield tell(rule, f"{what} was {types[0]}, and is {types[1]}", *self._of_pair(types, found))

    def _of_pair(self, types: _Types, found: Mapping[_Types, list[JsonChange]]) -> tuple[Proof, Proof]:
        """Both proofs for a pair of types as a whole; what the types share that changed is told where it stands."""
        details = [*self._changes_of(types, Walk(self._before, self._after))]
        shared = [change for pair in self._reached(types, found) for change in found[pair]]
        old, new = types
        was, now = self._nodes(types)
        way: Way = ()
        back = self._backward.proof(Asked(Question(was, now), was, way, old, new, None))
        fore = self._forward.proof(Asked(Question(now, was), now, way, new, old, None))
        return (
            _told(back, [one.backward for one in details], [one.backward for one in shared]),
            _told(fore, [one.forward for one in details], [one.forward for one in shared]),
        )

    def _changes_of(self, types: _Types, walk: Walk) -> Iterator[JsonChange]:
        for found in walk.differences(*self._nodes(types)):
            yield self._change(types, found)

    def _change(self, types: _Types, found: Found) -> JsonChange:
        difference, pair, trail = found.difference, found.pair, found.trail
        old, new = types
        back = self._asked(difference.backward, pair.old, old_way(trail), (old, new), found)
        fore = self._asked(difference.forward, pair.new, new_way(trail), (new, old), found)
        element = found.site if difference.element is pair.new else difference.element
        anchor = found.site if difference.anchor is pair.new else difference.anchor
        return JsonChange(
            found.rule.id,
            new,
            anchor.where,
            self._place(element),
            difference.message,
            found.rule.hint,
            self._backward.proof(back),
            self._forward.proof(fore),
        )

    def _asked(self, question: Question | None, place: Node, way: Way, types: _Types, found: Found) -> Asked:
        return Asked(question, place, way, *types, found.difference.members)

    def _unexplained(self, types: _Types, found: dict[_Types, list[JsonChange]]) -> JsonChange | None:
        """A change for a pair of types that may break although nothing that was found in them does."""
        if self._is_same(types):
            return None
        old, new = types
        told = [change for pair in self._reached(types, found) for change in found[pair]]
        backward = _rest(self._backward, old, new, [change.backward for change in told])
        forward = _rest(self._forward, new, old, [change.forward for change in told])
        if isinstance(backward, Holds) and isinstance(forward, Holds):
            return None
        node = self._after.side.graph.definitions[new].node
        words = "the type differs in a way that no rule tells"
        place = self._place(node)
        return JsonChange(schema_changed.id, new, node.where, place, words, schema_changed.hint, backward, forward)

    def _is_same(self, types: _Types) -> bool:
        ours, theirs = self._before.side, self._after.side
        if (ours.policy, ours.format_assertion) != (theirs.policy, theirs.format_assertion):
            return False
        return not any(node.checks for node in self._nodes(types)) and same(
            ours.graph.definitions, theirs.graph.definitions, *self._nodes(types)
        )

    def _reached(self, types: _Types, pairs: Iterable[_Types]) -> list[_Types]:
        """The pairs that documents of these types are made of."""
        old, new = types
        ours = reached(self._before.side.graph, [old])
        theirs = reached(self._after.side.graph, [new])
        return [pair for pair in pairs if pair[0] in ours and pair[1] in theirs]

    def _nodes(self, types: _Types) -> tuple[Node, Node]:
        old, new = types
        return self._before.side.graph.definitions[old].node, self._after.side.graph.definitions[new].node

    def _left(self, pairs: Iterable[_Types]) -> Iterator[JsonChange]:
        """The schema files that only one of the states has."""
        old, new = self._before.side.graph.definitions, self._after.side.graph.definitions
        removed = {key for key in old if not key.pointer}.difference(one for one, _ in pairs)
        added = {key for key in new if not key.pointer}.difference(other for _, other in pairs)
        for key in removed:
            proof = Unproved("there is no type any more to hold its documents against")
            words = f"the type {old[key].name} was removed"
            where = old[key].node.where
            yield JsonChange(
                type_removed.id, key, where, self._place(old[key].node), words, type_removed.hint, proof, Holds()
            )
        for key in added:
            node = new[key].node
            words = f"the type {new[key].name} was added"
            yield JsonChange(
                type_added.id, key, node.where, self._place(node), words, type_added.hint, Holds(), Holds()
            )

    def _place(self, node: Node) -> str:
        """The schema place of a node of either state."""
        known = self._after.constraints.knows(node)
        return (self._after if known else self._before).constraints.place(node)


def _told(whole: Proof, details: list[Proof], shared: list[Proof]) -> Proof:
    """The proof for a pair of types: of the whole, or of a difference in it; nothing, where what they share is told."""
    if not isinstance(whole, Unproved):
        return whole
    unsettled = [proof for proof in details if not isinstance(proof, Holds)]
    broken = next((proof for proof in unsettled if isinstance(proof, Broken)), None)
    if broken is not None:
        return broken
    return Holds() if not unsettled and any(not isinstance(proof, Holds) for proof in shared) else whole


def _rest(prover: Prover, written: TypeId, read: TypeId, told: list[Proof]) -> Proof:
    """The proof that is left for a pair of types after what was told of them."""
    if any(not isinstance(proof, Holds) for proof in told) or prover.includes(written, read):
        return Holds()
    return Unproved("it is not proved that documents of the one are documents of the other")


def _bodies(old: Method, new: Method, found: Answers) -> Iterator[tuple[_Types, TypeRule, str]]:
    """What a method takes and answers in both states, each with the rule and the words for another type there."""
    yield (old.request, new.request), request_type_changed, "the request"
    yield (old.response, new.response), response_type_changed, "the response"
    for former, body in (pair for matched in found.matched for pair in matched.pairs):
        if former.type is not None and body.type is not None:
            yield (former.type, body.type), response_type_changed, f"the body of status {body.status}"


def _once(changes: Iterator[JsonChange]) -> tuple[JsonChange, ...]:
    """Sorted, and what several types are made of told once, by the type for which it matters most."""
    found: dict[tuple[str, str, str], JsonChange] = {}
    for change in changes:
        key = (change.place, change.rule, change.message)
        if key not in found or _weight(change) > _weight(found[key]):
            found[key] = change
    return tuple(found[key] for key in sorted(found))


def _weight(change: JsonChange) -> tuple[int, int]:
    proofs = (change.backward, change.forward)
    broken = sum(isinstance(proof, Broken) for proof in proofs)
    return broken, sum(not isinstance(proof, Holds) for proof in proofs)
