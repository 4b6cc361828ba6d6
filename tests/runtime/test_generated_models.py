"""Generated models: they accept what the schema accepts, and dump what they accepted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from instances import InstanceGenerator
from projects import build_project, get_contract, load_scenario, load_type
from pydantic import MISSING, ValidationError

from wirelock.runtime.findings import NOT_REPRESENTABLE, UNDECLARED_FIELD, VIOLATION, Finding
from wirelock.runtime.json.equality import are_equal
from wirelock.runtime.json.text import dump
from wirelock.runtime.models.base import check_model


def load_model(name: str) -> Any:
    """Return the model of a type in a scenario, `unions:order/payment`."""
    return load_type(name).model


ORDER: dict[str, Any] = {"id": "a", "count": 1, "paid": True}


def test_absent_and_null_differ() -> None:
    nullable = load_model("nullable-properties:order/order")
    absent = nullable.model_validate({"requiredNullable": None})
    assert absent.required_nullable is None
    assert absent.optional_nullable is MISSING
    assert absent.model_dump(mode="json") == {"requiredNullable": None}
    null = nullable.model_validate({"requiredNullable": None, "optionalNullable": None, "nullableList": None})
    assert null.optional_nullable is None
    assert null.model_dump(mode="json") == {"requiredNullable": None, "optionalNullable": None, "nullableList": None}
    empty = nullable(required_nullable="", nullable_list=[])
    assert json.loads(empty.model_dump_json()) == {"requiredNullable": "", "nullableList": []}


def test_null_is_not_the_same_as_absent() -> None:
    scalars = load_model("scalars-and-presence:order/order")
    with pytest.raises(ValidationError):
        scalars.model_validate({**ORDER, "note": None})
    with pytest.raises(ValidationError):
        load_model("nullable-properties:order/order").model_validate({})
    assert scalars.model_validate({**ORDER, "gone": None}).gone is None


COERCIONS: dict[str, list[Any]] = {
    "count": ["1", True, 1.5, None, [1]],
    "price": ["1", True, False, None, {}],
    "paid": [1, 0, "true", None],
    "note": [1, True, ["a"], None],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in COERCIONS for value in COERCIONS[name]])
def test_nothing_is_coerced(name: str, value: Any) -> None:
    (finding,) = check_model(load_model("scalars-and-presence:order/order"), {**ORDER, name: value})
    assert (finding.pointer, finding.code) == (f"/{name}", VIOLATION)


def test_an_integer_may_be_spelled_as_a_float() -> None:
    order = load_model("scalars-and-presence:order/order").model_validate({**ORDER, "count": 3.0, "price": 2})
    assert (order.count, type(order.count)) == (3, int)
    assert are_equal(order.model_dump(mode="json"), {**ORDER, "count": 3, "price": 2})


def test_a_number_outside_the_range_of_a_double_is_not_representable() -> None:
    scalars, unions = load_model("scalars-and-presence:order/order"), load_model("unions:order/order")
    message = "the number is outside the range of a double"
    assert check_model(scalars, {**ORDER, "price": 10**400}) == (Finding("/price", NOT_REPRESENTABLE, message),)
    assert check_model(unions, {"nan": -(10**400)}) == (Finding("/nan", NOT_REPRESENTABLE, message),)
    assert check_model(scalars, {**ORDER, "count": 10**400}) == ()


def test_json_uses_property_names_and_python_may_use_attributes() -> None:
    names = load_model("names-that-collide:order/order")
    document = {"fooBar": "1", "foo-bar": "2", "foo_bar": "3", "$schema": "4", "class": "5", "3d": "6", "list": ["7"]}
    order = names.model_validate(document)
    assert (order.foo_bar_3, order.foo_bar_2, order.foo_bar) == ("1", "2", "3")
    assert (order.schema_, order.class_, order.field_3_d, order.list_) == ("4", "5", "6", ["7"])
    assert order.model_dump(mode="json") == document
    by_attribute = names(foo_bar_3="1", foo_bar_2="2", foo_bar="3", schema_="4", class_="5", field_3_d="6", list_=["7"])
    assert by_attribute == order == names(**document)


def test_an_attribute_name_is_not_a_property_name() -> None:
    names = load_model("names-that-collide:order/order")
    (note,) = check_model(names, {"foo_bar_3": "x", "fooBar": "y"})
    assert (note.pointer, note.code, note.warning) == ("/foo_bar_3", UNDECLARED_FIELD, True)
    order = names.model_validate({"foo_bar_3": "x", "fooBar": "y"})
    assert order.model_dump(mode="json") == {"fooBar": "y", "foo_bar_3": "x"}
    nullable = load_model("nullable-properties:order/order")
    (missing,) = (f for f in check_model(nullable, {"required_nullable": None}) if not f.warning)
    assert missing.pointer == "/requiredNullable"


OPEN: Any = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}


@pytest.mark.parametrize("policy", ["error", "warn", "keep"])
def test_undeclared_properties_follow_the_policy(policy: str, tmp_path: Path) -> None:
    model = get_contract(build_project(tmp_path, {"order/order": OPEN}, policy), "order/order").model
    document = {"id": "a", "x/y": [None]}
    findings = check_model(model, document)
    if policy == "error":
        assert [(f.pointer, f.code, f.warning) for f in findings] == [("/x~1y", VIOLATION, False)]
        return
    assert [(f.pointer, f.code, f.warning) for f in findings] == [("/x~1y", UNDECLARED_FIELD, True)] * (
        policy == "warn"
    )
    assert model.model_validate(document).model_dump(mode="json") == document


def test_additional_properties_of_the_schema_do_not_depend_on_the_policy() -> None:
    (closed,) = check_model(load_model("undeclared-kept:order/closed"), {"id": "a", "b": 1})
    assert (closed.pointer, closed.keyword, closed.warning) == ("/b", "additionalProperties", False)
    (typed,) = check_model(load_model("undeclared-kept:order/typed"), {"id": "a", "b": "1"})
    assert (typed.pointer, typed.keyword) == ("/b", "type")
    kept = load_model("undeclared-kept:order/typed").model_validate({"id": "a", "b": 1})
    assert kept.model_dump(mode="json") == {"id": "a", "b": 1}


def test_a_tagged_union_is_the_model_of_its_branch() -> None:
    payment = load_model("unions:order/payment")
    card = payment.model_validate({"kind": "card", "number": "1"})
    assert type(card.root).__name__ == "PaymentCard"
    assert card.model_dump(mode="json") == {"kind": "card", "number": "1"}
    (unknown,) = check_model(payment, {"kind": "cheque"})
    assert (unknown.pointer, unknown.keyword) == ("/kind", "enum")
    (missing,) = check_model(payment, {"number": "1"})
    assert (missing.pointer, missing.message) == ("/kind", "required property `kind` is missing")


CHECKED: Any = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "pattern": "^\\d$"},
        "price": {"type": "number", "multipleOf": 0.01},
        "tags": {"type": "array", "items": {"type": "string", "minLength": 1}, "uniqueItems": True},
    },
}


@pytest.mark.parametrize(
    ("document", "pointer", "message"),
    [
        ({"code": "\u0661", "price": 0}, "/code", 'string "\u0661" violates pattern "^\\\\d$"'),
        ({"code": "1\n", "price": 0}, "/code", 'string "1\\n" violates pattern "^\\\\d$"'),
        ({"price": 0.015}, "/price", "number 0.015 violates multipleOf 0.01"),
        ({"tags": ["a", "a"]}, "/tags", "array of 2 items violates uniqueItems true"),
        ({"tags": ["a", ""]}, "/tags/1", 'string "" violates minLength 1'),
    ],
)
def test_keywords_beyond_pydantic_are_checked(
    document: Any, pointer: str, message: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    model = get_contract(
        build_project(tmp_path_factory.mktemp("checked"), {"order/order": CHECKED}), "order/order"
    ).model
    assert model.model_validate({"code": "1", "price": 19.99, "tags": ["a", "b"]}).price == 19.99
    (finding,) = check_model(model, document)
    assert (finding.pointer, finding.message) == (pointer, message)
    with pytest.raises(ValidationError):
        model(**document)


@pytest.mark.parametrize(
    "name",
    [
        *("scalars-and-presence:order/order", "nullable-properties:order/order", "lists-and-maps:order/order"),
        *("enums-and-constants:order/order", "unions:order/order", "undeclared-kept:order/order"),
        *("names-that-collide:order/order", "recursion:tree/node"),
    ],
)
def test_a_model_dumps_its_document(name: str) -> None:
    folder, _, type_name = name.partition(":")
    build, loaded = load_scenario(folder)
    contract = get_contract(loaded, type_name)
    documents = {file: document.value for file, document in build.documents.items()}

    @settings(derandomize=True, deadline=None, max_examples=60)
    @given(InstanceGenerator(documents).draw_from(f"{type_name}.schema.json"))
    def dumps(value: Any) -> None:
        text = dump(value)
        if not contract.check_codec(text) and not contract.check_model(text):  # documents without loss
            dumped = contract.model.model_validate(value).model_dump(mode="json")
            assert are_equal(dumped, value)
            assert are_equal(json.loads(contract.model.model_validate(value).model_dump_json()), value)

    dumps()
