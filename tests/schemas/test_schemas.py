"""The schemas of OpenCode's API, independent of recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from checkout import ROOT

SCHEMAS = {
    path.relative_to(ROOT / "schemas").as_posix().removesuffix(".schema.json"): json.loads(path.read_text("utf-8"))
    for path in sorted((ROOT / "schemas").rglob("*.schema.json"))
}
MAX_SAFE_INTEGER = 2**53 - 1


def test_every_type_of_the_api_has_a_file() -> None:
    session = ("sessionInfo", "sessionTime", "tabInfo", "tabList", "sessionList", "createSessionRequest", "empty")
    session += ("deleteSessionRequest", "updateDirectoryRequest", "permissionRuleset", "sessionTokens", "sessionModel")
    session += ("sessionSummary", "sessionShare", "sessionRevert")
    model = ("modelInfo", "modelCapabilities", "modelCost", "modelLimit", "modelStatus", "modelApi", "modelSelection")
    provider = ("providerInfo", "providerOptions", "providerSource", "providerList")
    expected = {"session": session, "model": model, "provider": provider}
    for folder, names in expected.items():
        missing = [name for name in names if f"{folder}/{name}" not in SCHEMAS]
        assert missing == [], folder


def test_a_session_requires_id_title_and_directory() -> None:
    assert set(SCHEMAS["session/sessionInfo"]["required"]) == {"id", "title", "directory"}
    first = list(SCHEMAS["session/sessionInfo"]["properties"])[:5]
    assert first == ["id", "title", "directory", "version", "time"]


def test_a_create_request_requires_nothing() -> None:
    schema = SCHEMAS["session/createSessionRequest"]
    assert list(schema["properties"]) == [
        "title",
        "parentID",
        "permission",
        "agent",
        "model",
        "metadata",
        "workspaceID",
    ]
    assert not schema.get("required")


def test_timestamps_are_safe_integers_of_javascript() -> None:
    times = SCHEMAS["session/sessionTime"]["properties"]
    for name in ("created", "updated", "compacting"):
        assert (times[name]["type"], times[name]["maximum"]) == ("integer", MAX_SAFE_INTEGER)
    assert times["archived"]["type"] == "number"  # it is sent with a fraction


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_type_and_property_has_a_description(name: str) -> None:
    assert SCHEMAS[name].get("description", "").strip()
    for path, schema in iter_properties(SCHEMAS[name], name):
        assert schema is True or schema.get("description") or "$ref" in schema, path


def iter_properties(schema: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield every property below a schema with its path."""
    if isinstance(schema, dict):
        for name, inner in schema.get("properties", {}).items():
            yield f"{path}.{name}", inner
        for key, inner in schema.items():
            yield from iter_properties(inner, f"{path}/{key}")
    elif isinstance(schema, list):
        for index, inner in enumerate(schema):
            yield from iter_properties(inner, f"{path}/{index}")


def test_the_session_service_has_its_methods_in_order() -> None:
    service = json.loads((ROOT / "schemas/session/session.service.json").read_text("utf-8"))
    names = ["ListSessions", "CreateSession", "DeleteSession", "UpdateSessionDirectory", "GetSession", "UpdateSession"]
    assert list(service["methods"]) == names
    assert service["methods"]["UpdateSessionDirectory"]["state"] == {
        "key": "sessionID",
        "value": "directory",
        "header": "x-opencode-directory",
    }
