"""Routing of exchanges to methods: path templates, percent-encoding and mismatches."""

from __future__ import annotations

import pytest

from wirelock.diagnostics import Location
from wirelock.ir import Method, Service, StateHeader, TypeId
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.http.router import Router

EMPTY = TypeId("empty.schema.json")


def build_method(name: str, rule: str) -> Method:
    """Build a method with an HTTP rule."""
    verb, path = rule.split()
    return Method(name, EMPTY, EMPTY, Location(), verb=verb, path=path)


def build_service(rules: dict[str, str], name: str = "A", undescribed: tuple[str, ...] = ()) -> Service:
    """Build a service from HTTP rules by method name."""
    methods = tuple(build_method(method_name, rule) for method_name, rule in rules.items())
    return Service(name, "a", Location(), methods, undescribed=undescribed)


SESSIONS = build_service(
    {
        "Delete": "DELETE /session/{sessionID}",
        "Get": "GET /session/{sessionID}",
        "List": "GET /session",
        "Update": "PATCH /session/{sessionID}",
    },
    "SessionService",
    ("/session/status",),
)


def build_call(rule: str) -> Exchange:
    """Build a call of a URL."""
    verb, url = rule.split()
    return Exchange("a.har", 0, verb, url, 200, None, None)


def find_route(router: Router, rule: str) -> tuple[str, dict[str, str]] | None:
    """Return the name of the method and the path parameters."""
    match = router.find(build_call(rule))
    return (match.route.method.name, dict(match.parameters)) if match else None


PATHS: list[tuple[str, tuple[str, dict[str, str]] | None]] = [
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
]


@pytest.mark.parametrize(("rule", "expected"), PATHS)
def test_a_template_matches_paths(rule: str, expected: object) -> None:
    assert find_route(Router([SESSIONS]), rule) == expected


def test_the_root_path_is_routed() -> None:
    assert find_route(Router([build_service({"Root": "GET /"})]), "GET http://h") == ("Root", {})


def test_two_stars_match_the_rest_with_slashes() -> None:
    router = Router([build_service({"Read": "GET /file/{path=**}"})])
    assert find_route(router, "GET /file/a/b%20c/d") == ("Read", {"path": "a/b c/d"})
    assert find_route(router, "GET /file/a/") == ("Read", {"path": "a/"})
    assert find_route(router, "GET /file/") is None
    assert find_route(router, "GET /file") is None


def test_literal_segments_take_precedence_over_parameters() -> None:
    rules = {
        "Rest": "GET /a/{x=**}",
        "RestThenLiteral": "GET /a/{x=**}/z",
        "One": "GET /a/{x}",
        "Literal": "GET /a/b",
        "OneThenLiteral": "GET /a/{x}/b",
    }
    for router in (Router([build_service(rules)]), Router([build_service(dict(reversed(rules.items())))])):
        assert find_route(router, "GET /a/b") == ("Literal", {})
        assert find_route(router, "GET /a/c") == ("One", {"x": "c"})
        assert find_route(router, "GET /a/c/b") == ("OneThenLiteral", {"x": "c"})
        assert find_route(router, "GET /a/c/d/z") == ("RestThenLiteral", {"x": "c/d"})
        assert find_route(router, "GET /a/c/d") == ("Rest", {"x": "c/d"})


def test_a_literal_of_another_http_method_does_not_hide_a_template() -> None:
    router = Router([build_service({"One": "PATCH /a/{x}", "Literal": "GET /a/b"})])
    assert find_route(router, "PATCH /a/b") == ("One", {"x": "b"})


def test_special_characters_in_a_template_are_literal() -> None:
    router = Router([build_service({"Dot": "GET /a.b/ü", "Key": "GET /k/{x-y}"})])
    assert find_route(router, "GET /a.b/%C3%BC") == ("Dot", {})
    assert find_route(router, "GET /aXb/%C3%BC") is None
    assert find_route(router, "GET /k/1") == ("Key", {"x-y": "1"})


def test_an_undescribed_path_may_belong_to_another_service() -> None:
    assert find_route(Router([SESSIONS]), "GET /session/status") is None
    assert find_route(Router([SESSIONS]), "GET /session/%73tatus") is None
    both = Router([SESSIONS, build_service({"Status": "GET /session/status"}, "StatusService")])
    assert find_route(both, "GET /session/status") == ("Status", {})


def test_a_method_without_an_http_rule_has_no_route() -> None:
    state = Method("Keep", EMPTY, EMPTY, Location(), state=StateHeader("a", "b", "x-c"))
    assert find_route(Router([Service("A", "a", Location(), (state,))]), "GET /") is None


def test_allowed_methods_of_a_path_are_listed() -> None:
    assert Router([SESSIONS]).list_allowed_methods("/session/ses_1") == ("GET", "PATCH", "DELETE")
    assert Router([SESSIONS]).list_allowed_methods("/file") == ()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("PUT /session/x?a=b", "no service documents PUT /session/x (documented: GET, PATCH, DELETE)"),
        ("GET /file", "no service documents GET /file"),
        ("GET /session/status", "no service documents GET /session/status (SessionService lists it as undescribed)"),
        ("GET /\x1b[2J", r"no service documents GET /\u001b[2J"),
    ],
)
def test_a_mismatch_is_explained(rule: str, message: str) -> None:
    assert Router([SESSIONS]).explain_mismatch(build_call(rule)) == message
