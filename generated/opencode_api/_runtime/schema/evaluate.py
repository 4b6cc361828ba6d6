"""Evaluation of a schema for a value, keyword by keyword, to find violations and undeclared properties.

Each schema is evaluated at most once for each value, however many references lead to it. Applicators are generators
that a loop drives, so that deep schemas and documents cause no recursion. Validity alone is decided by the engine
where it can run (`engine_schemas.engine_can_run`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ..json.text import Json
from .assertions import find_duplicates, matches_pattern, violates
from .branches import MultipleMatches, UnionAnalyzer
from .documents import Documents, SchemaResource, SubschemaRef
from .evaluation import EvaluationResult, InstanceNode

DynamicScope = tuple[SchemaResource, ...]
"""The schema resources that evaluation passed through, outermost first."""
EvaluationRequest = tuple[SubschemaRef, InstanceNode]
Steps = Generator[EvaluationRequest, EvaluationResult, None]
"""The evaluation of one keyword, which requests the outcomes of other schemas one at a time."""
Run = Generator[EvaluationRequest, EvaluationResult, EvaluationResult]


@dataclass(frozen=True, slots=True)
class EvaluationContext:
    """The schemas, the analysis of their unions, and the assertions that only annotate (usually `format`)."""

    documents: Documents
    unions: UnionAnalyzer
    annotations: frozenset[str]


@dataclass(frozen=True, slots=True)
class Frame:
    """The evaluation of one schema for one value."""

    context: EvaluationContext
    subschema: SubschemaRef
    node: InstanceNode
    scope: DynamicScope
    outcome: EvaluationResult

    @property
    def value(self) -> Json:
        return self.node.value

    def get_subschema(self, *names: str | int) -> SubschemaRef:
        """Return the subschema at a path below this schema."""
        return self.context.documents.get_subschema(self.subschema, *names)

    def evaluate_in_place(
        self, subschemas: Iterable[SubschemaRef]
    ) -> Generator[EvaluationRequest, EvaluationResult, list[EvaluationResult]]:
        """Return the outcomes of other schemas for the same value."""
        outcomes: list[EvaluationResult] = []
        for subschema in subschemas:
            outcomes.append((yield subschema, self.node))
        return outcomes


def evaluate(context: EvaluationContext, root: SubschemaRef, value: Json) -> EvaluationResult:
    """Return the outcome of a schema for a whole document."""
    frames = [_start_frame(context, root, InstanceNode(value), ())]
    runs = [_run_frame(frames[0])]
    outcome: EvaluationResult | None = None
    while runs:
        try:
            subschema, node = runs[-1].send(outcome) if outcome else next(runs[-1])
        except StopIteration as stop:
            outcome = stop.value
            runs.pop()
            frames.pop()
            continue
        scope = frames[-1].scope
        outcome = node.outcomes.get((subschema, scope))
        if outcome is None:
            frames.append(_start_frame(context, subschema, node, scope))
            runs.append(_run_frame(frames[-1]))
    assert outcome is not None
    return outcome


def _start_frame(context: EvaluationContext, subschema: SubschemaRef, node: InstanceNode, scope: DynamicScope) -> Frame:
    """Return a new frame and register its outcome, which a recursive reference then finds without violations."""
    outcome = node.outcomes[subschema, scope] = EvaluationResult(node, subschema)
    if context.documents.has_dynamic_anchors and subschema.resource not in scope:
        scope = (*scope, subschema.resource)
    return Frame(context, subschema, node, scope, outcome)


def _run_frame(frame: Frame) -> Run:
    if frame.subschema.schema is False:
        frame.outcome.add_violation("")
    keywords = frame.subschema.keywords
    _check_assertions(frame, keywords)
    for keyword, limit in keywords.items():
        if keyword in APPLICATORS:
            yield from APPLICATORS[keyword](frame, limit)
    for keyword in UNEVALUATED:
        if keyword in keywords:
            yield from UNEVALUATED[keyword](frame, keywords[keyword])
    return frame.outcome


def _check_assertions(frame: Frame, keywords: Mapping[str, Any]) -> None:
    """Evaluate the keywords that apply no other schema."""
    for keyword in keywords:
        if keyword not in frame.context.annotations and violates(keyword, keywords[keyword], frame.value):
            items = frame.value if keyword == "uniqueItems" and isinstance(frame.value, list) else None
            frame.outcome.add_violation(keyword, find_duplicates(items) if items else None)
    if isinstance(frame.value, dict):
        _check_required(frame, frame.value, keywords)


def _check_required(frame: Frame, members: Mapping[str, Json], keywords: Mapping[str, Any]) -> None:
    for name in keywords.get("required", ()):
        if name not in members:
            frame.outcome.add_violation("required", node=frame.node.get_child(name))
    for keyword in ("dependentRequired", "dependencies"):
        for name, dependencies in keywords.get(keyword, {}).items():
            if name in members and isinstance(dependencies, list):
                for other in cast("list[str]", dependencies):
                    if other not in members:
                        frame.outcome.add_violation(keyword, name, frame.node.get_child(other))


def _apply_ref(frame: Frame, reference: Any) -> Steps:
    target = frame.context.documents.resolve(frame.subschema, reference)
    frame.outcome.merge((yield from frame.evaluate_in_place([target])))


def _build_dynamic_ref(keyword: str) -> Callable[[Frame, Any], Steps]:
    def apply(frame: Frame, _: Any) -> Steps:
        target = frame.context.documents.resolve_dynamic(frame.subschema, keyword, frame.scope)
        frame.outcome.merge((yield from frame.evaluate_in_place([target])))

    return apply


def _apply_all_of(frame: Frame, _: Any) -> Steps:
    branches = frame.context.unions.get_branches(frame.subschema, "allOf")
    frame.outcome.merge((yield from frame.evaluate_in_place(branches)))


def _build_union(keyword: str) -> Callable[[Frame, Any], Steps]:
    def apply(frame: Frame, _: Any) -> Steps:
        candidates = frame.context.unions.select_candidates(frame.subschema, keyword, frame.node)
        if candidates.mismatch:
            frame.outcome.add_violation(keyword, candidates.mismatch, candidates.node)
        outcomes = yield from frame.evaluate_in_place(candidates.branches)
        matching = [outcome for outcome in outcomes if not outcome.violations]
        if matching:
            _merge_matching(frame, keyword, matching)
        elif candidates.mismatch:
            frame.outcome.merge_annotations(outcomes)
        else:
            _report_unmatched(frame, keyword, outcomes)

    return apply


def _merge_matching(frame: Frame, keyword: str, matching: list[EvaluationResult]) -> None:
    if keyword == "oneOf" and len(matching) > 1:
        branches = frame.context.unions.get_branches(frame.subschema, keyword)
        indices = tuple(index for index, ref in enumerate(branches) if any(ref is o.subschema for o in matching))
        frame.outcome.add_violation(keyword, MultipleMatches(indices, len(branches)))
    frame.outcome.merge_annotations(matching)
    free_form = [outcome for outcome in matching if frame.context.unions.is_free_form(outcome.subschema)]
    if free_form:  # a branch that accepts any object declares all properties
        frame.outcome.free_form = True
        frame.outcome.contributors = [
            outcome for outcome in frame.outcome.contributors if outcome in free_form or outcome not in matching
        ]


def _report_unmatched(frame: Frame, keyword: str, outcomes: list[EvaluationResult]) -> None:
    nearest = frame.context.unions.select_nearest(frame.subschema, keyword, outcomes)
    if isinstance(nearest, EvaluationResult):
        frame.outcome.merge([nearest])
    else:
        frame.outcome.add_violation(keyword, nearest)


def _apply_not(frame: Frame, _: Any) -> Steps:
    outcome = yield frame.get_subschema("not"), frame.node
    if not outcome.violations:
        frame.outcome.add_violation("not")


def _apply_if(frame: Frame, _: Any) -> Steps:
    condition = yield frame.get_subschema("if"), frame.node
    if not condition.violations:
        frame.outcome.merge_annotations([condition])
    branch = "else" if condition.violations else "then"
    if branch in frame.subschema.keywords:
        frame.outcome.merge((yield from frame.evaluate_in_place([frame.get_subschema(branch)])))


def _build_dependent_schemas(keyword: str) -> Callable[[Frame, Any], Steps]:
    def apply(frame: Frame, dependent: Any) -> Steps:
        names = [name for name, schema in dependent.items() if not isinstance(schema, list)]
        if isinstance(frame.value, dict):
            present = [frame.get_subschema(keyword, name) for name in names if name in frame.value]
            frame.outcome.merge((yield from frame.evaluate_in_place(present)))

    return apply


def _apply_properties(frame: Frame, declared: Any) -> Steps:
    if isinstance(frame.value, dict):
        for name in declared:
            if name in frame.value:
                yield from _evaluate_member(frame, frame.get_subschema("properties", name), name)


def _evaluate_member(frame: Frame, subschema: SubschemaRef, name: str) -> Steps:
    frame.outcome.evaluated_properties.add(name)
    frame.outcome.merge([(yield subschema, frame.node.get_child(name))])


def _apply_pattern_properties(frame: Frame, patterns: Any) -> Steps:
    if isinstance(frame.value, dict):
        for pattern in patterns:
            for name in frame.value:
                if matches_pattern(pattern, name):
                    yield from _evaluate_member(frame, frame.get_subschema("patternProperties", pattern), name)


def _apply_additional_properties(frame: Frame, _: Any) -> Steps:
    if isinstance(frame.value, dict):
        declared = frame.subschema.keywords.get("properties", {})
        patterns = frame.subschema.keywords.get("patternProperties", ())
        for name in frame.value:
            if name not in declared and not any(matches_pattern(pattern, name) for pattern in patterns):
                yield from _evaluate_member(frame, frame.get_subschema("additionalProperties"), name)


def _apply_unevaluated_properties(frame: Frame, _: Any) -> Steps:
    if isinstance(frame.value, dict):
        for name in frame.value:
            if name not in frame.outcome.evaluated_properties:
                yield from _evaluate_member(frame, frame.get_subschema("unevaluatedProperties"), name)


def _apply_property_names(frame: Frame, _: Any) -> Steps:
    if isinstance(frame.value, dict):
        for name in frame.value:
            frame.outcome.merge([(yield frame.get_subschema("propertyNames"), frame.node.build_name_node(name))])


def _apply_items(frame: Frame, items: Any) -> Steps:
    if isinstance(items, list):
        yield from _build_prefix_items("items")(frame, items)
    else:
        yield from _build_remaining_items("items", len(frame.subschema.keywords.get("prefixItems", ())))(frame, items)


def _build_prefix_items(keyword: str) -> Callable[[Frame, Any], Steps]:
    def apply(frame: Frame, schemas: Any) -> Steps:
        if isinstance(frame.value, list):
            for index in range(min(len(schemas), len(frame.value))):
                frame.outcome.merge([(yield frame.get_subschema(keyword, index), frame.node.get_child(index))])
            frame.outcome.evaluated_prefix = max(frame.outcome.evaluated_prefix, min(len(schemas), len(frame.value)))

    return apply


def _build_remaining_items(keyword: str, start: int) -> Callable[[Frame, Any], Steps]:
    def apply(frame: Frame, _: Any) -> Steps:
        if isinstance(frame.value, list):
            for index in range(start, len(frame.value)):
                frame.outcome.merge([(yield frame.get_subschema(keyword), frame.node.get_child(index))])
            frame.outcome.evaluated_prefix = len(frame.value)

    return apply


def _apply_additional_items(frame: Frame, schema: Any) -> Steps:
    items: Json = frame.subschema.keywords.get("items")
    if isinstance(items, list):
        yield from _build_remaining_items("additionalItems", len(items))(frame, schema)


def _apply_unevaluated_items(frame: Frame, _: Any) -> Steps:
    if isinstance(frame.value, list):
        for index in range(frame.outcome.evaluated_prefix, len(frame.value)):
            if index not in frame.outcome.evaluated_items:
                frame.outcome.merge([(yield frame.get_subschema("unevaluatedItems"), frame.node.get_child(index))])
        frame.outcome.evaluated_prefix = len(frame.value)


def _apply_contains(frame: Frame, _: Any) -> Steps:
    if not isinstance(frame.value, list):
        return
    matching: list[EvaluationResult] = []
    for index in range(len(frame.value)):
        outcome = yield frame.get_subschema("contains"), frame.node.get_child(index)
        if not outcome.violations:
            matching.append(outcome)
            frame.outcome.evaluated_items.add(index)
    frame.outcome.merge_annotations(matching)
    keywords = frame.subschema.keywords
    if len(matching) < keywords.get("minContains", 1):
        frame.outcome.add_violation("minContains" if "minContains" in keywords else "contains", len(matching))
    if len(matching) > keywords.get("maxContains", len(matching)):
        frame.outcome.add_violation("maxContains", len(matching))


APPLICATORS: Mapping[str, Callable[[Frame, Any], Steps]] = {
    "$ref": _apply_ref,
    "$dynamicRef": _build_dynamic_ref("$dynamicRef"),
    "$recursiveRef": _build_dynamic_ref("$recursiveRef"),
    "allOf": _apply_all_of,
    "anyOf": _build_union("anyOf"),
    "oneOf": _build_union("oneOf"),
    "not": _apply_not,
    "if": _apply_if,
    "dependentSchemas": _build_dependent_schemas("dependentSchemas"),
    "dependencies": _build_dependent_schemas("dependencies"),
    "properties": _apply_properties,
    "patternProperties": _apply_pattern_properties,
    "additionalProperties": _apply_additional_properties,
    "propertyNames": _apply_property_names,
    "prefixItems": _build_prefix_items("prefixItems"),
    "items": _apply_items,
    "additionalItems": _apply_additional_items,
    "contains": _apply_contains,
}
UNEVALUATED: Mapping[str, Callable[[Frame, Any], Steps]] = {
    "unevaluatedItems": _apply_unevaluated_items,
    "unevaluatedProperties": _apply_unevaluated_properties,
}
"""Keywords that apply last, because they depend on what the others evaluate."""
