"""Rules that no type says: the class names its schema, and the package that it is part of holds the value against it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from checkout import configuration
from projects import contract, project
from pydantic import ValidationError

from wirelock.api.generate import generate
from wirelock.runtime.findings import VIOLATION
from wirelock.runtime.models.base import model_findings

ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {"card": {"type": "string"}, "holder": {"type": "string"}, "lines": {"$ref": "#/$defs/lines"}},
    "dependentRequired": {"card": ["holder"]},
    "$defs": {"lines": {"type": "array", "items": {"type": "integer"}, "contains": {"minimum": 10}}},
}


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The model of an order, and of its lines, each with a rule of its own."""
    return contract(project(tmp_path_factory.mktemp("order"), {"order/order": ORDER}), "order/order").model


def test_the_class_names_the_schema_that_it_is_held_against(order: Any) -> None:
    assert order.model_config["json_schema_extra"] == {"x-schema": "order/order.schema.json"}
    lines = order.model_fields["lines"].annotation
    assert "order/order.schema.json#/$defs/lines" in str(lines.__args__[0].model_fields["root"].json_schema_extra)


def test_a_broken_rule_is_one_finding_where_it_is_broken(order: Any) -> None:
    (only,) = model_findings(order, {"card": "c"})
    assert (only.pointer, only.code, only.keyword) == ("/holder", VIOLATION, "dependentRequired")
    (inner,) = model_findings(order, {"lines": [1, 2]})
    assert (inner.pointer, inner.keyword) == ("/lines", "contains")


def test_a_wrong_type_beside_it_is_a_finding_of_its_own(order: Any) -> None:
    found = model_findings(order, {"card": 1, "lines": [10]})
    assert [(finding.pointer, finding.keyword) for finding in found] == [
        ("/card", "type"),
        ("/holder", "dependentRequired"),
    ]


def test_the_rules_hold_at_every_depth(tmp_path: Path) -> None:
    """A class that holds itself is checked wherever it stands."""
    properties = {"card": {"type": "string"}, "next": {"$ref": "#"}}
    tree = {"type": "object", "properties": properties, "dependentRequired": {"card": ["holder"]}}
    model = contract(project(tmp_path, {"order/tree": tree}), "order/tree").model
    (only,) = model_findings(model, {"next": {"next": {"card": "c"}}})
    assert (only.pointer, only.keyword) == ("/next/next/holder", "dependentRequired")


def test_python_code_that_makes_one_is_checked_too(order: Any) -> None:
    assert order(card="c", holder="h").holder == "h"
    with pytest.raises(ValidationError):
        order(card="c")


APART = """
import sys
sys.path[:0] = [{folder!r}]
sys.modules["wirelock"] = None
from shop_api.models.order import Order
from pydantic import ValidationError
Order.model_validate({{"card": "c", "holder": "h"}})
try:
    Order.model_validate({{"card": "c"}})
except ValidationError as error:
    print(error.errors()[0]["msg"])
"""


def test_a_package_on_disk_does_it_by_itself(tmp_path: Path) -> None:
    project(tmp_path, {"order/order": ORDER})
    assert generate(configuration(tmp_path)).exit_code == 0
    code = APART.format(folder=str(tmp_path / "generated"))
    ran = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout == "property `holder` is missing, which `card` requires\n", ran.stderr
