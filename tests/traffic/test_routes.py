"""Exchanges to methods: templates, percent-encoding, and the reason when there is none."""

from __future__ import annotations

import pytest

from wirelock.diagnostics import Location
from wirelock.ir import Method, Service, State, TypeId
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.http.router import Routes

EMPTY = TypeId("empty.schema.json")


def method(name: str, rule: str) -> Method:
    verb, path = rule.split()
    return Method(name, EMPTY, EMPTY, Location(), verb=verb, path=path)


def service(rules: dict[str, str], name: str = "A", undescribed: tuple[str, ...] = ()) -> Service:
    methods = tuple(method(method_name, rule) for method_name, rule in rules.items())
    return Service(name, "a", Location(), methods, undescribed=undescribed)


SESSIONS = service(
    {
        "Delete": "DELETE /session/{sessionID}",
        "Get": "GET /session/{sessionID}",
        "List": "GET /session",
        "Update": "PATCH /session/{sessionID}",
    },
    "SessionService",
    ("/session/status",),
)


def call(rule: str) -> Exchange:
    verb, url = rule.split()
    return Exchange("a.har", 0, verb, url, 200, None, None)


def found(routes: Routes, rule: str) -> tuple[str, dict[str, str]] | None:
    match = routes.find(call(rule))
    return (match.route.method.name, dict(match.parameters)) if match else None


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("GET /session", ("List", {})),
        ("GET http://127.0.0.1:4096/session?limit=5", ("List", {})),
        ("get /session/ses_1#top", ("Get", {"sessionID": "ses_1"})),
        ("PATCH /session/ses_1", ("Update", {"sessionID": "ses_1"})),
        ("GET /session/a%2Fb%20%C3%BC+", ("Get", {"sessionID": "a/b ü+"})),
        ("GET /%73ession/ses_1", ("Get", {"sessionID": "ses_1"})),
        ("GET /session/", None),
        ("GET /session/ses_1/", None),
        ("GET /session/ses_1/message", None),
        ("GET /v1/session", None),
        ("GET /SESSION", None),
        ("PUT /session/ses_1", None),
    ],
)
def test_a_template_takes_its_paths(rule: str, wanted: object) -> None:
    assert found(Routes([SESSIONS]), rule) == wanted


def test_the_root_is_a_path() -> None:
    assert found(Routes([service({"Root": "GET /"})]), "GET http://h") == ("Root", {})


def test_two_stars_take_the_rest_with_its_slashes() -> None:
    routes = Routes([service({"Read": "GET /file/{path=**}"})])
    assert found(routes, "GET /file/a/b%20c/d") == ("Read", {"path": "a/b c/d"})
    assert found(routes, "GET /file/a/") == ("Read", {"path": "a/"})
    assert found(routes, "GET /file/") is None
    assert found(routes, "GET /file") is None


def test_literals_win_over_one_segment_and_that_over_the_rest() -> None:
    rules = {
        "Rest": "GET /a/{x=**}",
        "RestThenLiteral": "GET /a/{x=**}/z",
        "One": "GET /a/{x}",
        "Literal": "GET /a/b",
        "OneThenLiteral": "GET /a/{x}/b",
    }
    for routes in (Routes([service(rules)]), Routes([service(dict(reversed(rules.items())))])):
        assert found(routes, "GET /a/b") == ("Literal", {})
        assert found(routes, "GET /a/c") == ("One", {"x": "c"})
        assert found(routes, "GET /a/c/b") == ("OneThenLiteral", {"x": "c"})
        assert found(routes, "GET /a/c/d/z") == ("RestThenLiteral", {"x": "c/d"})
        assert found(routes, "GET /a/c/d") == ("Rest", {"x": "c/d"})


def test_a_literal_of_another_http_method_does_not_hide_a_template() -> None:
    routes = Routes([service({"One": "PATCH /a/{x}", "Literal": "GET /a/b"})])
    assert found(routes, "PATCH /a/b") == ("One", {"x": "b"})


def test_signs_in_a_template_are_no_pattern() -> None:
    routes = Routes([service({"Dot": "GET /a.b/ü", "Key": "GET /k/{x-y}"})])
    assert found(routes, "GET /a.b/%C3%BC") == ("Dot", {})
    assert found(routes, "GET /aXb/%C3%BC") is None
    assert found(routes, "GET /k/1") == ("Key", {"x-y": "1"})


def test_an_undescribed_path_is_left_to_other_services() -> None:
    assert found(Routes([SESSIONS]), "GET /session/status") is None
    assert found(Routes([SESSIONS]), "GET /session/%73tatus") is None
    both = Routes([SESSIONS, service({"Status": "GET /session/status"}, "StatusService")])
    assert found(both, "GET /session/status") == ("Status", {})


def test_a_method_without_an_http_rule_is_never_called() -> None:
    state = Method("Keep", EMPTY, EMPTY, Location(), state=State("a", "b", "x-c"))
    assert found(Routes([Service("A", "a", Location(), (state,))]), "GET /") is None


def test_the_described_methods_of_a_path() -> None:
    assert Routes([SESSIONS]).allowed("/session/ses_1") == ("GET", "PATCH", "DELETE")
    assert Routes([SESSIONS]).allowed("/file") == ()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("PUT /session/x?a=b", "no service describes PUT /session/x (described: GET, PATCH, DELETE)"),
        ("GET /file", "no service describes GET /file"),
        ("GET /session/status", "no service describes GET /session/status (undescribed: SessionService leaves it out)"),
        ("GET /\x1b[2J", r"no service describes GET /\u001b[2J"),
    ],
)
def test_the_reason_for_no_match(rule: str, words: str) -> None:
    assert Routes([SESSIONS]).reason(call(rule)) == words
