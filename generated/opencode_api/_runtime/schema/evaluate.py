"""One value held against one schema, keyword by keyword, to say what is wrong with it and what is declared of it.

Each schema meets each value once, however many references lead there, and nothing recurses: schemas and documents
may be as deep as they like. The verdict is the engine's where the engine is up to it (`prepare.tame`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ..json.text import Json
from .assertions import breaks, matches, repeated
from .branches import Branches, Several
from .documents import Documents, Resource, Site
from .evaluation import At, Outcome

Scope = tuple[Resource, ...]
Request = tuple[Site, At]
Steps = Generator[Request, Outcome, None]
"""What a keyword wants to know: the outcomes of other schemas, one at a time."""
Run = Generator[Request, Outcome, Outcome]


@dataclass(frozen=True, slots=True)
class Rules:
    """The schemas, what is known of their unions, and the keywords that only annotate (`format`, as a rule)."""

    documents: Documents
    branches: Branches
    annotations: frozenset[str]


@dataclass(frozen=True, slots=True)
class Frame:
    """One schema meeting one value; `scope` is the resources that evaluation came through, outermost first."""

    rules: Rules
    site: Site
    at: At
    scope: Scope
    outcome: Outcome

    @property
    def value(self) -> Json:
        return self.at.value

    def below(self, *names: str | int) -> Site:
        """A schema inside this one."""
        return self.rules.documents.below(self.site, *names)

    def here(self, sites: Iterable[Site]) -> Generator[Request, Outcome, list[Outcome]]:
        """The outcomes of other schemas for the same value."""
        outcomes: list[Outcome] = []
        for site in sites:
            outcomes.append((yield site, self.at))
        return outcomes


def evaluate(rules: Rules, site: Site, value: Json) -> Outcome:
    """The outcome for a whole document."""
    frames = [_frame(rules, site, At(value), ())]
    runs = [_run(frames[0])]
    answer: Outcome | None = None
    while runs:
        try:
            wanted, at = runs[-1].send(answer) if answer else next(runs[-1])
        except StopIteration as done:
            answer = done.value
            runs.pop()
            frames.pop()
            continue
        scope = frames[-1].scope
        answer = at.known.get((wanted, scope))
        if answer is None:
            frames.append(_frame(rules, wanted, at, scope))
            runs.append(_run(frames[-1]))
    assert answer is not None
    return answer


def _frame(rules: Rules, site: Site, at: At, scope: Scope) -> Frame:
    """Begin; while an outcome is being found, whoever comes back to it by a reference sees no faults in it."""
    outcome = at.known[site, scope] = Outcome(at, site)
    if rules.documents.dynamic and site.resource not in scope:
        scope = (*scope, site.resource)
    return Frame(rules, site, at, scope, outcome)


def _run(frame: Frame) -> Run:
    if frame.site.schema is False:
        frame.outcome.fail("")
    keywords = frame.site.keywords
    _assert(frame, keywords)
    for keyword, limit in keywords.items():
        if keyword in APPLICATORS:
            yield from APPLICATORS[keyword](frame, limit)
    for keyword in UNEVALUATED:
        if keyword in keywords:
            yield from UNEVALUATED[keyword](frame, keywords[keyword])
    return frame.outcome


def _assert(frame: Frame, keywords: Mapping[str, Any]) -> None:
    """Check what looks at this value alone; a value of the wrong type is nothing else besides."""
    for keyword in keywords:
        if keyword not in frame.rules.annotations and breaks(keyword, keywords[keyword], frame.value):
            items = frame.value if keyword == "uniqueItems" and isinstance(frame.value, list) else None
            frame.outcome.fail(keyword, repeated(items) if items else None)
    if isinstance(frame.value, dict):
        _assert_members(frame, frame.value, keywords)


def _assert_members(frame: Frame, members: Mapping[str, Json], keywords: Mapping[str, Any]) -> None:
    for name in keywords.get("required", ()):
        if name not in members:
            frame.outcome.fail("required", at=frame.at.below(name))
    for keyword in ("dependentRequired", "dependencies"):
        for name, needed in keywords.get(keyword, {}).items():
            if name in members and isinstance(needed, list):
                for other in cast("list[str]", needed):
                    if other not in members:
                        frame.outcome.fail(keyword, name, frame.at.below(other))


def _reference(frame: Frame, reference: Any) -> Steps:
    frame.outcome.take((yield from frame.here([frame.rules.documents.resolve(frame.site, reference)])))


def _dynamic(keyword: str) -> Callable[[Frame, Any], Steps]:
    def steps(frame: Frame, _: Any) -> Steps:
        target = frame.rules.documents.resolve_dynamic(frame.site, keyword, frame.scope)
        frame.outcome.take((yield from frame.here([target])))

    return steps


def _all_of(frame: Frame, _: Any) -> Steps:
    frame.outcome.take((yield from frame.here(frame.rules.branches.of(frame.site, "allOf"))))


def _union(keyword: str) -> Callable[[Frame, Any], Steps]:
    def steps(frame: Frame, _: Any) -> Steps:
        narrowed = frame.rules.branches.narrow(frame.site, keyword, frame.at)
        if narrowed.fault:
            frame.outcome.fail(keyword, narrowed.fault, narrowed.at)
        outcomes = yield from frame.here(narrowed.branches)
        matching = [outcome for outcome in outcomes if not outcome.faults]
        if matching:
            _matched(frame, keyword, matching)
        elif narrowed.fault:
            frame.outcome.agree(outcomes)
        else:
            _unmatched(frame, keyword, outcomes)

    return steps


def _matched(frame: Frame, keyword: str, matching: list[Outcome]) -> None:
    if keyword == "oneOf" and len(matching) > 1:
        branches = frame.rules.branches.of(frame.site, keyword)
        indices = tuple(index for index, site in enumerate(branches) if any(site is o.site for o in matching))
        frame.outcome.fail(keyword, Several(indices, len(branches)))
    frame.outcome.agree(matching)
    free = [outcome for outcome in matching if frame.rules.branches.is_free_form(outcome.site)]
    if free:  # a branch that takes any object declares whatever the others do not
        frame.outcome.free_form = True
        frame.outcome.parts = [part for part in frame.outcome.parts if part in free or part not in matching]


def _unmatched(frame: Frame, keyword: str, outcomes: list[Outcome]) -> None:
    nearest = frame.rules.branches.nearest(frame.site, keyword, outcomes)
    if isinstance(nearest, Outcome):
        frame.outcome.take([nearest])
    else:
        frame.outcome.fail(keyword, nearest)


def _not(frame: Frame, _: Any) -> Steps:
    outcome = yield frame.below("not"), frame.at
    if not outcome.faults:
        frame.outcome.fail("not")


def _if(frame: Frame, _: Any) -> Steps:
    condition = yield frame.below("if"), frame.at
    if not condition.faults:
        frame.outcome.agree([condition])
    branch = "else" if condition.faults else "then"
    if branch in frame.site.keywords:
        frame.outcome.take((yield from frame.here([frame.below(branch)])))


def _dependent(keyword: str) -> Callable[[Frame, Any], Steps]:
    def steps(frame: Frame, dependent: Any) -> Steps:
        names = [name for name, schema in dependent.items() if not isinstance(schema, list)]
        if isinstance(frame.value, dict):
            present = [frame.below(keyword, name) for name in names if name in frame.value]
            frame.outcome.take((yield from frame.here(present)))

    return steps


def _properties(frame: Frame, declared: Any) -> Steps:
    if isinstance(frame.value, dict):
        for name in declared:
            if name in frame.value:
                yield from _member(frame, frame.below("properties", name), name)


def _member(frame: Frame, site: Site, name: str) -> Steps:
    frame.outcome.names.add(name)
    frame.outcome.take([(yield site, frame.at.below(name))])


def _pattern_properties(frame: Frame, patterns: Any) -> Steps:
    if isinstance(frame.value, dict):
        for pattern in patterns:
            for name in frame.value:
                if matches(pattern, name):
                    yield from _member(frame, frame.below("patternProperties", pattern), name)


def _additional_properties(frame: Frame, _: Any) -> Steps:
    if isinstance(frame.value, dict):
        declared = frame.site.keywords.get("properties", {})
        patterns = frame.site.keywords.get("patternProperties", ())
        for name in frame.value:
            if name not in declared and not any(matches(pattern, name) for pattern in patterns):
                yield from _member(frame, frame.below("additionalProperties"), name)


def _unevaluated_properties(frame: Frame, _: Any) -> Steps:
    if isinstance(frame.value, dict):
        for name in frame.value:
            if name not in frame.outcome.names:
                yield from _member(frame, frame.below("unevaluatedProperties"), name)


def _property_names(frame: Frame, _: Any) -> Steps:
    if isinstance(frame.value, dict):
        for name in frame.value:
            frame.outcome.take([(yield frame.below("propertyNames"), frame.at.named(name))])


def _items(frame: Frame, items: Any) -> Steps:
    if isinstance(items, list):
        yield from _prefix("items")(frame, items)
    else:
        yield from _rest("items", len(frame.site.keywords.get("prefixItems", ())))(frame, items)


def _prefix(keyword: str) -> Callable[[Frame, Any], Steps]:
    def steps(frame: Frame, schemas: Any) -> Steps:
        if isinstance(frame.value, list):
            for index in range(min(len(schemas), len(frame.value))):
                frame.outcome.take([(yield frame.below(keyword, index), frame.at.below(index))])
            frame.outcome.upto = max(frame.outcome.upto, min(len(schemas), len(frame.value)))

    return steps


def _rest(keyword: str, start: int) -> Callable[[Frame, Any], Steps]:
    def steps(frame: Frame, _: Any) -> Steps:
        if isinstance(frame.value, list):
            for index in range(start, len(frame.value)):
                frame.outcome.take([(yield frame.below(keyword), frame.at.below(index))])
            frame.outcome.upto = len(frame.value)

    return steps


def _additional_items(frame: Frame, schema: Any) -> Steps:
    items: Json = frame.site.keywords.get("items")
    if isinstance(items, list):
        yield from _rest("additionalItems", len(items))(frame, schema)


def _unevaluated_items(frame: Frame, _: Any) -> Steps:
    if isinstance(frame.value, list):
        for index in range(frame.outcome.upto, len(frame.value)):
            if index not in frame.outcome.picked:
                frame.outcome.take([(yield frame.below("unevaluatedItems"), frame.at.below(index))])
        frame.outcome.upto = len(frame.value)


def _contains(frame: Frame, _: Any) -> Steps:
    if not isinstance(frame.value, list):
        return
    found: list[Outcome] = []
    for index in range(len(frame.value)):
        outcome = yield frame.below("contains"), frame.at.below(index)
        if not outcome.faults:
            found.append(outcome)
            frame.outcome.picked.add(index)
    frame.outcome.agree(found)
    keywords = frame.site.keywords
    if len(found) < keywords.get("minContains", 1):
        frame.outcome.fail("minContains" if "minContains" in keywords else "contains", len(found))
    if len(found) > keywords.get("maxContains", len(found)):
        frame.outcome.fail("maxContains", len(found))


APPLICATORS: Mapping[str, Callable[[Frame, Any], Steps]] = {
    "$ref": _reference,
    "$dynamicRef": _dynamic("$dynamicRef"),
    "$recursiveRef": _dynamic("$recursiveRef"),
    "allOf": _all_of,
    "anyOf": _union("anyOf"),
    "oneOf": _union("oneOf"),
    "not": _not,
    "if": _if,
    "dependentSchemas": _dependent("dependentSchemas"),
    "dependencies": _dependent("dependencies"),
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "propertyNames": _property_names,
    "prefixItems": _prefix("prefixItems"),
    "items": _items,
    "additionalItems": _additional_items,
    "contains": _contains,
}
UNEVALUATED: Mapping[str, Callable[[Frame, Any], Steps]] = {
    "unevaluatedItems": _unevaluated_items,
    "unevaluatedProperties": _unevaluated_properties,
}
"""Keywords that come last, since they are about what the others leave."""
