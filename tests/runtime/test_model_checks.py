"""Checks of models beyond pydantic: a class names its schema, and the validator of its package applies it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from checkout import load_project
from projects import build_project, get_contract
from pydantic import ValidationError

from wirelock.api.generate import generate
from wirelock.runtime.findings import VIOLATION
from wirelock.runtime.models.base import check_model

ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {"card": {"type": "string"}, "holder": {"type": "string"}, "lines": {"$ref": "#/$defs/lines"}},
    "dependentRequired": {"card": ["holder"]},
    "$defs": {"lines": {"type": "array", "items": {"type": "integer"}, "contains": {"minimum": 10}}},
}


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The model of an order with lines; both have a keyword that pydantic does not check."""
    return get_contract(build_project(tmp_path_factory.mktemp("order"), {"order/order": ORDER}), "order/order").model


def test_the_class_names_its_schema(order: Any) -> None:
    assert order.model_config["json_schema_extra"] == {"x-schema": "order/order.schema.json"}
    lines = order.model_fields["lines"].annotation
    assert "order/order.schema.json#/$defs/lines" in str(lines.__args__[0].model_fields["root"].json_schema_extra)


def test_a_violation_is_one_finding_with_its_pointer(order: Any) -> None:
    (finding,) = check_model(order, {"card": "c"})
    assert (finding.pointer, finding.code, finding.keyword) == ("/holder", VIOLATION, "dependentRequired")
    (inner,) = check_model(order, {"lines": [1, 2]})
    assert (inner.pointer, inner.keyword) == ("/lines", "contains")


def test_a_wrong_type_beside_a_violation_is_a_separate_finding(order: Any) -> None:
    findings = check_model(order, {"card": 1, "lines": [10]})
    assert [(finding.pointer, finding.keyword) for finding in findings] == [
        ("/card", "type"),
        ("/holder", "dependentRequired"),
    ]


def test_checks_apply_at_every_depth(tmp_path: Path) -> None:
    """A recursive class is checked at every level."""
    properties = {"card": {"type": "string"}, "next": {"$ref": "#"}}
    tree = {"type": "object", "properties": properties, "dependentRequired": {"card": ["holder"]}}
    model = get_contract(build_project(tmp_path, {"order/tree": tree}), "order/tree").model
    (finding,) = check_model(model, {"next": {"next": {"card": "c"}}})
    assert (finding.pointer, finding.keyword) == ("/next/next/holder", "dependentRequired")


def test_construction_in_python_is_checked(order: Any) -> None:
    assert order(card="c", holder="h").holder == "h"
    with pytest.raises(ValidationError):
        order(card="c")


SCRIPT = """
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


def test_a_package_on_disk_checks_without_wirelock(tmp_path: Path) -> None:
    build_project(tmp_path, {"order/order": ORDER})
    assert generate(load_project(tmp_path)).exit_code == 0
    code = SCRIPT.format(folder=str(tmp_path / "generated"))
    ran = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout == "property `holder` is missing but required by `card`\n", ran.stderr
