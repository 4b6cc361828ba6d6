"""`wirelock.breaking(old, new)`: two schemas or two projects, and a witness for each False."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from shop import ORDER, TEXT, copy_shop, create_shop

import wirelock

CASES: list[tuple[Any, Any, bool, bool]] = [
    ({"type": "string"}, {"type": "string"}, True, True),
    ({"type": "string", "maxLength": 9}, {"type": "string", "maxLength": 5}, False, True),
    ({"type": "string"}, {"type": ["string", "null"]}, True, False),
    ({"type": "string"}, {"type": "integer"}, False, False),
    ({"type": "number"}, {"type": "integer"}, False, True),
    ({"enum": ["a", "b"]}, {"enum": ["a", "b", "c"]}, True, False),
    (
        {"type": "object", "properties": {"a": TEXT}},
        {"type": "object", "properties": {"a": TEXT}, "required": ["a"]},
        False,
        True,
    ),
    (
        {"type": "object", "properties": {"a": TEXT}, "additionalProperties": False},
        {"type": "object", "properties": {"a": TEXT, "b": TEXT}, "additionalProperties": False},
        True,
        False,
    ),
    ({"type": "array", "items": TEXT}, {"type": "array", "items": TEXT, "maxItems": 2}, False, True),
    ({"type": "null"}, {"oneOf": [{"type": "string"}, {"type": "null"}]}, True, False),
]


@pytest.mark.parametrize(("old", "new", "backward", "forward"), CASES)
def test_two_schemas(old: Any, new: Any, backward: bool, forward: bool) -> None:
    report = wirelock.breaking(old, new)
    assert (report.backward, report.forward) == (backward, forward)
    for holds, witness, writer, reader in (
        (backward, report.backward_witness, old, new),
        (forward, report.forward_witness, new, old),
    ):
        assert bool(witness) is not holds
        if witness:
            document = json.loads(witness)
            jsonschema.validate(document, writer)
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(document, reader)


def test_unproved_is_false() -> None:
    """Both branches accept null, so `oneOf` rejects it; the prover finds neither a proof nor a witness."""
    report = wirelock.breaking({"type": "null"}, {"oneOf": [{}, {}]})
    assert (report.backward, report.forward) == (False, False)


def test_schemas_allow_undeclared_properties() -> None:
    """In plain JSON Schema, old documents may contain anything under a new name."""
    report = wirelock.breaking({"type": "object"}, {"type": "object", "properties": {"a": TEXT}})
    assert (report.backward, report.forward) == (False, True)
    assert [one.code.id for one in report.diagnostics] == ["PROPERTY_ADDED"]


def test_two_projects(tmp_path: Path) -> None:
    shop = create_shop(tmp_path / "shop")
    old = copy_shop(shop, tmp_path / "old")
    shop.write_schema("order", {**ORDER, "required": ["id", "note"]})
    report = wirelock.breaking(wirelock.load(old.root), wirelock.load(shop.root))
    assert (report.backward, report.forward) == (False, True)
    assert json.loads(report.backward_witness) == {"id": ""}
    assert report.forward_witness == ""


def test_invalid_schemas_and_projects(tmp_path: Path) -> None:
    with pytest.raises(wirelock.SchemaError):
        wirelock.breaking({"type": "strin"}, {"type": "string"})
    shop = create_shop(tmp_path / "shop")
    whole = wirelock.load(copy_shop(shop, tmp_path / "old").root)
    shop.write_schema("order", {"type": "strin"})
    with pytest.raises(wirelock.ProjectError):
        wirelock.breaking(whole, wirelock.load(shop.root))
    with pytest.raises(TypeError):
        wirelock.breaking(whole, {})
