"""The JSON verdict: all rules, and the comparison of two states of the schemas.

Theory of operation:

A comparison has two sides, the old and the new state of the schemas. Each side is prepared once (`PreparedSide`): a
view of its types as the writer of documents, a view as the reader, and sample values. In the direction backward the old
side writes and the new side reads; in the direction forward the new side writes and the old side reads.

The walk (`walk.py`) visits each pair of nodes at the same place of both sides and applies every rule. A rule reports
differences. A difference may ask one question for each direction: does the reader's node accept every value of the
writer's node? A direction without a question holds.

The prover (`prover.py`) answers a question in two steps. First, `SubtypeChecker` tries to prove from the shapes alone
that the reader's node includes the writer's node; its proofs are sound but not complete. Otherwise the prover builds
small values that the reader may reject, embeds them into documents of the whole type, and asks the reference validator
of both sides. A document that is valid for the writer and invalid for the reader is a witness, and the question is
refuted. Without a witness, a proof for the whole type still suffices; else the answer is unknown.

Types are paired by name. A type that was renamed is paired through the methods and references that used the old name. A
pair of types that cannot be proved equal although no rule reports a difference gets the change SCHEMA_CHANGED.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain

from wirelock.compat.json.bodies import MatchedResponses, match_responses
from wirelock.compat.json.change import JsonChange, Proof, Proved, Refuted, Side, Unknown
from wirelock.compat.json.difference import JsonRule, Question
from wirelock.compat.json.exchanges import MethodPair
from wirelock.compat.json.parameters import find_parameter_changes
from wirelock.compat.json.paths import get_new_path, get_old_path
from wirelock.compat.json.prover import InclusionProver, LocatedQuestion
from wirelock.compat.json.rules.exchange import RULES as EXCHANGE_RULES
from wirelock.compat.json.rules.exchange import request_type_changed, response_type_changed
from wirelock.compat.json.rules.type import RULES as TYPE_RULES
from wirelock.compat.json.rules.type import TypeRule, schema_changed, type_added, type_removed
from wirelock.compat.json.sides import Direction, PreparedSide, prepare_side
from wirelock.compat.json.structural_equality import are_structurally_equal
from wirelock.compat.json.walk import RULES as NODE_RULES
from wirelock.compat.json.walk import RuleMatch, Walk
from wirelock.ir import Method, Node, TypeId, find_reachable_types

RULES: tuple[JsonRule | TypeRule, ...] = (*TYPE_RULES, *EXCHANGE_RULES, *NODE_RULES)
"""Every rule of the JSON verdict."""
_TypePair = tuple[TypeId, TypeId]
_ChangesByPair = dict[_TypePair, list[JsonChange]]


def find_json_changes(old: Side, new: Side) -> tuple[JsonChange, ...]:
    """Return the differences between two states, sorted by location and rule, with a proof for each direction.

    A witness is a document of the whole type; the reference validators of both sides confirmed it.
    """
    return _SchemaComparison(prepare_side(old), prepare_side(new)).find_changes()


class _SchemaComparison:
    def __init__(self, old: PreparedSide, new: PreparedSide) -> None:
        self._old = old
        self._new = new
        self._backward = InclusionProver(Direction(old, new))
        self._forward = InclusionProver(Direction(new, old))

    def find_changes(self) -> tuple[JsonChange, ...]:
        changes: _ChangesByPair = {}
        waiting = self._find_type_pairs()
        while waiting:
            types = waiting.pop()
            if types not in changes:
                walk = Walk(self._old, self._new)
                changes[types] = [*self._compare_types(types, walk)]
                waiting += walk.renamed_types
        candidates = [self._find_unexplained_change(types, changes) for types in changes]
        unexplained = (change for change in candidates if change is not None)
        unpaired = self._find_unpaired_types([*changes, *self._exchanged_types])
        return _deduplicate(chain(*changes.values(), unexplained, unpaired, self._compare_methods(changes)))

    def _find_type_pairs(self) -> list[_TypePair]:
        """Return the types to compare: those of equal names, and renamed ones that methods send and return."""
        old, new = self._old.definitions, self._new.definitions
        same_name = [(key, key) for key in new if key in old]
        renamed = [types for types in self._exchanged_types if self._is_renamed(types)]
        return [*dict.fromkeys((*same_name, *renamed))]

    @cached_property
    def _method_pairs(self) -> list[tuple[MethodPair, MatchedResponses]]:
        """The methods of both states, with their matched responses."""
        old_methods = {
            (service.package, service.name, method.name): method
            for service in self._old.side.graph.services
            for method in service.methods
        }
        pairs: list[tuple[MethodPair, MatchedResponses]] = []
        for service in self._new.side.graph.services:
            for method in service.methods:
                old_method = old_methods.get((service.package, service.name, method.name))
                if old_method is not None:
                    pairs.append((MethodPair(service, old_method, method), match_responses(old_method, method)))
        return pairs

    @cached_property
    def _exchanged_types(self) -> list[_TypePair]:
        """The types that methods send and return in the old and the new state."""
        return [
            types
            for methods, responses in self._method_pairs
            for types, _, _ in _iter_exchanged_types(methods.old, methods.new, responses)
        ]

    def _is_renamed(self, types: _TypePair) -> bool:
        """Return True if the old type is gone and the new type did not exist."""
        old, new = types
        return old not in self._new.definitions and new not in self._old.definitions

    def _compare_methods(self, changes: _ChangesByPair) -> Iterator[JsonChange]:
        """Yield the changes of methods: replaced types, parameters and responses."""
        old, new = self._old.definitions, self._new.definitions
        for methods, responses in self._method_pairs:
            yield from self._find_replaced_types(methods, responses, changes)
            if methods.old.verb and methods.new.verb:
                for change in find_parameter_changes(methods.old, methods.new, old, new):
                    yield methods.build_parameter_change(change)
                yield from methods.compare_responses(responses, self._backward, self._forward)

    def _find_replaced_types(
        self, methods: MethodPair, responses: MatchedResponses, changes: _ChangesByPair
    ) -> Iterator[JsonChange]:
        """Yield the requests and bodies that have another type, except renamed types."""
        reported: set[tuple[str, TypeId, TypeId]] = set()
        for types, rule, label in _iter_exchanged_types(methods.old, methods.new, responses):
            old, new = types
            if old == new or self._is_renamed(types) or (rule.id, old, new) in reported:
                continue
            reported.add((rule.id, old, new))
            is_request = rule is request_type_changed
            build_change = methods.build_request_change if is_request else methods.build_response_change
            yield build_change(rule, f"{label} was {old}, is now {new}", *self._prove_types(types, changes))

    def _prove_types(self, types: _TypePair, changes: _ChangesByPair) -> tuple[Proof, Proof]:
        """Return both proofs for a pair of types as a whole; changes of shared types are reported at those types."""
        details = [*self._compare_types(types, Walk(self._old, self._new))]
        shared = [change for pair in self._find_reachable_pairs(types, changes) for change in changes[pair]]
        old, new = types
        old_node, new_node = self._get_nodes(types)
        backward = LocatedQuestion(Question(old_node, new_node), old_node, (), old, new, None)
        forward = LocatedQuestion(Question(new_node, old_node), new_node, (), new, old, None)
        return (
            _combine_proofs(
                self._backward.prove(backward),
                [change.backward for change in details],
                [change.backward for change in shared],
            ),
            _combine_proofs(
                self._forward.prove(forward),
                [change.forward for change in details],
                [change.forward for change in shared],
            ),
        )

    def _compare_types(self, types: _TypePair, walk: Walk) -> Iterator[JsonChange]:
        for match in walk.find_differences(*self._get_nodes(types)):
            yield self._build_change(types, match)

    def _build_change(self, types: _TypePair, match: RuleMatch) -> JsonChange:
        difference, pair = match.difference, match.pair
        old, new = types
        members = difference.members
        backward = LocatedQuestion(difference.backward, pair.old, get_old_path(match.path), old, new, members)
        forward = LocatedQuestion(difference.forward, pair.new, get_new_path(match.path), new, old, members)
        element = match.site if difference.element is pair.new else difference.element
        anchor = match.site if difference.anchor is pair.new else difference.anchor
        return JsonChange(
            match.rule.id,
            new,
            anchor.location,
            self._get_schema_location(element),
            difference.message,
            match.rule.hint,
            self._backward.prove(backward),
            self._forward.prove(forward),
        )

    def _find_unexplained_change(self, types: _TypePair, changes: _ChangesByPair) -> JsonChange | None:
        """Return a change for a pair of types that is not proved equal although no reported difference breaks it."""
        if self._is_unchanged(types):
            return None
        old, new = types
        reported = [change for pair in self._find_reachable_pairs(types, changes) for change in changes[pair]]
        backward = _prove_remainder(self._backward, old, new, [change.backward for change in reported])
        forward = _prove_remainder(self._forward, new, old, [change.forward for change in reported])
        if isinstance(backward, Proved) and isinstance(forward, Proved):
            return None
        message = "the type changed in a way that no rule describes"
        return self._build_type_change(schema_changed, new, self._new.definitions[new].node, message, backward, forward)

    def _is_unchanged(self, types: _TypePair) -> bool:
        old, new = self._old.side, self._new.side
        if (old.policy, old.format_assertion) != (new.policy, new.format_assertion):
            return False
        nodes = self._get_nodes(types)
        if any(node.unmodelled_keywords for node in nodes):
            return False
        return are_structurally_equal(self._old.definitions, self._new.definitions, *nodes)

    def _find_reachable_pairs(self, types: _TypePair, pairs: Iterable[_TypePair]) -> list[_TypePair]:
        """Return the pairs of types that documents of these types contain."""
        old, new = types
        old_types = find_reachable_types(self._old.side.graph, [old])
        new_types = find_reachable_types(self._new.side.graph, [new])
        return [pair for pair in pairs if pair[0] in old_types and pair[1] in new_types]

    def _get_nodes(self, types: _TypePair) -> tuple[Node, Node]:
        old, new = types
        return self._old.definitions[old].node, self._new.definitions[new].node

    def _find_unpaired_types(self, pairs: Iterable[_TypePair]) -> Iterator[JsonChange]:
        """Yield the schema files that only one of the states has."""
        old, new = self._old.definitions, self._new.definitions
        for key in {key for key in old if not key.pointer}.difference(paired for paired, _ in pairs):
            unknown = Unknown("the new state has no type for these documents")
            message = f"the type {old[key].name} was removed"
            yield self._build_type_change(type_removed, key, old[key].node, message, unknown, Proved())
        for key in {key for key in new if not key.pointer}.difference(paired for _, paired in pairs):
            message = f"the type {new[key].name} was added"
            yield self._build_type_change(type_added, key, new[key].node, message, Proved(), Proved())

    def _build_type_change(
        self, rule: TypeRule, key: TypeId, node: Node, message: str, backward: Proof, forward: Proof
    ) -> JsonChange:
        location = self._get_schema_location(node)
        return JsonChange(rule.id, key, node.location, location, message, rule.hint, backward, forward)

    def _get_schema_location(self, node: Node) -> str:
        """Return the schema location of a node of either state."""
        side = self._new if self._new.keywords.has_node(node) else self._old
        return side.keywords.get_schema_location(node)


def _combine_proofs(whole: Proof, details: list[Proof], shared: list[Proof]) -> Proof:
    """Return the proof for a pair of types: that of the whole, or else of a difference between them.

    The result is Proved if only shared types, which are reported themselves, are not proved.
    """
    if not isinstance(whole, Unknown):
        return whole
    open_details = [proof for proof in details if not isinstance(proof, Proved)]
    refuted = next((proof for proof in open_details if isinstance(proof, Refuted)), None)
    if refuted is not None:
        return refuted
    is_shared_open = any(not isinstance(proof, Proved) for proof in shared)
    return Proved() if is_shared_open and not open_details else whole


def _prove_remainder(
    prover: InclusionProver, written_type: TypeId, read_type: TypeId, reported: Iterable[Proof]
) -> Proof:
    """Return the proof for a pair of types apart from the changes that are already reported."""
    if any(not isinstance(proof, Proved) for proof in reported) or prover.is_subtype(written_type, read_type):
        return Proved()
    return Unknown("no proof was found that documents of one type are valid under the other")


def _iter_exchanged_types(
    old: Method, new: Method, responses: MatchedResponses
) -> Iterator[tuple[_TypePair, TypeRule, str]]:
    """Yield the request and response types of both states, each with its rule and a label for messages."""
    yield (old.request, new.request), request_type_changed, "the request"
    yield (old.response, new.response), response_type_changed, "the response"
    for old_body, new_body in (pair for matched in responses.matched for pair in matched.pairs):
        if old_body.type is not None and new_body.type is not None:
            yield (old_body.type, new_body.type), response_type_changed, f"the body of status {new_body.status}"


def _deduplicate(changes: Iterable[JsonChange]) -> tuple[JsonChange, ...]:
    """Return the sorted changes; a change that several types share is reported once, for the most affected type."""
    unique: dict[tuple[str, str, str], JsonChange] = {}
    for change in changes:
        key = (change.schema_location, change.rule, change.message)
        if key not in unique or _weigh(change) > _weigh(unique[key]):
            unique[key] = change
    return tuple(unique[key] for key in sorted(unique))


def _weigh(change: JsonChange) -> tuple[int, int]:
    proofs = (change.backward, change.forward)
    refuted = sum(isinstance(proof, Refuted) for proof in proofs)
    return refuted, sum(not isinstance(proof, Proved) for proof in proofs)
