"""Whatever a request message is written as is what a recording of it is read as: the rule has one meaning."""

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
    Property,
    Record,
    Service,
    Shape,
    Style,
    Text,
    TypeGraph,
    TypeId,
)
from wirelock.runtime.json.text import Json, parse
from wirelock.traffic.conformance.bodies import request_part
from wirelock.traffic.conformance.outcomes import Held
from wirelock.traffic.http.exchange import Body, Exchange
from wirelock.traffic.http.request_encoder import Call, Caller, Unsendable
from wirelock.traffic.http.router import Routes

HERE = Location("find.service.json")
KEY = TypeId("find/ask.schema.json")


def node(shape: Shape) -> Node:
    return Node(shape, HERE)


def record(**shapes: Shape) -> Record:
    return Record(tuple(Property(name, node(shape), False) for name, shape in shapes.items()))


WORDS = Array(node(Text()))
SHAPES: dict[str, Shape] = {
    "id": Text(),
    "path": Text(),
    "limit": Integer(),
    "ratio": Number(),
    "exact": Boolean(),
    "words": WORDS,
    "pages": Array(node(Integer())),
    "piped": WORDS,
    "spaced": WORDS,
    "filter": record(owner=Text(), age=Integer()),
    "box": record(x=Integer(), y=Integer()),
    "where": record(a=Text()),
    "body_query": Text(),
    "X-List": Array(node(Integer())),
    "X-Text": Text(),
    "body": record(a=Integer(), words=WORDS),
}
PLACES = {
    **dict.fromkeys(
        ("limit", "ratio", "exact", "words", "pages", "piped", "spaced", "filter", "box", "where"), "query"
    ),
    "id": "query",  # the path wins
    "body_query": "query",
    "X-List": "header",
    "X-Text": "header",
}
STYLES = {
    "pages": Style(explode=False),
    "piped": Style(style="pipeDelimited"),
    "spaced": Style(style="spaceDelimited", explode=False),
    "filter": Style(style="deepObject", explode=True),
    "where": Style(content="application/json"),
    "body_query": Style(name="body"),
}
GRAPH = TypeGraph({KEY: Definition(KEY, "ask", node(record(**SHAPES)))})


def method(body: str = "body") -> Method:
    return Method(
        "Find", KEY, KEY, HERE, verb="POST", path="/find/{id}/in/{path=**}", body=body, places=tuple(PLACES.items()), styles=tuple(STYLES.items())
    )  # fmt: skip


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1)
WITHOUT_BAR, WITHOUT_BLANK = (st.text(st.characters(codec="utf-8", exclude_characters=c), min_size=1) for c in "| ")
NUMBERS = st.integers(-(2**53), 2**53)
REQUESTS = st.fixed_dictionaries(
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


def recorded(call: Call, called: Method) -> Json:
    """The request message of a recorded call."""
    body = None if call.body is None else Body(call.body, "application/json")
    headers = tuple((name.lower(), value) for name, value in call.headers)
    exchange = Exchange("made", 0, call.verb, f"http://a{call.target}", 200, body, None, headers)
    match = Routes([Service("Find", "find", HERE, (called,))]).find(exchange)
    assert match is not None, call
    part = request_part(exchange, match, GRAPH.definitions)
    assert isinstance(part, Held)
    return parse(part.text)


@given(REQUESTS)
def test_what_is_written_is_read_back(request: dict[str, Any]) -> None:
    assert recorded(Caller(method()).call(request), method()) == request


@given(REQUESTS)
def test_a_whole_message_is_what_is_left_over(request: dict[str, Any]) -> None:
    assert recorded(Caller(method("*")).call(request), method("*")) == request


@given(REQUESTS)
def test_a_target_is_one_line_of_ascii(request: dict[str, Any]) -> None:
    target = Caller(method()).call(request).target
    assert target.isascii() and target.isprintable() and " " not in target and target.startswith("/find/")


@pytest.mark.parametrize("text", ["a\nb", "a\r\nHost: b", "\x00", " a", "a\t", "\x7f"])
def test_a_header_is_one_value(text: str) -> None:
    with pytest.raises(Unsendable):
        Caller(method()).call({"id": "a", "path": "b", "X-Text": text})
