"""Rules about the keywords that no shape says: they are compared as text, and judged by the reference."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.compat.json.count_limits import beyond
from wirelock.compat.json.difference import Difference, JsonRule, Pair, Place, Question
from wirelock.compat.json.pattern_samples import text_for
from wirelock.compat.json.sides import Lens
from wirelock.compat.rule import rule
from wirelock.ir import Anything, Node
from wirelock.runtime.json.text import Json

_WITH = {"then": "if", "else": "if", "minContains": "contains", "maxContains": "contains"}
"""Keywords that mean nothing without another, and are told with it."""


@rule("CONSTRAINT_ADDED", "JSON")
def constraint_added(pair: Pair) -> Iterator[Difference]:
    """A schema has a rule beside its shape that it had not: `not`, `if`, `contains`, `dependentRequired` and the like.

    Backward it may break: old documents never kept the rule. What it refuses is tried, not computed: without a witness
    it is unproved.

    What to do: check the rule where the data is made, and leave it out of the schema until old documents are gone.
    """
    was, now = _stated(pair.before, pair.was), _stated(pair.after, pair.now)
    for keyword in sorted(now.keys() - was.keys()):
        question = _question(pair.before, pair.old, pair.after, now[keyword], keyword)
        yield Difference(f"{keyword} was added", pair.new, pair.new, question, None)


@rule("CONSTRAINT_REMOVED", "JSON")
def constraint_removed(pair: Pair) -> Iterator[Difference]:
    """A schema no longer has a rule beside its shape.

    Forward it may break: new documents need not keep the rule, and old readers refuse them.

    What to do: go on keeping the rule where documents are written until old readers are gone.
    """
    was, now = _stated(pair.before, pair.was), _stated(pair.after, pair.now)
    for keyword in sorted(was.keys() - now.keys()):
        question = _question(pair.after, pair.new, pair.before, was[keyword], keyword)
        yield Difference(f"{keyword} was removed", pair.new, pair.new, None, question)


@rule("CONSTRAINT_CHANGED", "JSON")
def constraint_changed(pair: Pair) -> Iterator[Difference]:
    """A rule beside the shape of a schema says something else, or what it refers to does.

    Documents that the one refuses may be valid by the other. It is tried, not computed: without a witness it is
    unproved.

    What to do: keep the rule, or add another property for what the new one allows.
    """
    old, new = _stated(pair.before, pair.was), _stated(pair.after, pair.now)
    for keyword in sorted(old.keys() & new.keys()):
        one, other = old[keyword], new[keyword]
        if pair.before.constraints.turned(one, keyword) != pair.after.constraints.turned(other, keyword):
            backward = _question(pair.before, pair.old, pair.after, other, keyword)
            forward = _question(pair.after, pair.new, pair.before, one, keyword)
            yield Difference(f"{keyword} has changed", pair.new, pair.new, backward, forward)


def _stated(lens: Lens, place: Place) -> dict[str, Node]:
    """The checks of a place by keyword, and the node that states each."""
    found = {keyword: node for node in reversed(place.layers) for keyword in node.checks}
    telling = {keyword: node for keyword, node in found.items() if not lens.constraints.says_nothing(node, keyword)}
    return {keyword: node for keyword, node in telling.items() if _WITH.get(keyword) not in telling}


def _question(writing: Lens, writer: Node, reading: Lens, stated: Node, keyword: str) -> Question:
    """Whether all that is written keeps a check of the reader's."""
    reader = Node(Anything(), stated.where, checks=(keyword,))
    named = _with_matches(reading.constraints.constants(stated, keyword))
    counted = beyond(writing, writer, reading.constraints, stated, keyword)
    tries = (*writing.samples.around(writer, named), *named, *counted)
    return Question(writer, reader, tries, judged=True)


def _with_matches(values: tuple[Json, ...]) -> tuple[Json, ...]:
    """The values that stand in a check, and texts that those of them match which may be patterns."""
    texts = (text_for(value) for value in values if isinstance(value, str))
    return (*values, *(text for text in texts if text is not None and text not in values))


RULES: tuple[JsonRule, ...] = (constraint_added, constraint_removed, constraint_changed)
