"""mapping.json is complete enough for a client in another language, and conforms to `meta/mapping.schema.json`.

The client in `minimal_client.py` encodes recorded bodies, and forms that no recording has, to the same bytes as the
codec.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import message_factory
from jsonschema import Draft202012Validator
from minimal_client import MinimalClient

from opencode_api.codecs.provider import provider_list
from opencode_api.codecs.session import session_info, update_session_body
from wirelock.build import build
from wirelock.config import Config, read_config
from wirelock.emit import mapping, pb2, validators
from wirelock.runtime.codec.codec import Codecs
from wirelock.runtime.schema.validator import Schemas

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "generated/opencode_api"
SCENARIOS = ROOT / "tests/scenarios"
RECORDINGS = ROOT / "tests/recordings"
SESSIONS = (RECORDINGS / "sessions.ndjson").read_text("utf-8").splitlines()
CLIENT = MinimalClient(
    json.loads((PACKAGE / "mapping.json").read_text("utf-8")), (PACKAGE / "descriptors.binpb").read_bytes()
)


# the client and the codec


@pytest.mark.parametrize("text", SESSIONS, ids=range(len(SESSIONS)))
def test_recorded_sessions_are_the_same_bytes(text: str) -> None:
    assert CLIENT.encode("session/sessionInfo", json.loads(text)) == session_info.encode(text)


def test_different_sessions_have_different_bytes() -> None:
    first, second = SESSIONS[:2]
    assert CLIENT.encode("session/sessionInfo", json.loads(first)) != session_info.encode(second)


def read_bodies(path: str, method: str, side: str) -> tuple[str, ...]:
    """Return the distinct JSON bodies of successful exchanges in all recordings."""
    bodies: dict[str, None] = {}
    for recording in sorted(RECORDINGS.glob("lifecycle-*.har")):
        for entry in json.loads(recording.read_text("utf-8"))["log"]["entries"]:
            request, response = entry["request"], entry["response"]
            if (request["method"], response["status"]) == (method, 200) and path in request["url"]:
                bodies[request["postData"]["text"] if side == "request" else response["content"]["text"]] = None
    return tuple(bodies)


def test_recorded_provider_lists_are_the_same_bytes() -> None:
    texts = read_bodies("/config/providers", "GET", "response")
    assert len(texts) > 3
    for text in texts:
        assert CLIENT.encode("provider/providerList", json.loads(text)) == provider_list.encode(text)


def test_recorded_session_updates_are_the_same_bytes() -> None:
    texts = (*read_bodies("/session/", "PATCH", "request"), '{"title":null,"permission":null,"time":{"archived":null}}')
    assert len(texts) > 3
    for text in texts:
        assert CLIENT.encode("session/updateSessionBody", json.loads(text)) == update_session_body.encode(text)


@cache
def build_client_and_codecs(scenario: str) -> tuple[MinimalClient, Codecs]:
    """Return the client and the codecs for the project of a scenario."""
    config = read_config(SCENARIOS / scenario / "input")
    assert isinstance(config, Config)
    built = build(config)
    artifacts = [artifact for emitter in (pb2, validators, mapping) for artifact in emitter.emit(built).artifacts]
    written = {artifact.path.rpartition("/")[2]: artifact.content for artifact in artifacts}
    facts = json.loads(written["mapping.json"])
    documents = json.loads(written["schemas.json"])["documents"]
    client = MinimalClient(facts, written["descriptors.binpb"])
    pool = client.pool
    codecs = Codecs(
        facts,
        lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)),
        Schemas(documents, unknown_fields=config.unknown_fields, format_assertion=config.format_assertion),
    )
    return client, codecs


@pytest.mark.parametrize(
    ("scenario", "type_name", "text"),
    [
        ("lists-and-maps", "order/order", '{"tags":[],"grid":[[1,2.5],[]],"holes":["a",null,""],"pair":["a",2]}'),
        ("lists-and-maps", "order/order", '{"tags":["a"],"labels":{"b":"1","a":""},"nested":{"x":[],"y":[3]}}'),
        ("lists-and-maps", "order/order", '{"tags":["a"],"grid":[],"labels":{},"free":{},"any":null}'),
        ("lists-and-maps", "order/order", '{"tags":[""],"free":{"a":[1,{"b":null}],"c":true},"any":[[],{},"x",1.5]}'),
        ("nullable-properties", "order/order", '{"requiredNullable":null}'),
        ("nullable-properties", "order/order", '{"requiredNullable":"","optionalNullable":null,"nullableRef":null}'),
        ("nullable-properties", "order/order", '{"requiredNullable":"a","optionalNullable":0,"nullableList":[]}'),
        ("unions", "order/order", '{"payment":{"kind":"card","number":"1"},"byType":["a"],"nan":"-Infinity"}'),
        ("unions", "order/order", '{"payment":{"kind":"cash"},"byType":false,"nan":1,"overlapping":{"a":"x"}}'),
        ("unions", "order/order", '{"byType":{"field":""},"merged":"b","nan":"NaN"}'),
        ("enums-and-constants", "order/order", '{"state":"","type":"order","level":2,"mixed":null,"later":"x"}'),
        ("undeclared-kept", "order/order", '{"id":"a","more":{"x":[null]}}'),
        ("undeclared-kept", "order/order", '{"id":"a"}'),
        ("undeclared-kept", "order/typed", '{"id":"a","b":2,"a":0}'),
        (
            "bytes-in-base64",
            "file/file",
            '{"data":"","digest":"aGk=","thumbnail":null,"parts":["","AA=="],"named":{"a":"//8="}}',
        ),
        ("recursion", "tree/node", '{"value":1.0,"children":[{"value":2,"children":[]}],"parent":{"value":0}}'),
    ],
)
def test_forms_without_a_recording_are_the_same_bytes(scenario: str, type_name: str, text: str) -> None:
    client, codecs = build_client_and_codecs(scenario)
    assert client.encode(type_name, json.loads(text)) == codecs.get_codec(type_name).encode(text)


# the format of the file

SCHEMA: dict[str, Any] = json.loads(files("wirelock").joinpath("meta/mapping.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
WRITTEN = [PACKAGE / "mapping.json", *sorted(SCENARIOS.glob("*/output/**/mapping.json"))]


def read_json(path: Path) -> Any:
    """Return the content of a JSON file."""
    return json.loads(path.read_text("utf-8"))


def get_scenario(path: Path) -> str:
    """Return the scenario of a mapping file."""
    return path.relative_to(ROOT).parts[2]


def find_errors(value: object) -> list[str]:
    """Return the errors of a mapping by its schema."""
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(value)]


def iter_objects(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Yield all objects inside a JSON value, with their paths."""
    if isinstance(value, dict):
        yield path, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in children:
        yield from iter_objects(inner, (*path, key))


