"""One folder for each wire rule: two states of protos and the expected changes; `RECORD=1 pytest` rewrites them."""

from __future__ import annotations

import os

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from wire_corpus import COMPATIBLE, HERE, RULE_FOLDERS, compile_protos, load_pair

from wirelock.compat.wire.change import WireChange, WireRule
from wirelock.compat.wire.rules import RULES, find_wire_changes

BY_ID = {rule.id: rule for rule in RULES}


def format_changes(changes: tuple[WireChange, ...]) -> str:
    """Return one paragraph for each change: rule, element, message and hint."""
    return "".join(
        f"{change.rule} ({', '.join(change.categories)}) {change.element} in {change.enclosing or 'nothing that is left'}\n"
        f"    {change.message}\n    {change.hint}\n"
        for change in changes
    )


@pytest.mark.parametrize("name", RULE_FOLDERS)
def test_rule_matches_golden_file(name: str) -> None:
    text = format_changes(find_wire_changes(*load_pair(name)))
    golden = HERE / name / "changes.txt"
    if os.environ.get("RECORD"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


def test_each_rule_has_a_folder() -> None:
    assert set(RULE_FOLDERS) == set(BY_ID)
    for name in RULE_FOLDERS:
        assert f"{name} (" in (HERE / name / "changes.txt").read_text("utf-8"), name


@pytest.mark.parametrize("name", COMPATIBLE)
def test_compatible_pair_has_no_changes(name: str) -> None:
    old, new = load_pair(name)
    assert find_wire_changes(old, new) == ()
    assert name == "compatible/nothing" or old != new


@pytest.mark.parametrize("name", RULE_FOLDERS)
def test_no_state_differs_from_itself(name: str) -> None:
    for state in load_pair(name):
        assert find_wire_changes(state, state) == ()


@pytest.mark.parametrize("name", RULE_FOLDERS)
def test_order_of_files_does_not_matter(name: str) -> None:
    old, new = load_pair(name)
    reversed_new = FileDescriptorSet(file=reversed(new.file))
    assert find_wire_changes(FileDescriptorSet(file=reversed(old.file)), reversed_new) == find_wire_changes(old, new)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_has_an_explanation(rule: WireRule) -> None:
    description = rule.description
    title, *rest = description.split("\n\n")
    assert title.endswith(".") and "\n" not in title
    assert rest[-1].startswith("What to do: ")
    assert not any(line.startswith(" ") for line in description.splitlines())


def test_ids_are_unique() -> None:
    assert len(BY_ID) == len(RULES)


def test_all_files_are_deleted() -> None:
    old, _ = load_pair("FILE_NO_DELETE")
    changes = find_wire_changes(old, FileDescriptorSet())
    assert [(change.rule, change.element, change.enclosing) for change in changes] == [
        ("FILE_NO_DELETE", "customer.proto", ""),
        ("FILE_NO_DELETE", "order.proto", ""),
        ("PACKAGE_NO_DELETE", "shop", ""),
    ]


def test_empty_old_set_has_no_changes() -> None:
    _, new = load_pair("FILE_NO_DELETE")
    assert find_wire_changes(FileDescriptorSet(), new) == ()


def test_wirelock_options_are_not_compared() -> None:
    """The file appears with the first streaming method and disappears with the last."""
    orders = 'syntax = "proto3"; package shop; message Order {}\n'
    options = (
        '// file: wirelock/options.proto\nsyntax = "proto3"; package wirelock; message Stream { string kind = 1; }\n'
    )
    old, new = (
        compile_protos(f"{options}// file: shop.proto\n{orders}"),
        compile_protos(f"// file: shop.proto\n{orders}"),
    )
    assert find_wire_changes(old, new) == ()
    assert find_wire_changes(new, old) == ()


def test_missing_json_names_are_derived() -> None:
    text = 'syntax = "proto3"; message Order { string user_id = 1; }'
    old, new = compile_protos(text), compile_protos(text)
    old.file[0].message_type[0].field[0].ClearField("json_name")
    assert find_wire_changes(old, new) == ()


def test_file_encloses_itself() -> None:
    old, new = (compile_protos(f'syntax = "{syntax}"; message shop {{}}') for syntax in ("proto2", "proto3"))
    assert [(change.rule, change.enclosing) for change in find_wire_changes(old, new)] == [
        ("FILE_SAME_SYNTAX", "shop.proto")
    ]


def test_protos_without_a_package() -> None:
    old, new = (
        compile_protos(f'syntax = "proto3"; message Order {{ {type} note = 1; }}') for type in ("string", "int64")
    )
    changes = find_wire_changes(old, new)
    assert {change.rule for change in changes if "WIRE" in change.categories} == {"FIELD_WIRE_COMPATIBLE_TYPE"}
    assert {(change.element, change.enclosing) for change in changes} == {("Order.note", "Order")}


def test_names_of_path_variables_do_not_matter() -> None:
    text = """syntax = "proto3"; import "google/api/annotations.proto"; message Order { string id = 1; string key = 2; }
        service Shop { rpc Get(Order) returns (Order) { option (google.api.http) = { get: "%s" }; } }"""
    old = compile_protos(text % "/orders/{id}")
    assert find_wire_changes(old, compile_protos(text % "/orders/{key}")) == ()
    assert [change.rule for change in find_wire_changes(old, compile_protos(text % "/orders/{id=**}"))] == [
        "RPC_SAME_HTTP_RULE"
    ]
    assert [change.rule for change in find_wire_changes(old, compile_protos(text % "/order/{id}"))] == [
        "RPC_SAME_HTTP_RULE"
    ]


def test_swapped_path_variables_are_a_break() -> None:
    text = """syntax = "proto3"; import "google/api/annotations.proto"; message Order { string id = 1; string sku = 2; }
        service Shop { rpc Get(Order) returns (Order) { option (google.api.http) = { get: "%s" }; } }"""
    old = compile_protos(text % "/order/{id}/{sku}")
    changes = find_wire_changes(old, compile_protos(text % "/order/{sku}/{id}"))
    assert [change.rule for change in changes] == ["RPC_SAME_HTTP_RULE"]
    assert "from GET /order/{id}/{sku} to GET /order/{sku}/{id}" in changes[0].message
