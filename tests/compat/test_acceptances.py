"""`[tool.wirelock.breaking]`: what counts, how much, and what is accepted until when; and every way to write it wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest
from shop import ORDER, TEXT, Shop, codes, made

from wirelock.config import Config, read_config
from wirelock.config.breaking import release
from wirelock.diagnostics import Report, Severity

ELEMENT = "shop.shop.Order.note"
PLACE = "schemas/shop/order.schema.json#/properties/note"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The project, changed since v1."""
    project = made(tmp_path / "shop")
    project.drop_note()
    return project


def stated(shop: Shop, text: str, version: str = "1.4.0") -> Report:
    """A comparison with these keys of the table."""
    shop.configure(f'version = "{version}"\n[breaking]\nagainst = "v1"\n{text}')
    return shop.breaking()


def accept(
    rule: str = "FIELD_NO_DELETE", element: str = ELEMENT, until: str = "", reason: str = "nobody read it"
) -> str:
    """One line that accepts a break."""
    end = f', until = "{until}"' if until else ""
    return f'accept = [\n  {{ rule = "{rule}", element = "{element}", reason = "{reason}"{end} }},\n]\n'


# what is accepted


def test_an_accepted_break_is_shown_with_its_reason_and_does_not_fail(shop: Shop) -> None:
    report = stated(shop, accept())
    assert report.exit_code == 0
    assert [d.expected for d in report.diagnostics if d.level is Severity.ERROR] == ["nobody read it"]
    assert report.summary["breaking"]["accepted"] == 1


def test_it_is_accepted_until_a_version(shop: Shop) -> None:
    assert stated(shop, accept(until="2.0.0"), "1.9.9").exit_code == 0
    over = stated(shop, accept(until="2.0.0"), "2.0.0")
    assert "SUPPRESSION_EXPIRED" in codes(over)
    assert len(codes(over)) == 2
    (expired,) = (d for d in over.diagnostics if d.code.id == "SUPPRESSION_EXPIRED")
    assert (expired.where.file, expired.where.line) == ("wirelock.toml", 7)
    assert "was accepted until 2.0.0; this is 2.0.0" in expired.message


@pytest.mark.parametrize(
    ("version", "is_over"), [("1.10", False), ("2", True), ("2.0.0rc1", True), ("10.0", True), ("v2.1", True)]
)
def test_versions_are_numbers_and_not_texts(shop: Shop, version: str, is_over: bool) -> None:
    assert ("SUPPRESSION_EXPIRED" in codes(stated(shop, accept(until="2.0"), version))) is is_over


@pytest.mark.parametrize(
    "line", [accept(element="shop.shop.Order.gone"), accept(rule="RPC_NO_DELETE")], ids=["element", "rule"]
)
def test_an_unused_one_is_a_warning_and_accepts_nothing(shop: Shop, line: str) -> None:
    report = stated(shop, line)
    assert codes(report) == ["PROPERTY_REMOVED"]
    (unused,) = (d for d in report.diagnostics if d.code.id == "SUPPRESSION_UNUSED")
    assert (unused.level, unused.where.file, unused.where.line) == (Severity.WARNING, "wirelock.toml", 7)


def test_main_passes_when_an_accepted_break_is_merged(shop: Shop) -> None:
    assert stated(shop, accept(until="2.0.0")).exit_code == 0
    shop.commit()
    shop.git("tag", "-f", "v1")
    merged = shop.breaking()
    assert (merged.exit_code, merged.summary["breaking"]["changes"]) == (0, 0)
    assert [d.code.id for d in merged.diagnostics] == ["SUPPRESSION_UNUSED"]


def test_the_acceptance_of_one_rule_is_none_of_another_at_the_same_element(shop: Shop) -> None:
    """A retype deletes a field, leaves its name to another one, and changes what JSON holds: a line each."""
    shop.schema("order", {**ORDER, "properties": {"id": TEXT, "note": {"type": "integer"}}})
    shop.generate()
    wire, json = accept(), accept(rule="TYPE_CHANGED", reason="all send numbers")
    assert codes(stated(shop, wire)) == codes(stated(shop, json)) == ["TYPE_CHANGED"]
    name = accept(rule="FIELD_NO_DELETE_UNLESS_NAME_RESERVED")
    lines = [line.partition("\n")[2].removesuffix("]\n") for line in (wire, json, name)]
    every = stated(shop, f"accept = [\n{''.join(lines)}]\n")
    assert every.exit_code == 0
    assert "SUPPRESSION_UNUSED" not in {d.code.id for d in every.diagnostics}
    assert {d.expected for d in every.diagnostics if d.expected} == {"nobody read it; all send numbers"}


