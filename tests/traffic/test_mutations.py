"""Recorded bodies, each broken in one place: one finding, raised by validator, model and codec alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from checkout import exchanges

from wirelock.ir import TypeId
from wirelock.loader import Loaded
from wirelock.traffic.conformance.verdict import Raised, judge

SESSION = TypeId("session/sessionInfo.schema.json")
LIST = TypeId("session/sessionList.schema.json")
EVERYBODY = ("validator", "model", "codec")
Mutation = Callable[[Any], None]


def recorded_sessions() -> list[Any]:
    """Every session that 1.18.33 answered a creation with and that has rules, tokens and times."""
    answers = [e for e in exchanges("lifecycle-1.18.33.har") if e.method == "POST" and e.status == 200]
    sessions = [json.loads(e.response.text) for e in answers if e.response]
    found = [session for session in sessions if session.get("permission") and session.get("tokens")]
    assert found
    return found


def drop(*path: Any) -> Mutation:
    return lambda body: _at(body, path[:-1]).pop(path[-1])


def put(value: Any, *path: Any) -> Mutation:
    return lambda body: _at(body, path[:-1]).__setitem__(path[-1], value)


def _at(body: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        body = body[name]
    return body


MUTATIONS: dict[str, tuple[Mutation, str, str]] = {
    "a required field dropped": (drop("directory"), "/directory", "required property `directory` is missing"),
    "a required field of a part dropped": (
        drop("time", "created"),
        "/time/created",
        "required property `created` is missing",
    ),
    '"1" for a number': (put("1", "tokens", "input"), "/tokens/input", 'expected integer, got string "1"'),
    '"1" for a number with a fraction': (put("1", "cost"), "/cost", 'expected number, got string "1"'),
    "true for 1": (put(True, "tokens", "output"), "/tokens/output", "expected integer, got boolean true"),
    "an unknown enum value": (
        put("alow", "permission", 0, "action"),
        "/permission/0/action",
        'expected "allow", "deny" or "ask", got string "alow"; did you mean "allow"?',
    ),
    "null for an optional string": (put(None, "parentID"), "/parentID", "expected string, got null"),
    "a timestamp of 2^63": (
        put(2**63, "time", "updated"),
        "/time/updated",
        "expected at most 9007199254740991, got 9223372036854775808",
    ),
    "a fraction for an integer": (put(1.5, "time", "created"), "/time/created", "expected integer, got number 1.5"),
    "an object for a list": (put({}, "permission"), "/permission", "expected array, got object of 0 properties"),
    "a list for the whole": (lambda body: body.update(time=[]), "/time", "expected object, got array of 0 items"),
}


def raised(loaded: Loaded, key: TypeId, body: Any) -> tuple[Raised, ...]:
    """What is raised about a body; artefacts never disagree."""
    verdict = judge(loaded.contract(key), json.dumps(body).encode())
    assert verdict.disagreement == ""
    assert verdict.loss is None
    return verdict.raised


@pytest.mark.parametrize("name", MUTATIONS)
def test_one_mutation_is_one_finding_of_everybody(name: str, loaded: Loaded) -> None:
    mutate, pointer, message = MUTATIONS[name]
    for body in recorded_sessions():
        assert raised(loaded, SESSION, body) == ()
        mutate(body)
        (only,) = raised(loaded, SESSION, body)
        assert (only.finding.pointer, only.finding.message) == (pointer, message)
        assert only.by == EVERYBODY
        assert not only.finding.warning


def test_an_extra_field_is_one_finding_of_everybody(loaded: Loaded) -> None:
    for body in recorded_sessions():
        body["tokens"]["colour"] = "red"
        (only,) = raised(loaded, SESSION, body)
        assert (only.finding.pointer, only.finding.code) == ("/tokens/colour", "UNDECLARED_FIELD")
        assert only.by == EVERYBODY
        assert only.finding.warning  # the project's policy is `warn`


@pytest.mark.parametrize("spelling", ["1.0", "1e0", "10e-1", "-0.0"])
def test_an_integer_may_be_spelt_as_a_float(spelling: str, loaded: Loaded) -> None:
    for body in recorded_sessions():
        body["tokens"]["input"] = 987654321
        text = json.dumps(body).replace("987654321", spelling).encode()
        verdict = judge(loaded.contract(SESSION), text)
        assert verdict.raised == ()
        assert verdict.round_trip == "equal"


def test_mutations_in_a_list_have_their_index(loaded: Loaded) -> None:
    (first, *_), answers = recorded_sessions(), exchanges("lifecycle-1.18.33.har")
    listed = next(e for e in answers if e.method == "GET" and e.path == "/session" and e.response)
    assert listed.response is not None
    body = {"sessions": [*json.loads(listed.response.text), first]}
    del body["sessions"][0]["directory"], body["sessions"][-1]["title"]
    last = len(body["sessions"]) - 1
    found = raised(loaded, LIST, body)
    assert {one.finding.pointer for one in found} == {"/sessions/0/directory", f"/sessions/{last}/title"}
    assert {one.by for one in found} == {EVERYBODY}


MALFORMED = {
    "a name twice": b'{"id": "a", "id": "b"}',
    "half of a surrogate pair": b'{"id": "\\ud800"}',
    "not UTF-8": b'{"id": "\xff"}',
    "a byte order mark": b'\xef\xbb\xbf{"id": "a"}',
    "NaN": b'{"cost": NaN}',
    "two documents": b'{"id": "a"} {"id": "b"}',
    "an early end": b'{"id": "a"',
    "nothing": b"",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_text_that_is_not_i_json_is_one_finding_of_everybody(name: str, loaded: Loaded) -> None:
    verdict = judge(loaded.contract(SESSION), MALFORMED[name])
    (only,) = verdict.raised
    assert (only.finding.code, only.finding.pointer) == ("MALFORMED", "")
    assert only.by == EVERYBODY
    assert verdict.round_trip is None
