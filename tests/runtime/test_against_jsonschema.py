"""The verdict on random values of random small schemas is that of python-jsonschema."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator
from small import DRAFT_07

from wirelock.runtime.json.text import dump
from wirelock.runtime.schema.validator import Schemas

PROPERTY = settings(derandomize=True, deadline=None, max_examples=250)
NAMES = st.sampled_from(["a", "b", "c"])
SMALL = st.integers(0, 2)
SCALARS = st.sampled_from([None, True, False, 0, 1, 1.0, 1.5, -1, "", "a", "ab"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=5
)
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
PATTERNS = st.sampled_from(["^a", "b$", "a|b", "^[^a]*$", "c"])


def keywords(inner: st.SearchStrategy[Any]) -> list[st.SearchStrategy[dict[str, Any]]]:
    """One strategy a keyword (or group of keywords); `inner` makes the schemas inside."""
    some = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(NAMES, inner, min_size=1, max_size=2)
    names = st.lists(NAMES, max_size=2, unique=True)
    return [
        st.fixed_dictionaries({"type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True)}),
        st.fixed_dictionaries({"enum": st.lists(VALUES, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"const": VALUES}),
        *(
            st.fixed_dictionaries({keyword: SMALL})
            for keyword in (
                *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
                *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
            )
        ),
        st.fixed_dictionaries({"multipleOf": st.sampled_from([1, 2, 0.5])}),
        st.fixed_dictionaries({"uniqueItems": st.booleans()}),
        st.fixed_dictionaries({"pattern": PATTERNS}),
        st.fixed_dictionaries({"required": names}),
        st.fixed_dictionaries({"properties": named}, optional={"required": names, "additionalProperties": inner}),
        st.fixed_dictionaries({"patternProperties": st.dictionaries(PATTERNS, inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"additionalProperties": inner}),
        st.fixed_dictionaries({"propertyNames": inner}),
        st.fixed_dictionaries({"items": inner}),
        st.fixed_dictionaries({"contains": inner}, optional={"minContains": SMALL, "maxContains": SMALL}),
        st.fixed_dictionaries({"allOf": some}),
        st.fixed_dictionaries({"anyOf": some}),
        st.fixed_dictionaries({"oneOf": some}),
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"if": inner}, optional={"then": inner, "else": inner}),
    ]


def later_keywords(inner: st.SearchStrategy[Any]) -> list[st.SearchStrategy[dict[str, Any]]]:
    """Those that draft-07 does not know."""
    return [
        st.fixed_dictionaries({"prefixItems": st.lists(inner, min_size=1, max_size=2)}, optional={"items": inner}),
        st.fixed_dictionaries({"dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True))}),
        st.fixed_dictionaries({"dependentSchemas": st.dictionaries(NAMES, inner, max_size=2)}),
        st.fixed_dictionaries({"unevaluatedProperties": inner}),
        st.fixed_dictionaries({"unevaluatedItems": inner}),
    ]


def earlier_keywords(inner: st.SearchStrategy[Any]) -> list[st.SearchStrategy[dict[str, Any]]]:
    """Those of draft-07 that are gone, or mean something else now."""
    dependency = inner | st.lists(NAMES, max_size=2, unique=True)
    return [
        st.fixed_dictionaries({"items": st.lists(inner, min_size=1, max_size=2)}, optional={"additionalItems": inner}),
        st.fixed_dictionaries({"dependencies": st.dictionaries(NAMES, dependency, max_size=2)}),
    ]


def schemas(definitions: str, more: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Schemas with a definition or two that they may refer to, and themselves, further in."""
    reference = st.sampled_from(["#", f"#/{definitions}/x", f"#/{definitions}/y"])
    leaf = st.booleans() | TYPES.map(lambda name: {"type": name}) | VALUES.map(lambda value: {"const": value})

    def extend(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        groups = st.lists(st.one_of(*keywords(inner), *more(inner)), min_size=1, max_size=3)
        return groups.map(lambda parts: {keyword: limit for part in parts for keyword, limit in part.items()})

    # what a reference leads to is one step further into the document, so that no reference leads to itself
    below = reference.map(lambda target: {"$ref": target})
    further = st.builds(lambda name, target: {"properties": {name: target}}, NAMES, below)
    inner = st.recursive(leaf | further, extend, max_leaves=5)
    whole = extend(inner | further)
    return st.builds(lambda root, x, y: {**root, definitions: {"x": x, "y": y}}, whole, inner, inner)


def agree(schema: dict[str, Any], value: Any, theirs: Any) -> None:
    """Ours, with every policy that does not refuse what the schema does not, and python-jsonschema's."""
    expected = theirs(schema).is_valid(value)
    for policy in ("keep", "warn"):
        ours = Schemas({"main": schema}, unknown_fields=policy, format_assertion=False).validator("main")
        findings = ours.findings(dump(value))
        assert ours.is_valid_instance(value) is expected
        assert all(finding.warning for finding in findings) is expected, findings
        assert all(finding.message and finding.schema for finding in findings if not finding.warning)


@PROPERTY
@given(schemas("$defs", later_keywords), VALUES)
def test_draft_2020_12(schema: dict[str, Any], value: Any) -> None:
    agree(schema, value, Draft202012Validator)


@PROPERTY
@given(schemas("definitions", earlier_keywords), VALUES)
def test_draft_07(schema: dict[str, Any], value: Any) -> None:
    agree({"$schema": DRAFT_07, **schema}, value, Draft7Validator)


@PROPERTY
@given(schemas("$defs", later_keywords), VALUES)
def test_the_engine_agrees_with_our_own_evaluation(schema: dict[str, Any], value: Any) -> None:
    """Findings come from our own evaluation; the engine's own words are a last resort that is never needed."""
    ours = Schemas({"main": schema}, unknown_fields="keep", format_assertion=False).validator("main")
    assert all(finding.keyword for finding in ours.instance_findings(value) if schema)