def test_two_lines_each_at_its_own(shop: Shop) -> None:
    two = accept(element="a").replace("]\n", accept(element="b").partition("\n")[2])
    lines = [d.where.line for d in stated(shop, two).diagnostics if d.code.id == "SUPPRESSION_UNUSED"]
    assert lines == [7, 8]


def test_tables_are_lines_as_well(shop: Shop) -> None:
    text = f'[[breaking.accept]]\nrule = "FIELD_NO_DELETE"\nelement = "{ELEMENT}"\nreason = "nobody read it"\n'
    assert stated(shop, text).exit_code == 0


# what counts


@pytest.mark.parametrize(
    ("category", "fails"), [("FILE", True), ("PACKAGE", True), ("WIRE_JSON", False), ("WIRE", False)]
)
def test_the_category_in_force_decides_about_the_wire(tmp_path: Path, category: str, fails: bool) -> None:
    """A method that goes breaks those who compile against it; the bytes of other calls are the same."""
    shop = made(tmp_path / "shop")
    shop.service({"service": "ShopService", "methods": {}})
    shop.generate()
    report = stated(shop, f'wire = "{category}"\n')
    assert ("RPC_NO_DELETE" in codes(report)) is fails


def test_a_severity_by_rule(shop: Shop) -> None:
    rules = ("FIELD_NO_DELETE", "PROPERTY_REMOVED")
    for word in ("warning", "note"):
        severities = ", ".join(f'{rule} = "{word}"' for rule in rules)
        report = stated(shop, f"severities = {{ {severities} }}\n")
        assert report.exit_code == 0
        assert [d.level for d in report.diagnostics if d.code.id in rules] == [Severity(word)]


def test_a_severity_makes_a_note_an_error(tmp_path: Path) -> None:
    shop = made(tmp_path / "shop")
    shop.schema("order", {**ORDER, "properties": {**ORDER["properties"], "total": TEXT}})
    shop.generate()
    assert stated(shop, "").exit_code == 0
    assert codes(stated(shop, '[breaking.severities]\nPROPERTY_ADDED = "error"\n')) == ["PROPERTY_ADDED"]


def test_without_anything_to_compare_with(shop: Shop) -> None:
    report = shop.breaking()
    assert (report.exit_code, [d.code.id for d in report.diagnostics]) == (2, ["BASELINE_NOT_SET"])


def test_the_version_is_that_of_the_package_beside_it(shop: Shop) -> None:
    (shop.root / "wirelock.toml").rename(shop.root / "aside")
    text = '[project]\nversion = "3.1"\n[tool.wirelock]\npackage = "shop_api"\nproto-package = "shop"\n'
    (shop.root / "pyproject.toml").write_text(
        f'{text}[tool.wirelock.breaking]\nagainst = "v1"\n{accept(until="3.0")}', "utf-8"
    )
    assert "SUPPRESSION_UNUSED" not in codes(shop.breaking(str(made(shop.root.parent / "other").root)))
    assert "SUPPRESSION_EXPIRED" in codes(shop.breaking(str(shop.root.parent / "other")))


# what is written wrongly

