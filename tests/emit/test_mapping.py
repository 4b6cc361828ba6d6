"""mapping.json suffices for a client in another language: one that is written here carries real bodies like ours.

The encoder below knows the mapping file and protobuf's reflection, and nothing of wirelock.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from jsonschema import Draft202012Validator

from opencode_api.codecs.provider import provider_list
from opencode_api.codecs.session import session_info, update_session_body

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "generated/opencode_api"
SCENARIOS = ROOT / "tests/scenarios"
RECORDINGS = ROOT / "tests/recordings"
SCHEMA: dict[str, Any] = json.loads(files("wirelock").joinpath("meta/mapping.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
MAPPING: dict[str, Any] = json.loads((PACKAGE / "mapping.json").read_text("utf-8"))
WRITTEN = sorted(SCENARIOS.glob("*/output/**/mapping.json"))
SESSIONS = (RECORDINGS / "sessions.ndjson").read_text("utf-8").splitlines()


# a client in another language

NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
JSON_TYPES = {type(None): "null", bool: "boolean", str: "string", list: "array", dict: "object"}


def encode(type_name: str, value: Any) -> bytes:
    """A JSON value of a named type in protobuf's binary form."""
    name = MAPPING["types"][type_name]["message"]
    message = message_factory.GetMessageClass(POOL.FindMessageTypeByName(name))()
    fill(message, MAPPING["messages"][name], value)
    return message.SerializeToString(deterministic=True)


def descriptors() -> DescriptorPool:
    """The messages, from the descriptors alone."""
    pool = DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString((PACKAGE / "descriptors.binpb").read_bytes()).file:
        pool.Add(file)
    return pool


POOL = descriptors()


def fill(message: Any, facts: Any, value: Any) -> None:
    """Make a message stand for a value, as its form says."""
    match facts["form"]:
        case "object":
            fill_object(message, facts, value)
        case "tuple":
            for field, item in zip(facts["fields"], value, strict=False):
                put(message, field, item)
        case "union":
            name = next(branch["field"] for branch in facts["branches"] if fits(value, branch))
            put(message, next(field for field in facts["fields"] if field["name"] == name), value)
        case _:
            put(message, facts["fields"][0], value)


def fill_object(message: Any, facts: Any, value: dict[str, Any]) -> None:
    rest = dict(value)
    for field in facts["fields"]:
        if field["json"] in rest:
            item = rest.pop(field["json"])
            put(message, field, item)
            null = item is None and field["nullable"]
            empty = item in ([], {}) and field["type"]["kind"] in ("list", "map")
            if (null or empty) and not field["required"]:
                getattr(message, facts["explicitFields"]["name"]).append(field["number"])
    if rest and facts["unknown"] == "kept":
        put(message, facts["rest"], rest)
    assert not rest or facts["unknown"] != "refused"


def fits(value: Any, branch: Any) -> bool:
    if branch["types"]:
        return JSON_TYPES.get(type(value), "number") in branch["types"]
    return all(at(value, tag["path"]) in tag["values"] for tag in branch["tags"])


def at(value: Any, path: list[str]) -> Any:
    for name in path:
        value = value.get(name)
    return value


def put(message: Any, field: Any, value: Any) -> None:
    """Set a field to a value."""
    name, kind = field["name"], field["type"]
    if value is None and field["nullable"]:
        return
    match kind["kind"]:
        case "list":
            for item in value:
                put_item(getattr(message, name), kind["items"], item)
        case "map":
            for key, item in value.items():
                put_entry(getattr(message, name), key, kind["values"], item)
        case "message" | "any" | "object" | "array":
            put_message(getattr(message, name), kind, value)
        case _:
            setattr(message, name, scalar(kind, value))


def put_item(items: Any, kind: Any, value: Any) -> None:
    if kind["kind"] in ("message", "any", "object", "array"):
        put_message(items.add(), kind, value)
    else:
        items.append(scalar(kind, value))


def put_entry(entries: Any, key: str, kind: Any, value: Any) -> None:
    if kind["kind"] in ("message", "any", "object", "array"):
        put_message(entries[key], kind, value)
    else:
        entries[key] = scalar(kind, value)


def put_message(target: Any, kind: Any, value: Any) -> None:
    target.SetInParent()
    match kind["kind"]:
        case "message":
            fill(target, MAPPING["messages"][kind["message"]], value)
        case "object":
            for key, item in value.items():
                put_message(target.fields[key], {"kind": "any"}, item)
        case "array":
            for item in value:
                put_message(target.values.add(), {"kind": "any"}, item)
        case _:
            put_any(target, value)


