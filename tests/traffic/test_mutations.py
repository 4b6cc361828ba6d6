"""Recorded bodies with one mutation each: one finding of validator, model and codec."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from checkout import read_exchanges

from wirelock.ir import TypeId
from wirelock.loader import LoadedArtifacts
from wirelock.traffic.conformance.verdict import AttributedFinding, judge

SESSION = TypeId("session/sessionInfo.schema.json")
LIST = TypeId("session/sessionList.schema.json")
ALL_ARTIFACTS = ("validator", "model", "codec")
Mutation = Callable[[Any], None]


def list_recorded_sessions() -> list[Any]:
    """List the sessions that version 1.18.33 created with permissions, tokens and times."""
    responses = [e for e in read_exchanges("lifecycle-1.18.33.har") if e.method == "POST" and e.status == 200]
    sessions = [json.loads(e.response.text) for e in responses if e.response]
    complete = [session for session in sessions if session.get("permission") and session.get("tokens")]
    assert complete
    return complete


def drop(*path: Any) -> Mutation:
    """Return a mutation that removes a property."""

    def mutate(body: Any) -> None:
        _get_value(body, path[:-1]).pop(path[-1])

    return mutate


def put(value: Any, *path: Any) -> Mutation:
    """Return a mutation that replaces a property."""

    def mutate(body: Any) -> None:
        _get_value(body, path[:-1])[path[-1]] = value

    return mutate


def _get_value(body: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        body = body[name]
    return body


MUTATIONS: dict[str, tuple[Mutation, str, str]] = {
    "a required field dropped": (drop("directory"), "/directory", "required property `directory` is missing"),
    "a required field of an object dropped": (
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
    "a list for an object": (put([], "time"), "/time", "expected object, got array of 0 items"),
}


def list_findings(loaded: LoadedArtifacts, key: TypeId, body: Any) -> tuple[AttributedFinding, ...]:
    """Return the findings on a body, on which validator, model and codec must agree."""
    verdict = judge(loaded.get_contract(key), json.dumps(body).encode())
    assert verdict.disagreement == ""
    assert verdict.loss is None
    return verdict.findings


@pytest.mark.parametrize("name", MUTATIONS)
def test_one_mutation_gives_one_finding_of_all_artifacts(name: str, loaded: LoadedArtifacts) -> None:
    mutate, pointer, message = MUTATIONS[name]
    for body in list_recorded_sessions():
        assert list_findings(loaded, SESSION, body) == ()
        mutate(body)
        (attributed,) = list_findings(loaded, SESSION, body)
        assert (attributed.finding.pointer, attributed.finding.message) == (pointer, message)
        assert attributed.found_by == ALL_ARTIFACTS
        assert not attributed.finding.warning


def test_an_extra_field_gives_one_finding_of_all_artifacts(loaded: LoadedArtifacts) -> None:
    for body in list_recorded_sessions():
        body["tokens"]["color"] = "red"
        (attributed,) = list_findings(loaded, SESSION, body)
        assert (attributed.finding.pointer, attributed.finding.code) == ("/tokens/color", "UNDECLARED_FIELD")
        assert attributed.found_by == ALL_ARTIFACTS
        assert attributed.finding.warning  # the project's policy is `warn`


@pytest.mark.parametrize("spelling", ["1.0", "1e0", "10e-1", "-0.0"])
def test_an_integer_may_be_written_as_a_float(spelling: str, loaded: LoadedArtifacts) -> None:
    for body in list_recorded_sessions():
        body["tokens"]["input"] = 987654321
        text = json.dumps(body).replace("987654321", spelling).encode()
        verdict = judge(loaded.get_contract(SESSION), text)
        assert verdict.findings == ()
        assert verdict.round_trip == "equal"


def test_mutations_in_a_list_have_an_index(loaded: LoadedArtifacts) -> None:
    (first, *_), exchanges = list_recorded_sessions(), read_exchanges("lifecycle-1.18.33.har")
    listed = next(e for e in exchanges if e.method == "GET" and e.path == "/session" and e.response)
    assert listed.response is not None
    body = {"sessions": [*json.loads(listed.response.text), first]}
    del body["sessions"][0]["directory"], body["sessions"][-1]["title"]
    last = len(body["sessions"]) - 1
    findings = list_findings(loaded, LIST, body)
    assert {attributed.finding.pointer for attributed in findings} == {
        "/sessions/0/directory",
        f"/sessions/{last}/title",
    }
    assert {attributed.found_by for attributed in findings} == {ALL_ARTIFACTS}


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
def test_text_that_is_not_i_json_gives_one_finding_of_all_artifacts(name: str, loaded: LoadedArtifacts) -> None:
    verdict = judge(loaded.get_contract(SESSION), MALFORMED[name])
    (attributed,) = verdict.findings
    assert (attributed.finding.code, attributed.finding.pointer) == ("MALFORMED", "")
    assert attributed.found_by == ALL_ARTIFACTS
    assert verdict.round_trip is None
