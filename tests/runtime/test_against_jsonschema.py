"""Random values of random schemas: the verdict is the one of python-jsonschema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator
from schema_findings import DRAFT_07

from wirelock.runtime.json.text import dump
from wirelock.runtime.schema.validator import Schemas

pytestmark = pytest.mark.long

PROPERTY = settings(derandomize=True, deadline=None, max_examples=250)
NAMES = st.sampled_from(["a", "b", "c"])
SMALL = st.integers(0, 2)
SCALARS = st.sampled_from([None, True, False, 0, 1, 1.0, 1.5, -1, "", "a", "ab"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=5
)
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
PATTERNS = st.sampled_from(["^a", "b$", "a|b", "^[^a]*$", "c"])


def build_keywords(inner: st.SearchStrategy[Any]) -> list[st.SearchStrategy[dict[str, Any]]]:
    """Return one strategy for each keyword or group of keywords; `inner` draws their subschemas."""
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


def build_later_keywords(inner: st.SearchStrategy[Any]) -> list[st.SearchStrategy[dict[str, Any]]]:
    """Return strategies for the keywords that draft-07 does not have."""
    return [
        st.fixed_dictionaries({"prefixItems": st.lists(inner, min_size=1, max_size=2)}, optional={"items": inner}),
        st.fixed_dictionaries({"dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True))}),
        st.fixed_dictionaries({"dependentSchemas": st.dictionaries(NAMES, inner, max_size=2)}),
        st.fixed_dictionaries({"unevaluatedProperties": inner}),
        st.fixed_dictionaries({"unevaluatedItems": inner}),
    ]


def build_draft_07_keywords(inner: st.SearchStrategy[Any]) -> list[st.SearchStrategy[dict[str, Any]]]:
    """Return strategies for the keywords of draft-07 that later drafts removed or changed."""
    dependency = inner | st.lists(NAMES, max_size=2, unique=True)
    return [
        st.fixed_dictionaries({"items": st.lists(inner, min_size=1, max_size=2)}, optional={"additionalItems": inner}),
        st.fixed_dictionaries({"dependencies": st.dictionaries(NAMES, dependency, max_size=2)}),
    ]


def make_property(name: str, schema: Any) -> dict[str, Any]:
    """Make a schema with one property."""
    return {"properties": {name: schema}}


def draw_schemas(definitions: str, more: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for schemas with two definitions; they may refer to these and to the root."""
    reference = st.sampled_from(["#", f"#/{definitions}/x", f"#/{definitions}/y"])
    leaf = st.booleans() | TYPES.map(lambda name: {"type": name}) | VALUES.map(lambda value: {"const": value})

    def extend(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        groups = st.lists(st.one_of(*build_keywords(inner), *more(inner)), min_size=1, max_size=3)
        return groups.map(lambda parts: {keyword: limit for part in parts for keyword, limit in part.items()})

    # A reference is below a property, so that no reference leads to itself for the same value.
    below = reference.map(lambda target: {"$ref": target})
    further = st.builds(make_property, NAMES, below)
    inner = st.recursive(leaf | further, extend, max_leaves=5)
    root_schemas = extend(inner | further)

    def add_definitions(root: dict[str, Any], x: Any, y: Any) -> dict[str, Any]:
        return {**root, definitions: {"x": x, "y": y}}

    return st.builds(add_definitions, root_schemas, inner, inner)


def check_agreement(schema: dict[str, Any], value: Any, theirs: Any) -> None:
    """Compare the verdict with python-jsonschema, for the policies that do not reject undeclared properties."""
    expected = theirs(schema).is_valid(value)
    for policy in ("keep", "warn"):
        validator = Schemas({"main": schema}, unknown_fields=policy, format_assertion=False).get_validator("main")
        findings = validator.check(dump(value))
        assert validator.is_valid_instance(value) is expected
        assert all(finding.warning for finding in findings) is expected, findings
        assert all(finding.message and finding.schema for finding in findings if not finding.warning)


@PROPERTY
@given(draw_schemas("$defs", build_later_keywords), VALUES)
def test_draft_2020_12(schema: dict[str, Any], value: Any) -> None:
    check_agreement(schema, value, Draft202012Validator)


@PROPERTY
@given(draw_schemas("definitions", build_draft_07_keywords), VALUES)
def test_draft_07(schema: dict[str, Any], value: Any) -> None:
    check_agreement({"$schema": DRAFT_07, **schema}, value, Draft7Validator)


@PROPERTY
@given(draw_schemas("$defs", build_later_keywords), VALUES)
def test_evaluation_finds_every_violation_of_the_engine(schema: dict[str, Any], value: Any) -> None:
    """Every finding has a keyword, so it comes from `evaluate` and not from the messages of the engine."""
    validator = Schemas({"main": schema}, unknown_fields="keep", format_assertion=False).get_validator("main")
    assert all(finding.keyword for finding in validator.check_instance(value) if schema)
