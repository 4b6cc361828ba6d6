"""The JSON verdict: every rule, and what they find between two states of the schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from wirelock.compat.json.change import Broken, Holds, JsonChange, Proof, Side, Unproved
from wirelock.compat.json.difference import JsonRule, Question
from wirelock.compat.json.lens import Direction, Lens, lens
from wirelock.compat.json.proofs import Asked, Prover
from wirelock.compat.json.sameness import same
from wirelock.compat.json.trail import Way, new_way, old_way
from wirelock.compat.json.type_rules import RULES as TYPE_RULES
from wirelock.compat.json.type_rules import TypeRule, schema_changed, type_added, type_removed
from wirelock.compat.json.walk import RULES as NODE_RULES
from wirelock.compat.json.walk import Found, Walk
from wirelock.ir import Method, Node, TypeId, reached

RULES: tuple[JsonRule | TypeRule, ...] = (*TYPE_RULES, *NODE_RULES)
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
        return _once(chain(*found.values(), (one for one in rest if one is not None), self._left(found)))

    def _pairs(self) -> list[_Types]:
        """The types that belong together."""
        old, new = self._before.side.graph, self._after.side.graph
        named = [(key, key) for key in new.definitions if key in old.definitions]
        methods = {(service.package, service.name, m.name): m for service in old.services for m in service.methods}
        moved = [
            pair
            for service in new.services
            for method in service.methods
            if (former := methods.get((service.package, service.name, method.name))) is not None
            for pair in _bodies(former, method)
            if pair[0] in old.definitions and pair[1] in new.definitions
        ]
        return [*dict.fromkeys((*named, *moved))]

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
            hint(found.rule),
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
        return JsonChange(schema_changed.id, new, node.where, place, words, hint(schema_changed), backward, forward)

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
                type_removed.id, key, where, self._place(old[key].node), words, hint(type_removed), proof, Holds()
            )
        for key in added:
            node = new[key].node
            words = f"the type {new[key].name} was added"
            yield JsonChange(
                type_added.id, key, node.where, self._place(node), words, hint(type_added), Holds(), Holds()
            )

    def _place(self, node: Node) -> str:
        """The schema place of a node of either state."""
        known = self._after.constraints.knows(node)
        return (self._after if known else self._before).constraints.place(node)


def _rest(prover: Prover, written: TypeId, read: TypeId, told: list[Proof]) -> Proof:
    """The proof that is left for a pair of types after what was told of them."""
    if any(not isinstance(proof, Holds) for proof in told) or prover.includes(written, read):
        return Holds()
    return Unproved("it is not proved that documents of the one are documents of the other")


def hint(rule: JsonRule | TypeRule) -> str:
    """What a rule says to do, as a diagnostic says it."""
    advice = rule.words.partition("What to do: ")[2].replace("\n", " ")
    return advice.rstrip(".")


def _bodies(old: Method, new: Method) -> Iterator[_Types]:
    """What a method takes and answers in both states, by status."""
    yield old.request, new.request
    yield old.response, new.response
    answers = {body.status: body for body in old.responses}
    for body in new.responses:
        former = answers.get(body.status)
        if former is not None and former.type is not None and body.type is not None:
            yield former.type, body.type


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
