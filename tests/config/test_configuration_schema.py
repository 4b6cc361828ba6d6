"""`meta/configuration.schema.json`: editors and wirelock validate configurations with it."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from checkout import ROOT

import wirelock
from wirelock.config import Config, UnknownFields, WireCategory, read_config
from wirelock.diagnostics import Diagnostic, Severity
from wirelock.lint import RULES
from wirelock.source.dialects import DIALECT_URIS

SCHEMA: dict[str, Any] = json.loads(files("wirelock").joinpath("meta/configuration.schema.json").read_text("utf-8"))
VALIDATOR: Any = jsonschema.Draft7Validator(SCHEMA)
PACKAGE = 'package = "my_api"\n'
EXPECTATION = '[[verify.expect]]\nrecording = "a"\ncode = "b"\npointer = ""\nreason = "c"\n'
SUPPRESSION = '[[breaking.accept]]\nrule = "A"\nelement = "b"\nreason = "c"\n'


def list_errors(text: str) -> list[str]:
    """List the errors that another JSON Schema library reports for a configuration."""
    return [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))]


def read_diagnostics(folder: Path, text: str) -> tuple[Diagnostic, ...]:
    """Read an invalid configuration and return its diagnostics."""
    (folder / "wirelock.toml").write_text(text, "utf-8")
    diagnostics = read_config(folder)
    assert isinstance(diagnostics, tuple)
    return diagnostics


def test_schema_describes_every_key() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    tables = [SCHEMA, *(part for part in SCHEMA["properties"].values() if "properties" in part)]
    tables += [part for part in SCHEMA["definitions"].values() if "properties" in part]
    assert len(tables) == 8
    for table in tables:
        assert table["additionalProperties"] is False
        assert all(part["description"] for part in table["properties"].values())


@pytest.mark.parametrize(
    ("table", "path"),
    [
        ("", ()),
        ("[verify]\n", ("properties", "verify")),
        ("[import]\n", ("properties", "import")),
        ("[record]\n", ("properties", "record")),
        ("[lint]\n", ("properties", "lint")),
        ("[breaking]\n", ("properties", "breaking")),
        (EXPECTATION, ("definitions", "expectation")),
        (SUPPRESSION, ("definitions", "suppression")),
    ],
)
def test_unknown_keys_are_reported_with_the_known_ones(tmp_path: Path, table: str, path: tuple[str, ...]) -> None:
    schema = SCHEMA
    for name in path:
        schema = schema[name]
    [diagnostic] = read_diagnostics(tmp_path, f'{PACKAGE}{table}"?" = 1\n')
    assert (diagnostic.code.id, diagnostic.message) == ("CONFIG_KEY_UNKNOWN", "unknown key '?'")
    assert diagnostic.hint == f"use one of {', '.join(schema['properties'])}"
    assert diagnostic.location.line == 2 + table.count("\n")


def test_schema_lists_the_values_that_the_code_has() -> None:
    definitions, properties = SCHEMA["definitions"], SCHEMA["properties"]
    assert [*definitions["dialect"]["enum"]] == [*DIALECT_URIS]
    assert {*definitions["lintSeverity"]["enum"]} == {*Severity, "off"}
    assert {*properties["lint"]["properties"]} == {code.id for code in RULES}
    assert {*properties["unknown-fields"]["enum"]} == {*get_args(UnknownFields)}
    assert {*properties["breaking"]["properties"]["wire"]["enum"]} == {*get_args(WireCategory)}
    assert {*properties["breaking"]["properties"]["severities"]["additionalProperties"]["enum"]} == {*Severity}


def test_schema_has_the_defaults_of_the_code(tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text(PACKAGE, "utf-8")
    config = read_config(tmp_path)
    assert isinstance(config, Config)
    defaults = {name: part["default"] for name, part in SCHEMA["properties"].items() if "default" in part}
    assert defaults == {name: getattr(config, name.replace("-", "_")) for name in defaults}
    assert SCHEMA["properties"]["breaking"]["properties"]["wire"]["default"] == config.breaking.wire


def test_own_configurations_are_valid(tmp_path: Path) -> None:
    own = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["wirelock"]
    assert [error.message for error in VALIDATOR.iter_errors(own)] == []
    assert wirelock.init(tmp_path / "my-api").exit_code == 0
    assert list_errors((tmp_path / "my-api/wirelock.toml").read_text("utf-8")) == []


CASES = {
    "": True,
    'pakage = "x"': False,
    'schemas = "api/schemas"': True,
    'schemas = "/etc"': False,
    'schemas = "../x"': False,
    'schemas = "a/../../x"': False,
    'schemas = "..."': True,
    'schemas = "."': False,
    'schemas = ""': False,
    "schemas = 'a\\b'": False,
    "proto = 1": False,
    'proto-package = "shop.v1"': True,
    'proto-package = "Shop"': False,
    'unknown-fields = "ignore"': False,
    'format-assertion = "yes"': False,
    'version = "1.4.0rc1"': True,
    'version = "next"': False,
    'dialect = "draft-04"': False,
    '[dialects]\n"schemas/old/**" = "openapi-3.0"': True,
    '[dialects]\n"schemas/old/**" = "swagger"': False,
    '[import]\noverlays = ["overlays/*.yaml"]': True,
    '[import]\noverlays = "overlays/*.yaml"': False,
    '[import]\noverlays = ["/etc/*"]': False,
    '[record]\nredact = ["$.user.email"]': True,
    '[record]\nredact = "$.user.email"': False,
    '[record]\nredact = ["user.email"]': False,
    "[record]\nkeep = []": False,
    '[verify]\nrecordings = ["a.har"]': True,
    '[verify]\nrecordings = "a.har"': False,
    "[verify]\nexpected = []": False,
    '[[verify.expect]]\nrecording = "a"\ncode = "b"\npointer = ""\nreason = "c"': True,
    '[[verify.expect]]\nrecording = "a"\ncode = "b"\npointer = ""': False,
    '[[verify.expect]]\nrecording = "a"\ncode = "b"\npointer = ""\nreason = "c"\nuntil = "1"': False,
    '[lint]\nLINT_UNUSED = "off"': True,
    '[lint]\nLINT_UNUSED = "on"': False,
    '[lint]\nLINT_NAMES = "off"': False,
    "lint = 1": False,
    '[breaking]\nagainst = "origin/main"\nwire = "WIRE"': True,
    '[breaking]\nagainst = ""': False,
    '[breaking]\nwire = "JSON"': False,
    '[breaking]\nseverities = { FIELD_SAME_NAME = "note" }': True,
    '[breaking]\nseverities = { FIELD_SAME_NAME = "off" }': False,
    '[breaking]\naccept = [{ rule = "A", element = "b", reason = "c" }]': True,
    'version = "1"\n[breaking]\naccept = [{ rule = "A", element = "b", reason = "c", until = "2.0" }]': True,
    '[breaking]\naccept = [{ rule = "A", element = "b", reason = "c", until = "later" }]': False,
    '[breaking]\naccept = [{ rule = "A", element = "b" }]': False,
    '[breaking]\naccept = [{ rule = "A", element = "b", reason = "" }]': False,
}


@pytest.mark.parametrize("text", CASES)
def test_editors_and_wirelock_accept_the_same(text: str, tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text(PACKAGE + text, "utf-8")
    assert (list_errors(PACKAGE + text) == []) is CASES[text]
    assert isinstance(read_config(tmp_path), Config) is CASES[text], read_config(tmp_path)


def test_package_is_required(tmp_path: Path) -> None:
    assert list_errors("") == ["'package' is a required property"]
    [diagnostic] = read_diagnostics(tmp_path, "")
    assert (diagnostic.code.id, diagnostic.message) == ("CONFIG_VALUE_INVALID", "the key package is missing")
    assert diagnostic.hint == "add package: the name of the Python package to generate"
    assert (diagnostic.location.line, diagnostic.location.column) == (1, 1)


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("package = 1", (1, 1), "invalid value for package: integer 1", "use a lower-case Python identifier"),
        ("package = 2026-12-01", (1, 1), "invalid value for package: date or time 2026-12-01", "use a lower-case"),
        (f"{PACKAGE}format-assertion = nan", (2, 1), "invalid value for format-assertion: number NaN", "use true or"),
        (f'{PACKAGE}unknown-fields = "err"', (2, 1), 'unknown-fields: string "err"', "did you mean error?"),
        (f"{PACKAGE}verify = []", (2, 1), "invalid value for verify: array of 0 items", "use a table"),
        (f"{PACKAGE}[verify]\nrecordings = 1", (3, 1), "verify.recordings: integer 1", "use an array of file"),
        (f'{PACKAGE}[verify]\nrecordings = ["a",\n 1]', (4, 2), "verify.recordings[1]: integer 1", "use a string"),
        (f'{PACKAGE}[[verify.expect]]\nrecording = ""\n', (2, 1), "the key verify.expect[0].code", "add code: "),
        (
            f'{PACKAGE}[breaking]\naccept = [\n{{ rule = "A", element = "b", reason = "" }}]',
            (4, 30),
            'breaking.accept[0].reason: string ""',
            "use a string that is not empty",
        ),
        (f'{PACKAGE}[record]\nredact = ["$[?"]', (3, 11), 'record.redact[0]: string "$[?"', "use a JSONPath"),
        ('package = "json"', (1, 1), 'invalid value for package: string "json"', "choose another name"),
        (f'{PACKAGE}dialects = {{ "a[#" = "x" }}', (2, 14), 'dialects."a[#": string "x"', "use one of draft-07, "),
    ],
)
def test_invalid_values_are_reported_at_their_key(
    tmp_path: Path, text: str, place: tuple[int, int], message: str, hint: str
) -> None:
    diagnostic = read_diagnostics(tmp_path, text)[0]
    assert diagnostic.code.id == "CONFIG_VALUE_INVALID"
    assert message in diagnostic.message
    assert diagnostic.hint.startswith(hint)
    assert (diagnostic.location.line, diagnostic.location.column) == place


def test_a_deep_value_is_invalid(tmp_path: Path) -> None:
    [diagnostic] = read_diagnostics(tmp_path, f"{PACKAGE}schemas = {'[' * 50}{']' * 50}\n")
    assert diagnostic.message == "invalid value for schemas: array of 1 item"


def test_keys_of_pyproject_are_located_in_their_table(tmp_path: Path) -> None:
    text = f'[project]\nversion = "1"\nproto = 1\n[tool.wirelock]\n{PACKAGE}proto = 1\n'
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    diagnostics = read_config(tmp_path)
    assert isinstance(diagnostics, tuple)
    assert [(diagnostic.message, diagnostic.location.line) for diagnostic in diagnostics] == [
        ("invalid value for proto: integer 1", 6)
    ]