def test_the_schema_is_a_schema_and_closed() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    described = [inner for _, inner in iter_objects(SCHEMA) if isinstance(inner.get("properties"), dict)]
    closed = [inner for inner in described if inner.get("type") == "object"]
    assert len(closed) > 20
    assert all(inner["additionalProperties"] is False for inner in closed)


@pytest.mark.parametrize("path", WRITTEN, ids=get_scenario)
def test_every_mapping_is_valid(path: Path) -> None:
    assert find_errors(read_json(path)) == []


def test_the_scenarios_cover_every_form_and_most_kinds() -> None:
    shown = [inner for path in WRITTEN for _, inner in iter_objects(read_json(path)["messages"])]
    forms = {inner["form"] for inner in shown if "form" in inner}
    kinds = {inner["kind"] for inner in shown if isinstance(inner.get("kind"), str)}
    assert forms >= {"object", "list", "tuple", "box", "union"}
    assert kinds >= {
        "string",
        "bool",
        "double",
        "int64",
        "enum",
        "message",
        "any",
        "object",
        "list",
        "map",
        "null",
        "bytes",
    }


def has_name_keys(path: tuple[Any, ...]) -> bool:
    """Return True if the keys of the object at a path are names of the project."""
    is_part = len(path) == 1 and path[0] in ("types", "messages", "enums", "services")
    is_service = len(path) == 2 and path[0] == "services"
    return is_part or is_service


@pytest.mark.parametrize("name", ["a-service", "unions", "lists-and-maps", "undeclared-kept"])
def test_every_object_rejects_an_unknown_key(name: str) -> None:
    value = next(read_json(path) for path in WRITTEN if get_scenario(path) == name)
    paths = [path for path, _ in iter_objects(value) if not has_name_keys(path)]
    assert len(paths) > 15
    for path in paths:
        changed = copy.deepcopy(value)
        inner = changed
        for key in path:
            inner = inner[key]
        inner["unknownKey"] = {}
        assert find_errors(changed), path


@pytest.mark.parametrize(
    ("name", "path", "key", "value"),
    [
        ("a-service", (), "format", 2),
        ("unions", ("messages", "shop.order.Payment"), "form", "object"),
        ("unions", ("messages", "shop.order.Payment", "branches", 0), "types", ["integer"]),
        ("unions", ("messages", "shop.order.Payment", "fields", 0), "number", 0),
        ("unions", ("messages", "shop.order.Payment", "fields", 0), "type", {"kind": "float"}),
        ("unions", ("messages", "shop.order.Order"), "unknown", "kept"),
        ("undeclared-kept", ("messages", "shop.order.Order", "rest"), "type", {"kind": "string"}),
        ("lists-and-maps", ("messages", "shop.order.Order", "fields", 0, "type"), "items", {"kind": "list"}),
    ],
)
def test_a_wrong_value_is_rejected(name: str, path: tuple[Any, ...], key: str, value: object) -> None:
    changed = next(read_json(path) for path in WRITTEN if get_scenario(path) == name)
    inner = changed
    for step in path:
        inner = inner[step]
    assert key in inner
    inner[key] = value
    assert find_errors(changed)