WRONG = [
    (
        "[breaking]\nagainst = 1\n",
        "CONFIG_VALUE_INVALID",
        4,
        "it must be a git ref, a folder, an archive or a descriptor set",
    ),
    (
        '[breaking]\nagainst = ""\n',
        "CONFIG_VALUE_INVALID",
        4,
        "it must be a git ref, a folder, an archive or a descriptor set",
    ),
    ('[breaking]\nagaints = "v1"\n', "CONFIG_KEY_UNKNOWN", 4, "did you mean against?"),
    ('[breaking]\nwire = "WIRES"\n', "CONFIG_VALUE_INVALID", 4, "it must be one of FILE, PACKAGE, WIRE_JSON, WIRE"),
    ('[breaking]\nwire = ["WIRE"]\n', "CONFIG_VALUE_INVALID", 4, "it must be one of FILE, PACKAGE, WIRE_JSON, WIRE"),
    ('breaking = "v1"\n', "CONFIG_VALUE_INVALID", 3, "it must be a table"),
    ("version = 2\n", "CONFIG_VALUE_INVALID", 3, 'it must be the version of the project, such as "1.4.0"'),
    ('version = "next"\n', "CONFIG_VALUE_INVALID", 3, 'it must be the version of the project, such as "1.4.0"'),
    (
        "[breaking]\nseverities = 1\n",
        "CONFIG_VALUE_INVALID",
        4,
        "it must be a table of rules, each with error, warning or note",
    ),
    (
        '[breaking.severities]\nFIELD_NO_DELETE = "fatal"\n',
        "CONFIG_VALUE_INVALID",
        4,
        "it must be one of error, warning, note",
    ),
    (
        "[breaking.severities]\nFIELD_NO_DELETE = [1]\n",
        "CONFIG_VALUE_INVALID",
        4,
        "it must be one of error, warning, note",
    ),
    ("[breaking]\naccept = 1\n", "CONFIG_VALUE_INVALID", 4, "it must be tables with rule, element and reason"),
    ("[breaking]\naccept = [1]\n", "CONFIG_VALUE_INVALID", 4, "it must be tables with rule, element and reason"),
    (
        '[breaking]\naccept = [{ rule = "A", element = "b" }]\n',
        "CONFIG_VALUE_INVALID",
        4,
        "it must be tables with rule",
    ),
    (
        '[breaking]\naccept = [\n{ rule = "A", element = "b", reason = "" }]\n',
        "CONFIG_VALUE_INVALID",
        5,
        "it must be tables",
    ),
    (
        '[breaking]\naccept = [{ rule = "A", element = "b", reason = "c", untl = "2" }]\n',
        "CONFIG_KEY_UNKNOWN",
        4,
        "did you mean until?",
    ),
    (
        'version = "1"\n[breaking]\naccept = [{ rule = "A", element = "b", reason = "c", until = "soon" }]\n',
        "CONFIG_VALUE_INVALID",
        5,
        "it must be the first version that no longer has it",
    ),
    (
        '[breaking]\naccept = [{ rule = "A", element = "b", reason = "c", until = "2.0" }]\n',
        "CONFIG_VALUE_INVALID",
        4,
        "say which version this is",
    ),
]


@pytest.mark.parametrize(("text", "code", "line", "hint"), WRONG)
def test_what_is_written_wrongly_is_said_at_its_line(
    tmp_path: Path, text: str, code: str, line: int, hint: str
) -> None:
    Shop(tmp_path).configure(text)
    faults = read_config(tmp_path)
    assert not isinstance(faults, Config)
    (fault,) = faults
    assert (fault.code.id, fault.where.line) == (code, line)
    assert fault.hint.startswith(hint)


@pytest.mark.parametrize("text", [accept(rule="FIELD_NO_DELTE"), 'severities = { FIELD_NO_DELTE = "note" }\n'])
def test_a_rule_that_does_not_exist(shop: Shop, text: str) -> None:
    report = stated(shop, text)
    assert report.exit_code == 2
    (fault,) = report.diagnostics
    assert (fault.code.id, fault.hint) == ("RULE_UNKNOWN", 'did you mean "FIELD_NO_DELETE"?')
    assert fault.where.line == (7 if "accept" in text else 6)


def test_a_sound_table_is_read_as_it_stands(tmp_path: Path) -> None:
    Shop(tmp_path).configure(f'version = "1.2"\n[breaking]\nagainst = "v1"\nwire = "FILE"\n{accept(until="2")}')
    config = read_config(tmp_path)
    assert isinstance(config, Config)
    assert (config.breaking.against, config.breaking.wire, config.breaking.version) == ("v1", "FILE", "1.2")
    assert [(one.rule, one.until, one.where.line) for one in config.breaking.accept] == [("FIELD_NO_DELETE", "2", 8)]


def test_releases() -> None:
    assert release("1.2.0rc1") == release("v1.2") == (1, 2)
    assert release("0.0") == ()
    assert release("main") is None
