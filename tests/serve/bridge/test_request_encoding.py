"""Request encoding round-trips: the recording of an encoded request decodes to the same message."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirelock.diagnostics import Location
from wirelock.ir import (
    Array,
    Boolean,
    Definition,
    Integer,
    Method,
    Node,
    Number,
    Object,
    ParameterStyle,
    Property,
    Service,
    Shape,
    String,
    TypeGraph,
    TypeId,
)
from wirelock.runtime.json.text import Json, parse
from wirelock.traffic.conformance.bodies import classify_request
from wirelock.traffic.conformance.outcomes import BodyCheck
from wirelock.traffic.http.exchange import Exchange, RecordedBody
from wirelock.traffic.http.request_encoder import EncodeError, HttpRequest, RequestEncoder
from wirelock.traffic.http.router import Router

HERE = Location("find.service.json")
KEY = TypeId("find/ask.schema.json")


def build_node(shape: Shape) -> Node:
    return Node(shape, HERE)


def build_object(**shapes: Shape) -> Object:
    return Object(tuple(Property(name, build_node(shape), False) for name, shape in shapes.items()))


WORDS = Array(build_node(String()))
SHAPES: dict[str, Shape] = {
    "id": String(),
    "path": String(),
    "limit": Integer(),
    "ratio": Number(),
    "exact": Boolean(),
    "words": WORDS,
    "pages": Array(build_node(Integer())),
    "piped": WORDS,
    "spaced": WORDS,
    "filter": build_object(owner=String(), age=Integer()),
    "box": build_object(x=Integer(), y=Integer()),
    "where": build_object(a=String()),
    "body_query": String(),
    "X-List": Array(build_node(Integer())),
    "X-Text": String(),
    "body": build_object(a=Integer(), words=WORDS),
}
PLACES = {
    **dict.fromkeys(
        ("limit", "ratio", "exact", "words", "pages", "piped", "spaced", "filter", "box", "where"), "query"
    ),
    "id": "query",  # the path takes precedence
    "body_query": "query",
    "X-List": "header",
    "X-Text": "header",
}
STYLES = {
    "pages": ParameterStyle(explode=False),
    "piped": ParameterStyle(style="pipeDelimited"),
    "spaced": ParameterStyle(style="spaceDelimited", explode=False),
    "filter": ParameterStyle(style="deepObject", explode=True),
    "where": ParameterStyle(content="application/json"),
    "body_query": ParameterStyle(name="body"),
}
GRAPH = TypeGraph({KEY: Definition(KEY, "ask", build_node(build_object(**SHAPES)))})


def build_method(body: str = "body") -> Method:
    return Method(
        "Find", KEY, KEY, HERE, verb="POST", path="/find/{id}/in/{path=**}", body=body, parameter_locations=tuple(PLACES.items()), parameter_styles=tuple(STYLES.items())
    )  # fmt: skip


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1)
WITHOUT_BAR, WITHOUT_BLANK = (st.text(st.characters(codec="utf-8", exclude_characters=c), min_size=1) for c in "| ")
NUMBERS = st.integers(-(2**53), 2**53)
REQUESTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "id": TEXTS.filter(lambda text: text not in (".", "..")),
        "path": TEXTS.filter(lambda text: not {".", ".."} & {*text.split("/")}),
    },
    optional={
        "limit": NUMBERS,
        "ratio": st.floats(allow_nan=False, allow_infinity=False),
        "exact": st.booleans(),
        "words": st.lists(TEXTS, min_size=1),
        "pages": st.lists(NUMBERS, min_size=1),
        "piped": st.lists(WITHOUT_BAR, min_size=1),
        "spaced": st.lists(WITHOUT_BLANK, min_size=1),
        "filter": st.fixed_dictionaries({"owner": TEXTS}, optional={"age": NUMBERS}),
        "box": st.fixed_dictionaries({"x": NUMBERS}, optional={"y": NUMBERS}),
        "where": st.fixed_dictionaries({"a": TEXTS}),
        "body_query": TEXTS,
        "X-List": st.lists(NUMBERS, min_size=1),
        "X-Text": st.text("abc, ;é\t", min_size=1).filter(lambda text: text == text.strip()),
        "body": st.fixed_dictionaries({}, optional={"a": NUMBERS, "words": st.lists(TEXTS)}),
    },
)


def decode_recorded(request: HttpRequest, method: Method) -> Json:
    """Decode the message of a request as if it was recorded."""
    body = None if request.body is None else RecordedBody(request.body, "application/json")
    headers = tuple((name.lower(), value) for name, value in request.headers)
    exchange = Exchange("made", 0, request.verb, f"http://a{request.target}", 200, body, None, headers)
    match = Router([Service("Find", "find", HERE, (method,))]).find(exchange)
    assert match is not None, request
    part = classify_request(exchange, match, GRAPH.definitions)
    assert isinstance(part, BodyCheck)
    return parse(part.text)


@given(REQUESTS)
def test_an_encoded_request_decodes_to_the_same_message(request: dict[str, Any]) -> None:
    assert decode_recorded(RequestEncoder(build_method()).encode(request), build_method()) == request


@given(REQUESTS)
def test_a_whole_body_contains_the_remaining_properties(request: dict[str, Any]) -> None:
    assert decode_recorded(RequestEncoder(build_method("*")).encode(request), build_method("*")) == request


@given(REQUESTS)
def test_a_target_is_one_line_of_ascii(request: dict[str, Any]) -> None:
    target = RequestEncoder(build_method()).encode(request).target
    assert target.isascii() and target.isprintable() and " " not in target and target.startswith("/find/")


@pytest.mark.parametrize("text", ["a\nb", "a\r\nHost: b", "\x00", " a", "a\t", "\x7f"])
def test_a_header_is_one_value(text: str) -> None:
    with pytest.raises(EncodeError):
        RequestEncoder(build_method()).encode({"id": "a", "path": "b", "X-Text": text})