def put_any(target: Any, value: Any) -> None:
    match value:
        case None:
            target.null_value = 0
        case bool():
            target.bool_value = value
        case str():
            target.string_value = value
        case list():
            put_message(target.list_value, {"kind": "array"}, value)
        case dict():
            put_message(target.struct_value, {"kind": "object"}, value)
        case _:
            target.number_value = value


def scalar(kind: Any, value: Any) -> Any:
    match kind["kind"]:
        case "enum":
            values = MAPPING["enums"][kind["enum"]]["values"]
            return next(one["number"] for one in values if one["json"] == value)
        case "null":
            return 0
        case "double":
            return NUMBERS[value] if isinstance(value, str) else value
        case "string" | "bool":
            return value
        case _:
            return int(value)


# what it shows


def bodies(path: str, method: str, side: str) -> Iterator[str]:
    """The JSON bodies of successful exchanges of all recordings."""
    for recording in sorted(RECORDINGS.glob("lifecycle-*.har")):
        for entry in json.loads(recording.read_text("utf-8"))["log"]["entries"]:
            request, response = entry["request"], entry["response"]
            if response["status"] == 200 and request["method"] == method and path in request["url"]:
                yield request["postData"]["text"] if side == "request" else response["content"]["text"]


@pytest.mark.parametrize("text", SESSIONS, ids=range(len(SESSIONS)))
def test_a_client_of_the_mapping_alone_encodes_sessions_as_we_do(text: str) -> None:
    assert encode("session/sessionInfo", json.loads(text)) == session_info.encode(text)


def test_and_lists_of_providers() -> None:
    """Unions, maps, enums and free-form values."""
    texts = list(dict.fromkeys(bodies("/config/providers", "GET", "response")))
    assert len(texts) > 3
    for text in texts:
        assert encode("provider/providerList", json.loads(text)) == provider_list.encode(text)


def test_and_changes_of_sessions() -> None:
    texts = list(dict.fromkeys(bodies("/session/", "PATCH", "request")))
    assert len(texts) > 3
    for text in texts:
        assert encode("session/updateSessionBody", json.loads(text)) == update_session_body.encode(text)


@pytest.mark.parametrize("text", ['{"title":null}', '{"title":null,"permission":null,"time":{"archived":null}}', "{}"])
def test_and_explicit_nulls(text: str) -> None:
    assert encode("session/updateSessionBody", json.loads(text)) == update_session_body.encode(text)


def test_a_message_says_more_than_its_bytes_would_by_chance() -> None:
    """The comparison can fail: another body gives other bytes."""
    first, second = SESSIONS[:2]
    assert encode("session/sessionInfo", json.loads(first)) != session_info.encode(second)


# the form of the file


def faults(mapping: object) -> list[str]:
    """What the meta-schema has against a mapping."""
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(mapping)]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", [PACKAGE / "mapping.json", *WRITTEN], ids=lambda path: path.parts[-5])
def test_every_mapping_is_what_the_schema_says(path: Path) -> None:
    assert faults(json.loads(path.read_text("utf-8"))) == []


def test_the_scenarios_show_every_form_and_kind() -> None:
    text = "".join(path.read_text("utf-8") for path in WRITTEN)
    for form in ("object", "list", "tuple", "box", "union"):
        assert f'"form": "{form}"' in text
    for kind in ("string", "bool", "double", "int64", "enum", "message", "any", "object", "list", "map"):
        assert f'"kind": "{kind}"' in text


def objects(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all objects inside a JSON value."""
    if isinstance(value, dict):
        yield path
        for key, inner in value.items():
            yield from objects(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from objects(inner, (*path, index))


def reached(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


NAMED = {("types",), ("messages",), ("enums",), ("services",)}
"""Objects whose keys are names."""


def is_named(path: tuple[Any, ...]) -> bool:
    return path in NAMED or (path[0:1] == ("services",) and len(path) == 2) or path[-1:] == ("in",)


SMALL = SCENARIOS / "a-service/output/generated/shop_api/mapping.json"


@pytest.mark.parametrize("path", [SMALL, *[path for path in WRITTEN if "union" in str(path)]], ids=str)
def test_no_object_takes_an_unknown_key(path: Path) -> None:
    mapping = json.loads(path.read_text("utf-8"))
    closed = [place for place in objects(mapping) if not is_named(place)]
    assert len(closed) > 20
    for place in closed:
        changed = copy.deepcopy(mapping)
        reached(changed, place)["unheardOf"] = {}
        assert faults(changed), place
