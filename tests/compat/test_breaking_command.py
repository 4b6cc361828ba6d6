"""`wirelock breaking`: exit codes, report formats, release advice, and `wirelock explain`."""

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
from shop import KEY, ORDER, SERVICE, TEXT, Shop, create_shop

from wirelock.cli import main
from wirelock.compat.registry import build_pages

SCHEMA: dict[str, Any] = json.loads(files("wirelock").joinpath("meta/report.schema.json").read_text("utf-8"))
TOTAL = {"total": {"type": "integer"}}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The project, version 1.4.0, as the working folder."""
    project = create_shop(tmp_path / "shop")
    project.configure('version = "1.4.0"\n')
    monkeypatch.chdir(project.root)
    return project


def change_schemas(shop: Shop) -> None:
    """Add a required property to the request, and remove a property from the response."""
    properties: dict[str, Any] = ORDER["properties"]  # type: ignore[assignment]
    shop.write_schema("newOrder", {**ORDER, "properties": {**properties, **TOTAL}, "required": ["id", "total"]})
    shop.drop_note()


def run_breaking(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code and its output."""
    code = main(["breaking", *arguments])
    return code, capsys.readouterr().out


def test_report_has_both_verdicts_and_the_witness(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    change_schemas(shop)
    code, text = run_breaking(capsys, "--against", "v1")
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
    code, text = run_breaking(capsys, "--against", "v1")
    assert code == 0
    assert text.splitlines()[-2:] == ["breaking         0 changes", "passed"]


def test_unusable_baseline(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ((), ("--against", "v2"), ("--against", "v2", "--format", "json")):
        code, text = run_breaking(capsys, *arguments)
        assert code == 2
        assert "changes" not in text


def test_missing_project(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, text = run_breaking(capsys, "--against", "v1")
    assert (code, "CONFIG_MISSING" in text) == (2, True)


@pytest.mark.parametrize("arguments", [("--against", "v1"), ("--against", "v1", "--advise"), ("--against", "v2")])
def test_json_report_is_valid(shop: Shop, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    change_schemas(shop)
    shop.configure(
        'version = "1.4.0"\n[breaking]\n'
        'accept = [{ rule = "FIELD_NO_DELETE", element = "shop.shop.Order.note", reason = "unused", until = "2" }]\n'
    )
    code, text = run_breaking(capsys, *arguments, "--format", "json")
    report = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert report["verdict"] == ("passed", "findings", "error")[code]
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
    (tmp_path / "old.binpb").write_bytes(shop.compile_descriptors())
    change_schemas(shop)
    _, text = run_breaking(capsys, "--against", str(tmp_path / "old.binpb"), "--format", "json", "--advise")
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(text))


def test_every_format_has_both_verdicts(shop: Shop, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    change_schemas(shop)
    names = ("github", "junit", "sarif", "markdown", "html")
    outputs = [part for name in names for part in ("--format", f"{name}={tmp_path / name}")]
    run_breaking(capsys, "--against", "v1", "--advise", *outputs)
    texts = {name: (tmp_path / name).read_text("utf-8") for name in names}
    for name, text in texts.items():
        content = "".join(ElementTree.fromstring(text).itertext()) if name == "junit" else text
        assert re.search("JSON backward.{0,200}broken", content, re.DOTALL), name
        assert "FIELD_NO_DELETE" in content, name
    assert "file=schemas/shop/newOrder.schema.json,line=" in texts["github"]
    assert "| change | wire | JSON backward | JSON forward |" in texts["markdown"]
    assert "| `shop.shop.Order.note` property `note` was removed | broken | holds | holds |" in texts["markdown"]
    assert "### Breaking\n\n- `shop.shop.NewOrder.total`: required property" in texts["markdown"]


# annotations


def _delete_service(shop: Shop) -> None:
    (shop.root / "schemas/shop/shop.service.json").unlink()


def _delete_schema(shop: Shop) -> None:
    shop.write_service({"service": "ShopService", "methods": {"GetOrder": SERVICE["methods"]["GetOrder"]}})  # type: ignore[index]
    (shop.root / "schemas/shop/receipt.schema.json").unlink()


def _move_package(shop: Shop) -> None:
    (shop.root / "schemas/shop").rename(shop.root / "schemas/store")
    (shop.root / "proto/shop.proto").unlink()


@pytest.mark.parametrize("change", [_delete_service, _delete_schema, _move_package])
def test_annotations_are_at_existing_lines(
    change: Callable[[Shop], None], shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    change(shop)
    shop.generate()
    code, text = run_breaking(capsys, "--against", "v1", "--format", "github")
    annotations = [line for line in text.splitlines() if line.startswith("::error")]
    assert code == 1
    assert annotations
    for line in annotations:
        annotation = re.match(r"::error file=([^,]+),line=(\d+),", line)
        assert annotation, line
        assert 0 < int(annotation[2]) <= len((shop.root / annotation[1]).read_text("utf-8").splitlines()), line


# advice


def get_advice(shop: Shop, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the advice since v1."""
    _, text = run_breaking(capsys, "--against", "v1", "--advise", "--format", "json")
    report = json.loads(text)
    jsonschema.validate(report, SCHEMA)
    advice: dict[str, Any] = report["advice"]
    return advice


def test_a_break_asks_for_a_major_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    change_schemas(shop)
    advice = get_advice(shop, capsys)
    assert (advice["release"], advice["since"], advice["next"]) == ("major", "1.4.0", "2.0.0")
    assert advice["reason"] == "2 breaking changes"
    assert advice["changelog"] == (
        "### Breaking\n\n"
        "- `shop.shop.NewOrder.total`: required property `total` was added\n"
        "- `shop.shop.Order.note`: property `note` was removed\n"
    )


def test_suppressed_break_asks_for_a_major_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.drop_note()
    shop.configure(
        '[breaking]\naccept = [{ rule = "FIELD_NO_DELETE", element = "shop.shop.Order.note", reason = "unused" }]\n'
    )
    advice = get_advice(shop, capsys)
    assert (advice["release"], advice["next"]) == ("major", "")
    assert "was removed (unused)" in advice["changelog"]


def test_an_addition_asks_for_a_minor_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    properties: dict[str, Any] = ORDER["properties"]  # type: ignore[assignment]
    shop.write_schema("order", {**ORDER, "properties": {**properties, **TOTAL}})
    methods: dict[str, Any] = SERVICE["methods"]  # type: ignore[assignment]
    call = {"request": "getOrder.schema.json", "response": "order.schema.json", "http": {"get": "/find/{id}"}}
    shop.write_service({**SERVICE, "methods": {**methods, "FindOrder": call}})
    shop.generate()
    advice = get_advice(shop, capsys)
    assert (advice["release"], advice["next"]) == ("minor", "1.5.0")
    assert advice["added"] == [
        {"kind": "field", "name": "shop.shop.Order.total"},
        {"kind": "method", "name": "shop.shop.ShopService.FindOrder"},
    ]
    assert advice["changelog"].startswith("### Added\n\n- field `shop.shop.Order.total`\n- method ")
    assert "### Changed" not in advice["changelog"]


def test_compatible_change_asks_for_a_minor_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write_schema("getOrder", {**KEY, "required": []})
    shop.generate()
    shop.configure('version = "0.4.1"\n[breaking]\nwire = "WIRE"\n')
    advice = get_advice(shop, capsys)
    assert (advice["release"], advice["next"]) == ("minor", "0.5.0")
    assert "### Changed" in advice["changelog"]


def test_configured_severity_does_not_change_the_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.drop_note()
    shop.configure(
        'version = "1.4.0"\n[breaking]\nseverities = { FIELD_NO_DELETE = "note", PROPERTY_REMOVED = "note" }\n'
    )
    advice = get_advice(shop, capsys)
    assert (advice["release"], advice["reason"]) == ("major", "1 breaking change")


def test_an_optional_property_is_never_a_major_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """Old documents of open objects may contain anything under the name; only a required property breaks."""
    properties: dict[str, Any] = ORDER["properties"]  # type: ignore[assignment]
    shop.configure('version = "1.4.0"\nunknown-fields = "keep"\n')
    shop.generate()
    shop.commit()
    shop.git("tag", "-f", "v1")
    for required, release in ((["id"], "minor"), (["id", "total"], "major")):
        shop.write_schema("newOrder", {**ORDER, "properties": {**properties, **TOTAL}, "required": required})
        shop.generate()
        assert get_advice(shop, capsys)["release"] == release


def test_deprecation_asks_for_a_minor_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write_schema("order", {**ORDER, "properties": {"id": TEXT, "note": {**TEXT, "deprecated": True}}})
    shop.generate()
    advice = get_advice(shop, capsys)
    assert (advice["release"], advice["reason"], advice["next"]) == ("minor", "1 deprecation", "1.5.0")
    assert advice["changelog"] == "### Deprecated\n\n- field `shop.shop.Order.note`\n"


def test_annotations_ask_for_a_patch_release(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write_schema("order", {**ORDER, "description": "An order."})
    shop.generate()
    advice = get_advice(shop, capsys)
    assert (advice["release"], advice["next"], advice["changelog"]) == ("patch", "1.4.1", "")


def test_break_before_1_0_raises_the_second_number(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    change_schemas(shop)
    shop.configure('version = "0.4.1"\n')
    assert get_advice(shop, capsys)["next"] == "0.5.0"


def test_schema_text_is_escaped_in_the_changelog(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write_schema("order", {**ORDER, "properties": {"id": TEXT, "note": TEXT, "@all\n### <b>`x`|": TEXT}})
    shop.generate()
    _, text = run_breaking(capsys, "--against", "v1", "--advise", "--format", "markdown")
    assert not re.search(r"^### <b>|<b>(?![^`]*`)", text, re.MULTILINE)
    assert not re.search(r"(?<![`\w])@all(?![^`]*`)", text)


# explain


@pytest.mark.parametrize("rule", sorted(build_pages()))
def test_explain_prints_the_page_of_every_rule(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", rule.lower()]) == 0
    assert capsys.readouterr().out == build_pages()[rule]


def test_rules_are_listed_and_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    groups = [group.splitlines() for group in capsys.readouterr().out.split("\n\n")]
    codes = {title: [line.split()[0] for line in lines] for title, *lines in groups}
    assert codes["breaking rules"] == sorted(build_pages())
    assert all(listed == sorted(listed) for listed in codes.values())
    assert main(["explain", "FIELD_NO_DELTE"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "did you mean FIELD_NO_DELETE?"
