"""`meta/configuration.schema.json`, which editors read: it takes and refuses what the configuration itself does."""

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
from wirelock import config
from wirelock.config import Config, read_config
from wirelock.config.breaking import _ACCEPT_KEYS, WireCategory
from wirelock.config.breaking import _KEYS as BREAKING_KEYS
from wirelock.config.linting import OFF
from wirelock.diagnostics import Severity
from wirelock.source.dialects import NAMED

SCHEMA: dict[str, Any] = json.loads(files("wirelock").joinpath("meta/configuration.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
OWN = 'package = "my_api"\n'


def faults(text: str) -> list[str]:
    """What the schema says of a configuration."""
    return [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))]


def test_it_is_a_schema_with_words_for_everything() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    tables = [SCHEMA, *(part for part in SCHEMA["properties"].values() if "properties" in part)]
    tables += [part for part in SCHEMA["definitions"].values() if "properties" in part]
    assert len(tables) == 8
    for table in tables:
        assert table["additionalProperties"] is False
        assert all(part["description"] for part in table["properties"].values())


def keys(*path: str) -> set[str]:
    """The keys that the schema knows at a place."""
    place: Any = SCHEMA
    for name in path:
        place = place[name]
    return set(place["properties"])


def test_its_keys_are_those_of_the_configuration() -> None:
    assert keys() == {*config._KEYS}
    assert keys("properties", "verify") == {"recordings", "expect"}
    assert keys("properties", "import") == {"overlays"}
    assert keys("properties", "record") == {"redact"}
    assert keys("properties", "lint") == {*config.LINT_RULES}
    assert keys("properties", "breaking") == {*BREAKING_KEYS}
    assert keys("definitions", "expectation") == {*config._EXPECT_KEYS}
    assert keys("definitions", "acceptance") == {*_ACCEPT_KEYS}


def test_its_words_are_those_of_the_configuration() -> None:
    definitions, properties = SCHEMA["definitions"], SCHEMA["properties"]
    assert [*definitions["dialect"]["enum"]] == [*NAMED]
    assert {*definitions["weight"]["enum"]} == {*Severity, OFF}
    assert {*properties["unknown-fields"]["enum"]} == {*get_args(config.UnknownFields)}
    assert {*properties["breaking"]["properties"]["wire"]["enum"]} == {*get_args(WireCategory)}
    assert {*properties["breaking"]["properties"]["severities"]["additionalProperties"]["enum"]} == {*Severity}


def test_its_defaults_are_those_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text(OWN, "utf-8")
    read = read_config(tmp_path)
    assert isinstance(read, Config)
    stated = {name: part["default"] for name, part in SCHEMA["properties"].items() if "default" in part}
    assert stated == {name: getattr(read, name.replace("-", "_")) for name in stated}
    assert SCHEMA["properties"]["breaking"]["properties"]["wire"]["default"] == read.breaking.wire


def test_our_own_configurations_are_valid(tmp_path: Path) -> None:
    own = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["wirelock"]
    assert [error.message for error in VALIDATOR.iter_errors(own)] == []
    assert wirelock.init(tmp_path / "my-api").exit_code == 0
    assert faults((tmp_path / "my-api/wirelock.toml").read_text("utf-8")) == []


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
def test_both_take_the_same(text: str, tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text(OWN + text, "utf-8")
    assert (faults(OWN + text) == []) is CASES[text]
    assert isinstance(read_config(tmp_path), Config) is CASES[text], read_config(tmp_path)


def test_the_package_is_needed(tmp_path: Path) -> None:
    assert faults("") == ["'package' is a required property"]
