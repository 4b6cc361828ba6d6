"""A folder a rule: two states of some protos and what is said about them; `RECORD=1 pytest` writes changes.txt anew."""

from __future__ import annotations

import os

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from wire_corpus import COMPATIBLE, HERE, RULE_FOLDERS, compiled, pair

from wirelock.compat.wire.change import WireChange, WireRule
from wirelock.compat.wire.rules import RULES, wire_changes

BY_ID = {rule.id: rule for rule in RULES}


def listing(changes: tuple[WireChange, ...]) -> str:
    """One change a line, with what changed and what to do below it."""
    return "".join(
        f"{change.rule} ({', '.join(change.categories)}) {change.element} in {change.within or 'nothing that is left'}\n"
        f"    {change.message}\n    {change.hint}\n"
        for change in changes
    )


@pytest.mark.parametrize("name", RULE_FOLDERS)
def test_what_a_rule_finds(name: str) -> None:
    found = listing(wire_changes(*pair(name)))
    golden = HERE / name / "changes.txt"
    if os.environ.get("RECORD"):
        golden.write_text(found, "utf-8")
    assert found == golden.read_text("utf-8")


def test_every_rule_has_a_folder_that_shows_it_and_every_folder_is_a_rule() -> None:
    assert set(RULE_FOLDERS) == set(BY_ID)
    for name in RULE_FOLDERS:
        assert f"{name} (" in (HERE / name / "changes.txt").read_text("utf-8"), name


@pytest.mark.parametrize("name", COMPATIBLE)
def test_what_breaks_nobody_is_no_change(name: str) -> None:
    old, new = pair(name)
    assert wire_changes(old, new) == ()
    assert name == "compatible/nothing" or old != new


@pytest.mark.parametrize("name", RULE_FOLDERS)
def test_no_state_differs_from_itself(name: str) -> None:
    for state in pair(name):
        assert wire_changes(state, state) == ()


@pytest.mark.parametrize("name", RULE_FOLDERS)
def test_the_order_of_a_set_does_not_show(name: str) -> None:
    old, new = pair(name)
    turned = FileDescriptorSet(file=reversed(new.file))
    assert wire_changes(FileDescriptorSet(file=reversed(old.file)), turned) == wire_changes(old, new)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_explains_itself(rule: WireRule) -> None:
    words = rule.words
    title, *rest = words.split("\n\n")
    assert title.endswith(".") and "\n" not in title
    assert rest[-1].startswith("What to do: ")
    assert not any(line.startswith(" ") for line in words.splitlines())


def test_ids_are_unique() -> None:
    assert len(BY_ID) == len(RULES)


def test_everything_is_gone() -> None:
    old, _ = pair("FILE_NO_DELETE")
    found = wire_changes(old, FileDescriptorSet())
    assert [(change.rule, change.element, change.within) for change in found] == [
        ("FILE_NO_DELETE", "customer.proto", ""),
        ("FILE_NO_DELETE", "order.proto", ""),
        ("PACKAGE_NO_DELETE", "shop", ""),
    ]


def test_nothing_was_there_before() -> None:
    _, new = pair("FILE_NO_DELETE")
    assert wire_changes(FileDescriptorSet(), new) == ()


def test_the_options_that_we_import_where_one_is_needed_are_nobodys_own() -> None:
    """They come with the first streaming method and go with the last one."""
    orders = 'syntax = "proto3"; package shop; message Order {}\n'
    options = (
        '// file: wirelock/options.proto\nsyntax = "proto3"; package wirelock; message Stream { string kind = 1; }\n'
    )
    old, new = compiled(f"{options}// file: shop.proto\n{orders}"), compiled(f"// file: shop.proto\n{orders}")
    assert wire_changes(old, new) == ()
    assert wire_changes(new, old) == ()


def test_a_set_without_json_names_is_the_same() -> None:
    text = 'syntax = "proto3"; message Order { string user_id = 1; }'
    old, new = compiled(text), compiled(text)
    old.file[0].message_type[0].field[0].ClearField("json_name")
    assert wire_changes(old, new) == ()


def test_a_file_is_within_itself_whatever_its_messages_are_called() -> None:
    old, new = (compiled(f'syntax = "{syntax}"; message shop {{}}') for syntax in ("proto2", "proto3"))
    assert [(change.rule, change.within) for change in wire_changes(old, new)] == [("FILE_SAME_SYNTAX", "shop.proto")]


def test_protos_without_a_package() -> None:
    old, new = (compiled(f'syntax = "proto3"; message Order {{ {type} note = 1; }}') for type in ("string", "int64"))
    changes = wire_changes(old, new)
    assert {change.rule for change in changes if "WIRE" in change.categories} == {"FIELD_WIRE_COMPATIBLE_TYPE"}
    assert {(change.element, change.within) for change in changes} == {("Order.note", "Order")}


def test_http_clients_do_not_see_what_a_variable_of_a_path_is_called() -> None:
    text = """syntax = "proto3"; import "google/api/annotations.proto"; message Order { string id = 1; string key = 2; }
        service Shop { rpc Get(Order) returns (Order) { option (google.api.http) = { get: "%s" }; } }"""
    old = compiled(text % "/orders/{id}")
    assert wire_changes(old, compiled(text % "/orders/{key}")) == ()
    assert [one.rule for one in wire_changes(old, compiled(text % "/orders/{id=**}"))] == ["RPC_SAME_HTTP_RULE"]
    assert [one.rule for one in wire_changes(old, compiled(text % "/order/{id}"))] == ["RPC_SAME_HTTP_RULE"]


def test_variables_of_a_path_that_change_places_are_misread() -> None:
    text = """syntax = "proto3"; import "google/api/annotations.proto"; message Order { string id = 1; string sku = 2; }
        service Shop { rpc Get(Order) returns (Order) { option (google.api.http) = { get: "%s" }; } }"""
    old = compiled(text % "/order/{id}/{sku}")
    found = wire_changes(old, compiled(text % "/order/{sku}/{id}"))
    assert [one.rule for one in found] == ["RPC_SAME_HTTP_RULE"]
    assert "GET /order/{id}/{sku} but GET /order/{sku}/{id}" in found[0].message
