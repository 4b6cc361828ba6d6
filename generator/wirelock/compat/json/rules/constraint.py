"""Rules about unmodelled keywords: their texts are compared, and the reference validator judges documents."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.compat.json.count_limits import generate_values_beyond
from wirelock.compat.json.difference import Difference, JsonRule, NodePair, Question, ResolvedNode
from wirelock.compat.json.pattern_samples import build_matching_string
from wirelock.compat.json.sides import PreparedSide
from wirelock.compat.rule import rule
from wirelock.ir import AnyValue, Node
from wirelock.runtime.json.text import Json

_DEPENDENT = {"then": "if", "else": "if", "minContains": "contains", "maxContains": "contains"}
"""Keywords that have no effect without another one, are now reported with it."""


@rule("CONSTRAINT_ADDED", "JSON")
def constraint_added(pair: NodePair) -> Iterator[Difference]:
    """A schema has a new keyword such as `not`, `if`, `contains` or `dependentRequired`.

    This may break backward, because old documents need not satisfy the keyword. wirelock tries documents that may
    violate it; if none does, the result is unproved.

    What to do: check the constraint where the data is produced, and add the keyword when no old documents remain.
    """
    old, new = _find_keywords(pair.old_side, pair.old_resolved), _find_keywords(pair.new_side, pair.new_resolved)
    for keyword in sorted(new.keys() - old.keys()):
        question = _build_question(pair.old_side, pair.old, pair.new_side, new[keyword], keyword)
        yield Difference(f"keyword {keyword} was added", pair.new, pair.new, question, None)


@rule("CONSTRAINT_REMOVED", "JSON")
def constraint_removed(pair: NodePair) -> Iterator[Difference]:
    """A schema no longer has a keyword such as `not`, `if`, `contains` or `dependentRequired`.

    This may break forward, because old readers reject new documents that violate the keyword.

    What to do: keep satisfying the constraint in new documents until no old readers remain.
    """
    old, new = _find_keywords(pair.old_side, pair.old_resolved), _find_keywords(pair.new_side, pair.new_resolved)
    for keyword in sorted(old.keys() - new.keys()):
        question = _build_question(pair.new_side, pair.new, pair.old_side, old[keyword], keyword)
        yield Difference(f"keyword {keyword} was removed", pair.new, pair.new, None, question)


@rule("CONSTRAINT_CHANGED", "JSON")
def constraint_changed(pair: NodePair) -> Iterator[Difference]:
    """The value of a keyword such as `not`, `if` or `contains` changed, or the value of a schema that it refers to.

    Documents that one side rejects may be valid on the other. wirelock tries such documents; if none shows a break, the
    result is unproved.

    What to do: keep the keyword, or add another property for the values that the new one allows.
    """
    old, new = _find_keywords(pair.old_side, pair.old_resolved), _find_keywords(pair.new_side, pair.new_resolved)
    for keyword in sorted(old.keys() & new.keys()):
        old_node, new_node = old[keyword], new[keyword]
        old_key = pair.old_side.keywords.get_comparison_key(old_node, keyword)
        new_key = pair.new_side.keywords.get_comparison_key(new_node, keyword)
        if old_key != new_key:
            backward = _build_question(pair.old_side, pair.old, pair.new_side, new_node, keyword)
            forward = _build_question(pair.new_side, pair.new, pair.old_side, old_node, keyword)
            yield Difference(f"keyword {keyword} changed", pair.new, pair.new, backward, forward)


def _find_keywords(side: PreparedSide, resolved: ResolvedNode) -> dict[str, Node]:
    """Return the keywords of a node with the node that declares each."""
    declared = {keyword: node for node in reversed(resolved.chain) for keyword in node.unmodelled_keywords}
    effective = {keyword: node for keyword, node in declared.items() if not side.keywords.is_trivial(node, keyword)}
    return {keyword: node for keyword, node in effective.items() if _DEPENDENT.get(keyword) not in effective}


def _build_question(
    writing_side: PreparedSide, writer: Node, reading_side: PreparedSide, declared: Node, keyword: str
) -> Question:
    """Return the question if every value of the writer satisfies a keyword of the reader."""
    reader = Node(AnyValue(), declared.location, unmodelled_keywords=(keyword,))
    constants = _add_matching_strings(reading_side.keywords.get_constants(declared, keyword))
    beyond_limits = generate_values_beyond(writing_side, writer, reading_side.keywords, declared, keyword)
    candidates = (*writing_side.samples.sample_variants(writer, constants), *constants, *beyond_limits)
    return Question(writer, reader, candidates, reference_only=True)


def _add_matching_strings(values: tuple[Json, ...]) -> tuple[Json, ...]:
    """Return the values with strings that match those of them that may be patterns."""
    strings = (build_matching_string(value) for value in values if isinstance(value, str))
    return (*values, *(string for string in strings if string is not None and string not in values))


RULES: tuple[JsonRule, ...] = (constraint_added, constraint_removed, constraint_changed)
