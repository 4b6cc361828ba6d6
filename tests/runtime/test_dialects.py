"""Dialects in `$schema`: built-in ones, and those that a meta-schema of the project defines."""

from __future__ import annotations

from typing import Any

import pytest
from schema_findings import build_validator, find_findings

from wirelock.runtime.schema.validator import UnusableSchemaError

HOME = "https://json-schema.org/draft/2020-12"
META = "https://example.com/meta"
OTHER = "https://example.com/vocab/colors"


def build_meta_schema(**vocabularies: bool) -> dict[str, Any]:
    """Return a meta-schema of 2020-12 with some vocabularies; `other` is an unknown one."""
    uris = {OTHER if name == "other" else f"{HOME}/vocab/{name}": required for name, required in vocabularies.items()}
    return {"$schema": f"{HOME}/schema", "$id": META, "$vocabulary": uris}


SCHEMA = {"$schema": META, "properties": {"n": {"minimum": 10}}, "required": ["n"]}


def test_keywords_of_an_omitted_vocabulary_are_ignored() -> None:
    full = build_meta_schema(core=True, applicator=True, validation=True)
    assert [finding.keyword for finding in find_findings(SCHEMA, {"n": 1}, meta=full)] == ["minimum"]
    assert find_findings(SCHEMA, {"n": 1}, meta=build_meta_schema(core=True, applicator=True)) == ()
    assert find_findings(SCHEMA, {}, meta=build_meta_schema(core=True, validation=True))[0].keyword == "required"
    assert find_findings(SCHEMA, {"n": 1}, meta=build_meta_schema(core=True, validation=True)) == ()


def test_an_unknown_vocabulary_is_ignored_or_rejected() -> None:
    assert find_findings(
        SCHEMA, {"n": 1}, meta=build_meta_schema(core=True, applicator=True, validation=True, other=False)
    )
    with pytest.raises(UnusableSchemaError, match="unknown dialect"):
        build_validator(SCHEMA, meta=build_meta_schema(core=True, applicator=True, validation=True, other=True))


def test_an_unknown_meta_schema_is_rejected() -> None:
    with pytest.raises(UnusableSchemaError, match=f"unknown dialect `{META}`"):
        build_validator(SCHEMA)


def test_a_meta_schema_of_its_own_dialect_is_rejected() -> None:
    with pytest.raises(UnusableSchemaError, match="unknown dialect"):
        build_validator(SCHEMA, meta={"$schema": META, "$id": META})


def test_a_dynamic_reference_may_name_a_plain_anchor() -> None:
    schema: dict[str, Any] = {
        "$dynamicRef": "#word",
        "$ref": "#/$defs/any",
        "$defs": {"word": {"$anchor": "word", "type": "string"}},
    }
    schema["$defs"]["any"] = True
    assert find_findings(schema, "a") == ()
    assert [finding.keyword for finding in find_findings(schema, 1)] == ["type"]


def test_a_recursive_reference_resolves_to_the_outermost_recursive_anchor() -> None:
    draft = "https://json-schema.org/draft/2019-09/schema"
    tree: dict[str, Any] = {
        "$schema": draft,
        "$id": "https://example.com/tree",
        "$recursiveAnchor": True,
        "type": "object",
    }
    tree["additionalProperties"] = {"$recursiveRef": "#"}
    numbered: dict[str, Any] = {"$schema": draft, "$id": "https://example.com/numbered", "$recursiveAnchor": True}
    numbered["anyOf"] = [{"type": "integer"}, {"$ref": "tree"}]
    assert find_findings(numbered, {"a": {"b": 1}}, tree=tree) == ()
    assert find_findings(tree, {"a": {"b": 1}}) != ()
