"""What `$schema` may say: our dialects, and those that a document of the project defines from them."""

from __future__ import annotations

from typing import Any

import pytest
from small import found, validator

from wirelock.runtime.schema.validator import SchemaRefused

HOME = "https://json-schema.org/draft/2020-12"
META = "https://example.com/meta"
OTHER = "https://example.com/vocab/colours"


def meta(**vocabularies: bool) -> dict[str, Any]:
    """A meta-schema of 2020-12 with those vocabularies; `other` is one that nobody knows."""
    stated = {OTHER if name == "other" else f"{HOME}/vocab/{name}": needed for name, needed in vocabularies.items()}
    return {"$schema": f"{HOME}/schema", "$id": META, "$vocabulary": stated}


SCHEMA = {"$schema": META, "properties": {"n": {"minimum": 10}}, "required": ["n"]}


def test_a_vocabulary_that_is_left_out_says_nothing() -> None:
    whole = meta(core=True, applicator=True, validation=True)
    assert [finding.keyword for finding in found(SCHEMA, {"n": 1}, meta=whole)] == ["minimum"]
    assert found(SCHEMA, {"n": 1}, meta=meta(core=True, applicator=True)) == ()
    assert found(SCHEMA, {}, meta=meta(core=True, validation=True))[0].keyword == "required"
    assert found(SCHEMA, {"n": 1}, meta=meta(core=True, validation=True)) == ()


def test_a_vocabulary_of_others_is_passed_over_or_refused() -> None:
    assert found(SCHEMA, {"n": 1}, meta=meta(core=True, applicator=True, validation=True, other=False))
    with pytest.raises(SchemaRefused, match="unknown dialect"):
        validator(SCHEMA, meta=meta(core=True, applicator=True, validation=True, other=True))


def test_a_meta_schema_that_nobody_has_is_refused() -> None:
    with pytest.raises(SchemaRefused, match=f"unknown dialect `{META}`"):
        validator(SCHEMA)


def test_a_meta_schema_of_its_own_dialect_is_refused() -> None:
    with pytest.raises(SchemaRefused, match="unknown dialect"):
        validator(SCHEMA, meta={"$schema": META, "$id": META})


def test_a_dynamic_reference_may_name_a_plain_anchor() -> None:
    schema = {"$dynamicRef": "#word", "$ref": "#/$defs/any", "$defs": {"word": {"$anchor": "word", "type": "string"}}}
    schema["$defs"]["any"] = True
    assert found(schema, "a") == ()
    assert [finding.keyword for finding in found(schema, 1)] == ["type"]


def test_a_recursive_reference_is_the_outermost_that_is_open_to_it() -> None:
    draft = "https://json-schema.org/draft/2019-09/schema"
    tree = {"$schema": draft, "$id": "https://example.com/tree", "$recursiveAnchor": True, "type": "object"}
    tree["additionalProperties"] = {"$recursiveRef": "#"}
    numbered = {"$schema": draft, "$id": "https://example.com/numbered", "$recursiveAnchor": True}
    numbered["anyOf"] = [{"type": "integer"}, {"$ref": "tree"}]
    assert found(numbered, {"a": {"b": 1}}, tree=tree) == ()
    assert found(tree, {"a": {"b": 1}}) != ()
