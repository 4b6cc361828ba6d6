"""Parameters of a recorded request, in every style, as the values of the request message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.runtime.json.text import Json
from wirelock.traffic.conformance.bodies import request_part
from wirelock.traffic.conformance.outcomes import Held
from wirelock.traffic.http.exchange import Body, Exchange
from wirelock.traffic.http.router import Routes

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
    """One method with a parameter of each style."""
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


def asked(project: Build, query: str, body: bytes | None = None, **headers: str) -> Json:
    """The request message of a request to /find/7."""
    sent = None if body is None else Body(body, "application/json")
    url = f"http://localhost/find/7{query}"
    exchange = Exchange("made.har", 0, "POST", url, 200, sent, None, request_headers=tuple(headers.items()))
    match = Routes(project.graph.services).find(exchange)
    assert match is not None
    part = request_part(exchange, match, project.graph.definitions)
    assert isinstance(part, Held)
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
def test_a_query_is_read_by_style(project: Build, query: str, given: dict[str, Json]) -> None:
    assert asked(project, query) == {"id": 7, **given}


def test_a_header_is_a_list_of_values_between_commas(project: Build) -> None:
    assert asked(project, "", **{"x-list": "1, 2"}) == {"id": 7, "X-List": [1, 2]}


def test_a_body_that_may_be_absent_is_absent(project: Build) -> None:
    assert asked(project, "", b'{"a": 1}') == {"id": 7, "body": {"a": 1}}
    assert asked(project, "", None) == {"id": 7}
