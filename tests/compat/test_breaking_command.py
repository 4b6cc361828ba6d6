"""`wirelock breaking` as people meet it: exit codes, every format, the advice, and what explains a finding."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from shop import KEY, ORDER, SERVICE, TEXT, Shop, made

from wirelock.cli import main
from wirelock.compat.registry import pages

SCHEMA: dict[str, Any] = json.loads(files("wirelock").joinpath("meta/report.schema.json").read_text("utf-8"))
TOTAL = {"total": {"type": "integer"}}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The project, version 1.4.0, where the command is run."""
    project = made(tmp_path / "shop")
    project.configure('version = "1.4.0"\n')
    monkeypatch.chdir(project.root)
    return project


def changed(shop: Shop) -> None:
    """What is sent takes one more required property; what is answered loses one."""
    properties: dict[str, Any] = ORDER["properties"]  # type: ignore[assignment]
    shop.schema("newOrder", {**ORDER, "properties": {**properties, **TOTAL}, "required": ["id", "total"]})
    shop.drop_note()


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """A run of the command: its exit code, and what it printed."""
    code = main(["breaking", *arguments])
    return code, capsys.readouterr().out


def test_both_verdicts_stand_side_by_side_with_the_witness_below(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(shop)
    code, text = ran(capsys, "--against", "v1")
    assert code == 1
    assert (
        """
         element  shop.shop.NewOrder.total
         verdict  wire           JSON backward  JSON forward
                  holds          broken         holds
         witness  valid before, not now: {"id":""}
         use      requests: backward decides
"""
        in text
    )
    assert "release" not in text
    assert "2 changes: 1 breaking the wire, 1 breaking JSON backward" in text


def test_nothing_changed(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = ran(capsys, "--against", "v1")
    assert code == 0
    assert text.splitlines()[-2:] == ["breaking         0 changes", "clean: nothing found"]


def test_what_cannot_be_compared(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ((), ("--against", "v2"), ("--against", "v2", "--format", "json")):
        code, text = ran(capsys, *arguments)
        assert code == 2
        assert "changes" not in text


def test_a_project_that_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, text = ran(capsys, "--against", "v1")
    assert (code, "CONFIG_MISSING" in text) == (2, True)


@pytest.mark.parametrize("arguments", [("--against", "v1"), ("--against", "v1", "--advise"), ("--against", "v2")])
def test_the_json_report_is_what_its_schema_says(
    shop: Shop, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    changed(shop)
    shop.configure(
        'version = "1.4.0"\n[breaking]\n'
        'accept = [{ rule = "FIELD_NO_DELETE", element = "shop.shop.Order.note", reason = "unused", until = "2" }]\n'
    )
    code, text = ran(capsys, *arguments, "--format", "json")
    report = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert report["verdict"] == ("clean", "findings", "error")[code]
    assert ("advice" in report) is ("--advise" in arguments)
    if code == 1:
        assert report["summary"]["breaking"]["accepted"] == 1
        (added,) = (one for one in report["findings"] if one["code"] == "PROPERTY_ADDED")
        assert added["change"] == {
            "element": "shop.shop.NewOrder.total",
            "wire": [],
            "backward": "broken",
            "forward": "holds",
            "backward_witness": '{"id":""}',
            "forward_witness": "",
            "use": "requests",
        }


def test_a_descriptor_set_in_the_json_report(shop: Shop, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "old.binpb").write_bytes(shop.descriptors())
    changed(shop)
    _, text = ran(capsys, "--against", str(tmp_path / "old.binpb"), "--format", "json", "--advise")
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(text))


def test_every_format_has_both_verdicts(shop: Shop, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    changed(shop)
    names = ("github", "junit", "sarif", "markdown", "html")
    outputs = [part for name in names for part in ("--format", f"{name}={tmp_path / name}")]
    ran(capsys, "--against", "v1", "--advise", *outputs)
    texts = {name: (tmp_path / name).read_text("utf-8") for name in names}
    for name, text in texts.items():
        words = "".join(ElementTree.fromstring(text).itertext()) if name == "junit" else text
        assert re.search("JSON backward.{0,200}broken", words, re.DOTALL), name
        assert "FIELD_NO_DELETE" in words, name
    assert "file=schemas/shop/newOrder.schema.json,line=" in texts["github"]
    assert "| change | wire | JSON backward | JSON forward |" in texts["markdown"]
    assert "| `shop.shop.Order.note` property `note` was removed | broken | holds | holds |" in texts["markdown"]
    assert "### Breaking\n\n- `shop.shop.NewOrder.total`: required property" in texts["markdown"]


# annotations


def _gone_service(shop: Shop) -> None:
    (shop.root / "schemas/shop/shop.service.json").unlink()


def _gone_schema(shop: Shop) -> None:
    shop.service({"service": "ShopService", "methods": {"GetOrder": SERVICE["methods"]["GetOrder"]}})  # type: ignore[index]
    (shop.root / "schemas/shop/receipt.schema.json").unlink()


def _other_package(shop: Shop) -> None:
    (shop.root / "schemas/shop").rename(shop.root / "schemas/store")
    (shop.root / "proto/shop.proto").unlink()


@pytest.mark.parametrize("goes", [_gone_service, _gone_schema, _other_package])
def test_an_annotation_is_at_a_line_that_is_there(
    goes: Callable[[Shop], None], shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    goes(shop)
    shop.generate()
    code, text = ran(capsys, "--against", "v1", "--format", "github")
    annotations = [line for line in text.splitlines() if line.startswith("::error")]
    assert code == 1
    assert annotations
    for line in annotations:
        place = re.match(r"::error file=([^,]+),line=(\d+),", line)
        assert place, line
        assert 0 < int(place[2]) <= len((shop.root / place[1]).read_text("utf-8").splitlines()), line


# advice


def advised(shop: Shop, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The advice since v1."""
    _, text = ran(capsys, "--against", "v1", "--advise", "--format", "json")
    report = json.loads(text)
    jsonschema.validate(report, SCHEMA)
    advice: dict[str, Any] = report["advice"]
    return advice


def test_a_break_asks_for_a_major_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    changed(shop)
    advice = advised(shop, capsys)
    assert (advice["release"], advice["since"], advice["next"]) == ("major", "1.4.0", "2.0.0")
    assert advice["reason"] == "2 breaking changes"
    assert advice["changelog"] == (
        "### Breaking\n\n"
        "- `shop.shop.NewOrder.total`: required property `total` was added\n"
        "- `shop.shop.Order.note`: property `note` was removed\n"
    )


def test_a_break_that_is_accepted_is_one_all_the_same(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.drop_note()
    shop.configure(
        '[breaking]\naccept = [{ rule = "FIELD_NO_DELETE", element = "shop.shop.Order.note", reason = "unused" }]\n'
    )
    advice = advised(shop, capsys)
    assert (advice["release"], advice["next"]) == ("major", "")
    assert "was removed (unused)" in advice["changelog"]


def test_an_addition_asks_for_a_minor_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    properties: dict[str, Any] = ORDER["properties"]  # type: ignore[assignment]
    shop.schema("order", {**ORDER, "properties": {**properties, **TOTAL}})
    methods: dict[str, Any] = SERVICE["methods"]  # type: ignore[assignment]
    call = {"request": "getOrder.schema.json", "response": "order.schema.json", "http": {"get": "/find/{id}"}}
    shop.service({**SERVICE, "methods": {**methods, "FindOrder": call}})
    shop.generate()
    advice = advised(shop, capsys)
    assert (advice["release"], advice["next"]) == ("minor", "1.5.0")
    assert advice["added"] == [
        {"kind": "field", "name": "shop.shop.Order.total"},
        {"kind": "method", "name": "shop.shop.ShopService.FindOrder"},
    ]
    assert advice["changelog"].startswith("### Added\n\n- field `shop.shop.Order.total`\n- method ")
    assert "### Changed" not in advice["changelog"]


def test_what_only_holds_more_asks_for_a_minor_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.schema("getOrder", {**KEY, "required": []})
    shop.generate()
    shop.configure('version = "0.4.1"\n[breaking]\nwire = "WIRE"\n')
    advice = advised(shop, capsys)
    assert (advice["release"], advice["next"]) == ("minor", "0.5.0")
    assert "### Changed" in advice["changelog"]


def test_a_severity_of_ones_own_makes_no_break_a_minor_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.drop_note()
    shop.configure(
        'version = "1.4.0"\n[breaking]\nseverities = { FIELD_NO_DELETE = "note", PROPERTY_REMOVED = "note" }\n'
    )
    advice = advised(shop, capsys)
    assert (advice["release"], advice["reason"]) == ("major", "1 breaking change")


def test_an_optional_property_is_never_a_major_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """Objects that keep what is undeclared might have held anything under its name; a required one does break."""
    properties: dict[str, Any] = ORDER["properties"]  # type: ignore[assignment]
    shop.configure('version = "1.4.0"\nunknown-fields = "keep"\n')
    shop.generate()
    shop.commit()
    shop.git("tag", "-f", "v1")
    for required, release in ((["id"], "minor"), (["id", "total"], "major")):
        shop.schema("newOrder", {**ORDER, "properties": {**properties, **TOTAL}, "required": required})
        shop.generate()
        assert advised(shop, capsys)["release"] == release


def test_what_is_deprecated_asks_for_a_minor_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.schema("order", {**ORDER, "properties": {"id": TEXT, "note": {**TEXT, "deprecated": True}}})
    shop.generate()
    advice = advised(shop, capsys)
    assert (advice["release"], advice["reason"], advice["next"]) == ("minor", "1 deprecation", "1.5.0")
    assert advice["changelog"] == "### Deprecated\n\n- field `shop.shop.Order.note`\n"


def test_words_alone_ask_for_a_patch(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.schema("order", {**ORDER, "description": "An order."})
    shop.generate()
    advice = advised(shop, capsys)
    assert (advice["release"], advice["next"], advice["changelog"]) == ("patch", "1.4.1", "")


def test_before_1_0_a_break_is_a_new_second_number(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    changed(shop)
    shop.configure('version = "0.4.1"\n')
    assert advised(shop, capsys)["next"] == "0.5.0"


def test_what_schemas_say_means_nothing_in_the_changelog(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.schema("order", {**ORDER, "properties": {"id": TEXT, "note": TEXT, "@all\n### <b>`x`|": TEXT}})
    shop.generate()
    _, text = ran(capsys, "--against", "v1", "--advise", "--format", "markdown")
    assert not re.search(r"^### <b>|<b>(?![^`]*`)", text, re.MULTILINE)
    assert not re.search(r"(?<![`\w])@all(?![^`]*`)", text)


# explain


@pytest.mark.parametrize("rule", sorted(pages()))
def test_explain_prints_the_page_of_every_rule(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", rule.lower()]) == 0
    assert capsys.readouterr().out == pages()[rule]


def test_rules_are_listed_and_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert set(pages()) < set(listed)
    assert listed == sorted(listed)
    assert main(["explain", "FIELD_NO_DELTE"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "did you mean FIELD_NO_DELETE?"
