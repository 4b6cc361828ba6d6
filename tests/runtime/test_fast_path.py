"""Fast acceptance from bytes: only valid documents, and all common ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any, cast

import pytest
from checkout import ROOT, read_exchanges
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from projects import load_scenario

from wirelock.build import Build
from wirelock.ir import TypeId
from wirelock.proof.strategies import DocumentStrategies
from wirelock.runtime.json.errors import MAX_DEPTH, MAX_DIGITS
from wirelock.runtime.json.text import dump, parse
from wirelock.runtime.schema.documents import Documents, SubschemaRef
from wirelock.runtime.schema.fast_path import TextPredicate, build_acceptor, build_decoder
from wirelock.runtime.schema.validator import Schemas, Validator

PROPERTY = settings(
    derandomize=True, deadline=None, max_examples=60, suppress_health_check=cast("list[HealthCheck]", list(HealthCheck))
)
FORMAT = frozenset({"format"})
SCENARIOS = sorted(
    path.parent.name for path in (ROOT / "tests/scenarios").glob("*/output") if (path / "proto").is_dir()
)


def build_certain_acceptor(documents: Documents, root: SubschemaRef, annotations: frozenset[str]) -> TextPredicate:
    """Return a function that accepts documents from bytes only if the fast path does."""
    return build_acceptor(build_decoder(documents, root, annotations), lambda text: False)


def build_schema_acceptor(
    schema: Any, *, annotations: frozenset[str] = FORMAT, **others: Any
) -> Callable[[bytes], bool]:
    """Return the fast path of a schema named `main`; it may refer to the others by name."""
    documents = Documents({"main": schema, **others})
    return build_certain_acceptor(documents, documents.get_root("main"), annotations)


def build_acceptor_and_validator(documents: dict[str, Any], root: str) -> tuple[Callable[[bytes], bool], Validator]:
    """Return the fast path of a schema, and its validator, which the tests call for parsed values only."""
    schema_documents = Documents(documents)
    schemas = Schemas(documents, unknown_fields="error", format_assertion=False)
    return build_certain_acceptor(schema_documents, schema_documents.get_root(root), FORMAT), schemas.get_validator(
        root
    )


def check_acceptance(accept: Callable[[bytes], bool], validator: Validator, text: bytes) -> bool:
    """Return True if a text is accepted; check that it then is I-JSON, valid, and without undeclared properties."""
    accepted = accept(text)
    if accepted:
        assert validator.check_instance(parse(text)) == ()
    return accepted


# variants and mutations of texts


def print_variant(value: Any, draw: Callable[[int], int]) -> str:
    """Return a value as another encoder may print it: spaces, escapes, number spellings, duplicate names."""
    space = ["", "", " ", "\n\t"][draw(4)]
    match value:
        case dict():
            members = [
                f"{print_variant(key, draw)}{space}:{print_variant(inner, draw)}"
                for key, inner in cast("dict[str, Any]", value).items()
            ]
            if members and draw(8) == 0:
                members.insert(draw(len(members) + 1), members[draw(len(members))])
            return "{" + f"{space},".join(members) + space + "}"
        case list():
            items = [print_variant(inner, draw) for inner in cast("list[Any]", value)]
            return "[" + f",{space}".join(items) + "]"
        case str():
            text = json.dumps(value, ensure_ascii=draw(3) == 0)
            return text.replace("/", "\\/").replace(":", ["\\u003a", "\\u003A", ":"][draw(3)]) if draw(3) == 0 else text
        case bool() | None:
            return json.dumps(value)
        case int() if draw(4) == 0:
            return [f"{value}.0", f"{value}e0", f"{value}0E-1", "-0", "1e400", "-1e-400", "true"][draw(7)]
        case _:
            return dump(value).decode()


def mutate_text(text: bytes, draw: Callable[[int], int]) -> bytes:
    """Return a text with up to two bytes replaced."""
    changed = bytearray(text)
    for _ in range(draw(3)):
        position = draw(len(changed) + 1)
        changed[position : position + draw(2)] = [
            b"",
            b'"',
            b":",
            b"0",
            b"\\",
            b"\xff",
            b"\x00",
            b"[",
            b"e",
            b"\xed\xa0\x80",
        ][draw(10)]
    return bytes(changed)


@cache
def load_build(name: str) -> Build:
    return load_scenario(name)[0]


def check_type(documents: dict[str, Any], key: str, drawn: st.SearchStrategy[Any]) -> int:
    """Check one type with drawn documents and variants of their texts; return the number of accepted texts."""
    accept, validator = build_acceptor_and_validator(documents, key)
    accepted = 0

    @PROPERTY
    @given(drawn, st.data())
    def agree(value: Any, data: st.DataObject) -> None:
        def draw(below: int) -> int:
            return data.draw(st.integers(0, below - 1))

        nonlocal accepted
        text = print_variant(value, draw).encode()
        accepted += sum(
            check_acceptance(accept, validator, each) for each in (dump(value), text, mutate_text(text, draw))
        )

    agree()
    return accepted


def check_types(build: Build) -> int:
    """Check every type of a project with drawn documents; return the number of accepted texts."""
    documents = {file: document.value for file, document in build.documents.items()}
    drawing = DocumentStrategies(build.graph)
    return sum(
        check_type(documents, str(key), drawing.build(key)) for key in build.graph.definitions if str(key) in documents
    )


@pytest.mark.long
@pytest.mark.parametrize("name", SCENARIOS)
def test_only_valid_documents_are_accepted(name: str) -> None:
    check_types(load_build(name))


@pytest.mark.long
@pytest.mark.xdist_group("accepting")  # a group of its own, because it takes long
def test_only_valid_documents_of_this_project_are_accepted(project: Build) -> None:
    assert check_types(project) > 1000


# single documents

BOUNDED = {"type": "number", "minimum": 0, "exclusiveMaximum": 9}
COUNT = {"type": "integer", "minimum": -5, "maximum": 5}
CARD = {"type": "object", "properties": {"kind": {"const": "card"}, "n": {"type": "integer"}}, "required": ["kind"]}
CASH = {"type": "object", "properties": {"kind": {"enum": ["cash", "coin"]}}, "required": ["kind"]}
PAYMENT = {"oneOf": [CARD, CASH]}
ID = {"type": "string", "pattern": "^ses"}
IDS = {"type": "object", "properties": {"a": ID, "b": ID, "c": ID, "d": ID, "e": ID}, "required": ["a", "b", "c"]}
OPEN = {"type": "object", "properties": {"a": {"type": "string"}, "free": {}, "": {"type": ["string", "null"]}}}
STRUCT = {"properties": {"a": {"type": "string"}}}
MAP = {"type": "object", "additionalProperties": {"type": "integer"}}
DRAFT_07 = "http://json-schema.org/draft-07/schema#"
WORD = {"type": "string", "minLength": 2, "maxLength": 2}

ACCEPTED: list[tuple[Any, bytes]] = [
    (OPEN, b'{"a":"x","free":{"b":[1.5,null,{"c":true}]},"":null}'),
    (OPEN, b' { "a" : "\\u00e9\\n" } '),
    (STRUCT, b"[1]"),
    (MAP, b'{"a":1,"b":18446744073709551616}'),
    (PAYMENT, b'{"n":1,"kind":"card"}'),
    (PAYMENT, b'{"kind":"coin"}'),
    ({"anyOf": [PAYMENT, {"type": "null"}, WORD]}, b"null"),
    (IDS, b'{"a":"ses","b":"ses_1","c":"ses1"}'),
    (WORD, '"😀é"'.encode()),
    (BOUNDED, b"8.999"),
    (COUNT, b"-5"),
    ({"enum": ["a", 1, None]}, b"1"),
    ({"$ref": "other", "description": "a reference"}, b"[]"),
    ({"$schema": DRAFT_07, "$ref": "other", "type": "string"}, b"[]"),
    ({"type": "object", "properties": {"a": {"not": {}}, "b": {"type": "null"}}}, b'{"b":null}'),
]


@pytest.mark.parametrize(("schema", "text"), ACCEPTED)
def test_common_documents_are_accepted(schema: Any, text: bytes) -> None:
    documents = {"main": schema, "other": {"type": "array", "items": {"type": "string"}}}
    assert check_acceptance(*build_acceptor_and_validator(documents, "main"), text)


NOT_ACCEPTED: list[tuple[Any, bytes]] = [
    (OPEN, b'{"a":"x","a":"y"}'),
    (OPEN, b'{"a":"x","\\u0061":"y"}'),
    (OPEN, b'{"a":"\\u003a","a":"y"}'),
    (OPEN, b'{"free":{"b":[{"c":1,"c":1}]}}'),
    (OPEN, b'{"free":{"b":":","b":"\\u003A"}}'),
    (OPEN, b'{"other":1}'),
    (OPEN, b'{"free":"\\ud800"}'),
    (OPEN, b'{"free":"\xed\xa0\x80"}'),
    (OPEN, b'{"free":"\xff"}'),
    (OPEN, b'{"\xff":1}'),
    (OPEN, b'\xef\xbb\xbf{"a":"x"}'),
    (OPEN, b'{"a":"x"} {}'),
    (OPEN, b'{"a":"x",}'),
    (OPEN, b'{"a":"\x01"}'),
    (OPEN, b'{"free":NaN}'),
    (OPEN, b'{"free":1e4000}'),
    (OPEN, b'{"free":' + b"1" * (MAX_DIGITS + 1) + b"}"),
    (OPEN, b'{"free":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}"),
    ({"type": "object", "properties": {}}, b'{"a":1}'),
    ({"type": "object", "properties": {}, "required": []}, b'{"a":1}'),
    (MAP, b'{"a":1,"a":1}'),
    (MAP, b'{"a":true}'),
    ({"type": "integer"}, b"1" * (MAX_DIGITS + 1)),
    (PAYMENT, b'{"kind":"card","kind":"card"}'),
    (PAYMENT, b'{"kind":"cheque"}'),
    (PAYMENT, b'{"n":1}'),
    (IDS, b'{"a":"ses","b":"set","c":"ses"}'),
    (IDS, b'{"a":"ser","b":"ses","c":"ses"}'),
    (IDS, b'{"a":"ses","b":"ses","c":"se"}'),
    (IDS, b'{"a":"ses","b":"ses","c":"ses","d":"x ses"}'),
    (IDS, b'{"a":"ses","b":"ses","c":"ses","d":"ses","e":""}'),
    (WORD, '"😀"'.encode()),
    (WORD, '"é😀é"'.encode()),
    (BOUNDED, b"-0.1"),
    (BOUNDED, b"9"),
    (BOUNDED, b"-9223372036854775809"),
    (COUNT, b"6"),
    (COUNT, b"18446744073709551616"),
    (COUNT, b"-9223372036854775809"),
    ({"enum": [1, "a"]}, b"true"),
    ({"type": "string", "enum": ["a", 1]}, b"1"),
    ({"type": "integer", "maximum": 9007199254740992}, b"9007199254740993"),
    ({"type": "number", "maximum": 9007199254740992}, b"9007199254740993"),
    ({"type": "string", "pattern": "^a$"}, b'"a\\n"'),
    ({"const": "a", "enum": ["a", "b"]}, b'"b"'),
    ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, b"1"),
    ({"oneOf": [CARD, {"type": "object"}]}, b'{"kind":"card"}'),
    ({"oneOf": [CARD, CARD]}, b'{"kind":"card"}'),
    ({"oneOf": [{"$ref": "#/$defs/c"}, {"$ref": "#/$defs/c"}], "$defs": {"c": CARD}}, b'{"kind":"card"}'),
    ({"type": "object", "patternProperties": {"^a": {"type": "string"}}}, b'{"a":1}'),
    ({"$ref": "#/$defs/s", "maxLength": 1, "$defs": {"s": {"type": "string"}}}, b'"xx"'),
    ({"type": "array", "prefixItems": [{"type": "string"}], "items": {}}, b"[1]"),
    ({"type": "object", "properties": {"a": False}}, b'{"a":1}'),
    (False, b"1"),
]


@pytest.mark.parametrize(("schema", "text"), NOT_ACCEPTED)
def test_other_documents_are_not_accepted(schema: Any, text: bytes) -> None:
    assert not build_schema_acceptor(schema)(text)


def test_format_matters_if_it_is_asserted() -> None:
    schema = {"type": "string", "format": "date"}
    assert build_schema_acceptor(schema)(b'"x"')
    assert not build_schema_acceptor(schema, annotations=frozenset())(b'"x"')


def test_recursion_and_reference_cycles_end() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}}}
    assert build_schema_acceptor(node)(b'{"n":1}')
    assert not build_schema_acceptor({"$ref": "#"})(b"1")
    assert not build_schema_acceptor({"anyOf": [{"$ref": "#"}, {"type": "null"}]})(b"1")
    deep: Any = {"type": "string"}
    for _ in range(300):
        deep = {"type": "array", "items": deep}
    assert not build_schema_acceptor(deep)(b"[]")


# recorded documents


def find_bodies(recording: str, path: str) -> list[bytes]:
    """Return the response bodies of a path in a recording."""
    texts = [e.response.text for e in read_exchanges(recording) if e.path == path and e.response is not None]
    assert texts
    return texts


def build_project_acceptor(project: Build, key: str) -> tuple[Callable[[bytes], bool], Validator]:
    """Return the fast path of a type of this project, and its validator."""
    return build_acceptor_and_validator(
        {file: document.value for file, document in project.documents.items()}, str(TypeId(key))
    )


def test_recorded_sessions_are_accepted(project: Build) -> None:
    accept, validator = build_project_acceptor(project, "session/sessionInfo.schema.json")
    texts = [text for text in find_bodies("lifecycle-1.18.33.har", "/session") if text.startswith(b'{"id"')]
    assert texts and all(check_acceptance(accept, validator, text) for text in texts)


def test_recorded_providers_are_accepted(project: Build) -> None:
    accept, validator = build_project_acceptor(project, "provider/providerList.schema.json")
    texts = find_bodies("lifecycle-1.18.33.har", "/config/providers")
    assert all(check_acceptance(accept, validator, text) for text in texts)


@pytest.mark.long
@pytest.mark.parametrize("policy", ["error", "warn", "keep"])
def test_bytes_and_text_have_the_same_verdict(project: Build, policy: str) -> None:
    """The fast path takes bytes only; every recorded response is checked with every type."""
    documents = {file: document.value for file, document in project.documents.items()}
    schemas = Schemas(documents, unknown_fields=policy, format_assertion=False)
    texts = {e.response.text for e in read_exchanges("lifecycle-1.18.33.har") if e.response is not None}
    for file in documents:
        validator = schemas.get_validator(file)
        for text in texts:
            assert validator.is_valid(text) is validator.is_valid(text.decode())
            assert validator.check(text) == validator.check(text.decode())
