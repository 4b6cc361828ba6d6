"""`[tool.wirelock.breaking]`: categories, severities, suppressions, and invalid values."""

from __future__ import annotations

from pathlib import Path

import pytest
from shop import ORDER, TEXT, Shop, create_shop, get_failure_codes

from wirelock.config import Config, read_config
from wirelock.config.breaking import parse_release
from wirelock.diagnostics import Report, Severity

ELEMENT = "shop.shop.Order.note"
PLACE = "schemas/shop/order.schema.json#/properties/note"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The project, changed since v1."""
    project = create_shop(tmp_path / "shop")
    project.drop_note()
    return project


def compare_with_settings(shop: Shop, text: str, version: str = "1.4.0") -> Report:
    """Compare with v1 with these keys of the table."""
    shop.configure(f'version = "{version}"\n[breaking]\nagainst = "v1"\n{text}')
    return shop.compare()


def format_suppression(
    rule: str = "FIELD_NO_DELETE", element: str = ELEMENT, until: str = "", reason: str = "nobody read it"
) -> str:
    """Return an entry of `accept`."""
    end = f', until = "{until}"' if until else ""
    return f'accept = [\n  {{ rule = "{rule}", element = "{element}", reason = "{reason}"{end} }},\n]\n'


# suppressions


def test_suppressed_break_has_its_reason_and_does_not_fail(shop: Shop) -> None:
    report = compare_with_settings(shop, format_suppression())
    assert report.exit_code == 0
    assert [d.expected_reason for d in report.diagnostics if d.level is Severity.ERROR] == ["nobody read it"]
    assert report.summary["breaking"]["accepted"] == 1


def test_suppression_expires_at_a_version(shop: Shop) -> None:
    assert compare_with_settings(shop, format_suppression(until="2.0.0"), "1.9.9").exit_code == 0
    report = compare_with_settings(shop, format_suppression(until="2.0.0"), "2.0.0")
    assert "SUPPRESSION_EXPIRED" in get_failure_codes(report)
    assert len(get_failure_codes(report)) == 2
    (expired,) = (d for d in report.diagnostics if d.code.id == "SUPPRESSION_EXPIRED")
    assert (expired.location.file, expired.location.line) == ("wirelock.toml", 7)
    assert "was accepted until 2.0.0; the project version is 2.0.0" in expired.message


@pytest.mark.parametrize(
    ("version", "is_over"), [("1.10", False), ("2", True), ("2.0.0rc1", True), ("10.0", True), ("v2.1", True)]
)
def test_versions_are_compared_as_numbers(shop: Shop, version: str, is_over: bool) -> None:
    assert (
        "SUPPRESSION_EXPIRED"
        in get_failure_codes(compare_with_settings(shop, format_suppression(until="2.0"), version))
    ) is is_over


@pytest.mark.parametrize(
    "line",
    [format_suppression(element="shop.shop.Order.gone"), format_suppression(rule="RPC_NO_DELETE")],
    ids=["element", "rule"],
)
def test_unused_suppression_is_a_warning(shop: Shop, line: str) -> None:
    report = compare_with_settings(shop, line)
    assert get_failure_codes(report) == ["PROPERTY_REMOVED"]
    (unused,) = (d for d in report.diagnostics if d.code.id == "SUPPRESSION_UNUSED")
    assert (unused.level, unused.location.file, unused.location.line) == (Severity.WARNING, "wirelock.toml", 7)


def test_main_passes_after_a_suppressed_break_is_merged(shop: Shop) -> None:
    assert compare_with_settings(shop, format_suppression(until="2.0.0")).exit_code == 0
    shop.commit()
    shop.git("tag", "-f", "v1")
    merged = shop.compare()
    assert (merged.exit_code, merged.summary["breaking"]["changes"]) == (0, 0)
    assert [d.code.id for d in merged.diagnostics] == ["SUPPRESSION_UNUSED"]


def test_suppression_applies_to_one_rule_only(shop: Shop) -> None:
    """A changed type deletes a field, reuses its name, and changes the JSON: each rule requires an entry."""
    shop.write_schema("order", {**ORDER, "properties": {"id": TEXT, "note": {"type": "integer"}}})
    shop.generate()
    wire, json = format_suppression(), format_suppression(rule="TYPE_CHANGED", reason="all send numbers")
    assert (
        get_failure_codes(compare_with_settings(shop, wire))
        == get_failure_codes(compare_with_settings(shop, json))
        == ["TYPE_CHANGED"]
    )
    name = format_suppression(rule="FIELD_NO_DELETE_UNLESS_NAME_RESERVED")
    lines = [line.partition("\n")[2].removesuffix("]\n") for line in (wire, json, name)]
    report = compare_with_settings(shop, f"accept = [\n{''.join(lines)}]\n")
    assert report.exit_code == 0
    assert "SUPPRESSION_UNUSED" not in {d.code.id for d in report.diagnostics}
    assert {d.expected_reason for d in report.diagnostics if d.expected_reason} == {"nobody read it; all send numbers"}


def test_each_suppression_is_reported_at_its_line(shop: Shop) -> None:
    two = format_suppression(element="a").replace("]\n", format_suppression(element="b").partition("\n")[2])
    lines = [d.location.line for d in compare_with_settings(shop, two).diagnostics if d.code.id == "SUPPRESSION_UNUSED"]
    assert lines == [7, 8]


def test_suppressions_may_be_tables(shop: Shop) -> None:
    text = f'[[breaking.accept]]\nrule = "FIELD_NO_DELETE"\nelement = "{ELEMENT}"\nreason = "nobody read it"\n'
    assert compare_with_settings(shop, text).exit_code == 0


# categories and severities


@pytest.mark.parametrize(
    ("category", "fails"), [("FILE", True), ("PACKAGE", True), ("WIRE_JSON", False), ("WIRE", False)]
)
def test_category_decides_which_wire_rules_fail(tmp_path: Path, category: str, fails: bool) -> None:
    """A deleted method breaks generated code; the bytes of other calls are unchanged."""
    shop = create_shop(tmp_path / "shop")
    shop.write_service({"service": "ShopService", "methods": {}})
    shop.generate()
    report = compare_with_settings(shop, f'wire = "{category}"\n')
    assert ("RPC_NO_DELETE" in get_failure_codes(report)) is fails


def test_a_severity_by_rule(shop: Shop) -> None:
    rules = ("FIELD_NO_DELETE", "PROPERTY_REMOVED")
    for word in ("warning", "note"):
        severities = ", ".join(f'{rule} = "{word}"' for rule in rules)
        report = compare_with_settings(shop, f"severities = {{ {severities} }}\n")
        assert report.exit_code == 0
        assert [d.level for d in report.diagnostics if d.code.id in rules] == [Severity(word)]


def test_severity_raises_a_note_to_an_error(tmp_path: Path) -> None:
    shop = create_shop(tmp_path / "shop")
    shop.write_schema("order", {**ORDER, "properties": {**ORDER["properties"], "total": TEXT}})
    shop.generate()
    assert compare_with_settings(shop, "").exit_code == 0
    assert get_failure_codes(compare_with_settings(shop, '[breaking.severities]\nPROPERTY_ADDED = "error"\n')) == [
        "PROPERTY_ADDED"
    ]


def test_missing_baseline_is_an_error(shop: Shop) -> None:
    report = shop.compare()
    assert (report.exit_code, [d.code.id for d in report.diagnostics]) == (2, ["BASELINE_NOT_SET"])


def test_version_defaults_to_the_project_version(shop: Shop) -> None:
    (shop.root / "wirelock.toml").rename(shop.root / "aside")
    text = '[project]\nversion = "3.1"\n[tool.wirelock]\npackage = "shop_api"\nproto-package = "shop"\n'
    (shop.root / "pyproject.toml").write_text(
        f'{text}[tool.wirelock.breaking]\nagainst = "v1"\n{format_suppression(until="3.0")}', "utf-8"
    )
    assert "SUPPRESSION_UNUSED" not in get_failure_codes(
        shop.compare(str(create_shop(shop.root.parent / "other").root))
    )
    assert "SUPPRESSION_EXPIRED" in get_failure_codes(shop.compare(str(shop.root.parent / "other")))


# invalid settings

INVALID_SETTINGS = [
    (
        "[breaking]\nagainst = 1\n",
        "CONFIG_VALUE_INVALID",
        4,
        "use a git ref, a folder, an archive or a descriptor set",
    ),
    (
        '[breaking]\nagainst = ""\n',
        "CONFIG_VALUE_INVALID",
        4,
        "use a git ref, a folder, an archive or a descriptor set",
    ),
    ('[breaking]\nagaints = "v1"\n', "CONFIG_KEY_UNKNOWN", 4, "did you mean against?"),
    ('[breaking]\nwire = "WIRES"\n', "CONFIG_VALUE_INVALID", 4, "did you mean WIRE?"),
    ('[breaking]\nwire = ["WIRE"]\n', "CONFIG_VALUE_INVALID", 4, "use one of FILE, PACKAGE, WIRE_JSON, WIRE"),
    ('breaking = "v1"\n', "CONFIG_VALUE_INVALID", 3, "use a table"),
    ("version = 2\n", "CONFIG_VALUE_INVALID", 3, 'use the version of the project, such as "1.4.0"'),
    ('version = "next"\n', "CONFIG_VALUE_INVALID", 3, 'use the version of the project, such as "1.4.0"'),
    (
        "[breaking]\nseverities = 1\n",
        "CONFIG_VALUE_INVALID",
        4,
        "use a table of rules, each with error, warning or note",
    ),
    (
        '[breaking.severities]\nFIELD_NO_DELETE = "fatal"\n',
        "CONFIG_VALUE_INVALID",
        4,
        "use one of error, warning, note",
    ),
    (
        "[breaking.severities]\nFIELD_NO_DELETE = [1]\n",
        "CONFIG_VALUE_INVALID",
        4,
        "use one of error, warning, note",
    ),
    ("[breaking]\naccept = 1\n", "CONFIG_VALUE_INVALID", 4, "use tables with rule, element and reason"),
    ("[breaking]\naccept = [1]\n", "CONFIG_VALUE_INVALID", 4, "use tables with rule, element and reason"),
    (
        '[breaking]\naccept = [{ rule = "A", element = "b" }]\n',
        "CONFIG_VALUE_INVALID",
        4,
        "add reason: the reason",
    ),
    (
        '[breaking]\naccept = [\n{ rule = "A", element = "b", reason = "" }]\n',
        "CONFIG_VALUE_INVALID",
        5,
        "use a string that is not empty",
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
        "use the first version without the suppression",
    ),
    (
        '[breaking]\naccept = [{ rule = "A", element = "b", reason = "c", until = "2.0" }]\n',
        "CONFIG_VALUE_INVALID",
        4,
        'add version = "1.4.0" beside package',
    ),
]


@pytest.mark.parametrize(("text", "code", "line", "hint"), INVALID_SETTINGS)
def test_invalid_settings_are_reported_at_their_line(
    tmp_path: Path, text: str, code: str, line: int, hint: str
) -> None:
    Shop(tmp_path).configure(text)
    diagnostics = read_config(tmp_path)
    assert not isinstance(diagnostics, Config)
    (diagnostic,) = diagnostics
    assert (diagnostic.code.id, diagnostic.location.line) == (code, line)
    assert diagnostic.hint.startswith(hint)


@pytest.mark.parametrize(
    "text", [format_suppression(rule="FIELD_NO_DELTE"), 'severities = { FIELD_NO_DELTE = "note" }\n']
)
def test_unknown_rule_is_an_error(shop: Shop, text: str) -> None:
    report = compare_with_settings(shop, text)
    assert report.exit_code == 2
    (diagnostic,) = report.diagnostics
    assert (diagnostic.code.id, diagnostic.hint) == ("RULE_UNKNOWN", 'did you mean "FIELD_NO_DELETE"?')
    assert diagnostic.location.line == (7 if "accept" in text else 6)


def test_valid_settings_are_read(tmp_path: Path) -> None:
    Shop(tmp_path).configure(
        f'version = "1.2"\n[breaking]\nagainst = "v1"\nwire = "FILE"\n{format_suppression(until="2")}'
    )
    config = read_config(tmp_path)
    assert isinstance(config, Config)
    assert (config.breaking.against, config.breaking.wire, config.breaking.version) == ("v1", "FILE", "1.2")
    assert [(one.rule, one.until, one.location.line) for one in config.breaking.accept] == [("FIELD_NO_DELETE", "2", 8)]


def test_releases() -> None:
    assert parse_release("1.2.0rc1") == parse_release("v1.2") == (1, 2)
    assert parse_release("0.0") == ()
    assert parse_release("main") is None
