"""Parameters of a recorded request in every style, as values of the request message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.runtime.json.text import Json
from wirelock.traffic.conformance.bodies import classify_request
from wirelock.traffic.conformance.outcomes import BodyCheck
from wirelock.traffic.http.exchange import Exchange, RecordedBody
from wirelock.traffic.http.router import Router

NUMBER = {"anyOf": [{"type": "number"}, {"enum": ["NaN"]}]}
REQUEST = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer"},
        "limit": {"type": "integer"},
        "exact": {"type": "boolean"},
        "ratio": NUMBER,
        "text": {"type": ["string", "number"]},
        "words": {"type": "array", "items": {"type": "string"}},
        "pages": {"type": "array", "items": {"type": "integer"}},
        "piped": {"type": "array", "items": {"type": "string"}},
        "filter": {"type": "object", "properties": {"owner": {"type": "string"}, "age": {"type": "integer"}}},
        "box": {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}}},
        "where": {"type": "object"},
        "body_query": {"type": "string"},
        "X-List": {"type": "array", "items": {"type": "integer"}},
        "body": {"type": "object", "properties": {"a": {"type": "integer"}}},
    },
}
PLACES: dict[str, Any] = {
    **dict.fromkeys(("limit", "exact", "ratio", "text", "words", "box"), "query"),
    "pages": {"place": "query", "explode": False},
    "piped": {"place": "query", "style": "pipeDelimited"},
    "filter": {"place": "query", "style": "deepObject", "explode": True},
    "where": {"place": "query", "content": "application/json"},
    "body_query": {"place": "query", "name": "body"},
    "X-List": "header",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A project of one method with a parameter of each style."""
    root = tmp_path_factory.mktemp("project")
    (root / "schemas/find").mkdir(parents=True)
    answers = {"200": "answer.schema.json", "4XX": None, "default": {"text": True}}
    method = {"request": "ask.schema.json", "response": "answer.schema.json", "responses": answers, "in": PLACES}
    service = {"service": "Find", "methods": {"Find": {**method, "http": {"post": "/find/{id}", "body": "body"}}}}
    files = {"ask.schema.json": REQUEST, "answer.schema.json": {"type": "boolean"}, "find.service.json": service}
    for name, value in files.items():
        (root / "schemas/find" / name).write_text(json.dumps(value))
    built = build(Config(root, "wirelock.toml", "find_api", "find"))
    assert built.diagnostics == ()
    return built


def read_request(project: Build, query: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Json:
    """Return the request message of a request to /find/7."""
    request = None if body is None else RecordedBody(body, "application/json")
    url = f"http://localhost/find/7{query}"
    exchange = Exchange("made.har", 0, "POST", url, 200, request, None, request_headers=tuple((headers or {}).items()))
    match = Router(project.graph.services).find(exchange)
    assert match is not None
    part = classify_request(exchange, match, project.graph.definitions)
    assert isinstance(part, BodyCheck)
    value: Json = json.loads(part.text)
    return value


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("", {}),
        ("?limit=5&exact=true&ratio=0.5&text=5", {"limit": 5, "exact": True, "ratio": 0.5, "text": "5"}),
        ("?limit=many&ratio=NaN", {"limit": "many", "ratio": "NaN"}),
        ("?words=a,b&words=c", {"words": ["a,b", "c"]}),
        ("?pages=1,2", {"pages": [1, 2]}),
        ("?piped=a%7Cb,c", {"piped": ["a", "b,c"]}),
        ("?filter%5Bowner%5D=me&filter[age]=3&filters[x]=1", {"filter": {"owner": "me", "age": 3}}),
        ("?x=1&y=2", {"box": {"x": 1, "y": 2}}),
        ("?where=%7B%22a%22:1%7D", {"where": {"a": 1}}),
        ("?body=text", {"body_query": "text"}),
        ("?unknown=1", {}),
    ],
)
def test_query_parameters_are_read_by_style(project: Build, query: str, given: dict[str, Json]) -> None:
    assert read_request(project, query) == {"id": 7, **given}


def test_a_header_is_a_comma_separated_list(project: Build) -> None:
    assert read_request(project, "", headers={"x-list": "1, 2"}) == {"id": 7, "X-List": [1, 2]}


def test_an_optional_body_may_be_absent(project: Build) -> None:
    assert read_request(project, "", b'{"a": 1}') == {"id": 7, "body": {"a": 1}}
    assert read_request(project, "", None) == {"id": 7}
