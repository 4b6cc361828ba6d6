"""`assert_conforms`: real bodies through real clients pass, and each kind of fault is told as the reports tell it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checkout import ROOT, exchanges
from served import RECORDING, target

import wirelock
from wirelock.testing import Conformance, NotConforming
from wirelock.traffic.http.exchange import Exchange

httpx = pytest.importorskip("httpx", reason="the test extra has httpx; the lowest environment does without")
requests = pytest.importorskip("requests", reason="the test extra has requests; the lowest environment does without")

SESSION = {"id": "ses_1", "title": "first", "directory": "/home/dev/acme-web"}
MISSING = {"id": "ses_1", "title": "first"}


def headers(exchange: Exchange) -> dict[str, str]:
    """The headers of a request that a client does not write by itself."""
    return {name: value for name, value in exchange.request_headers if name != "content-length"}


def sent(exchange: Exchange) -> bytes | None:
    """The body of a request."""
    return exchange.request.text if exchange.request else None


# real traffic


def by_httpx(url: str, exchange: Exchange) -> Any:
    return httpx.request(exchange.method, url + target(exchange), content=sent(exchange), headers=headers(exchange))


def by_requests(url: str, exchange: Exchange) -> Any:
    return requests.request(exchange.method, url + target(exchange), data=sent(exchange), headers=headers(exchange))


@pytest.mark.parametrize("ask", [by_httpx, by_requests])
def test_every_response_of_a_real_server_conforms(
    ask: Callable[[str, Exchange], Any], conformance: Conformance, stub: str, recorded: tuple[Exchange, ...]
) -> None:
    """The findings are those that verify has for the recording: no error, one number that is kept as a double."""
    for exchange in recorded:
        conformance.assert_conforms(ask(stub, exchange))
    report = conformance.report()
    assert report.summary["exchanges"]["conforming"] == len(recorded)
    assert [(one.code.id, one.where.pointer) for one in report.diagnostics] == [
        ("PRECISION_LOST", "/metadata/nested/deep/n")
    ]


def test_it_finds_what_verify_finds(conformance: Conformance) -> None:
    """Both hold exchanges against the same artefacts, and count the same things."""
    for name in (RECORDING, "session-errors.har"):
        conformance.begin(name)
        for exchange in exchanges(name):
            conformance.check(exchange)
    names = [str(ROOT / "tests/recordings" / name) for name in (RECORDING, "session-errors.har")]
    report, verified = conformance.report(), wirelock.verify(wirelock.load(ROOT).config, names)
    assert report.coverage == verified.coverage
    assert report.summary == {section: verified.summary[section] for section in report.summary}
    assert [(d.code, d.where.pointer) for d in report.diagnostics] == [
        (d.code, d.where.pointer) for d in verified.diagnostics
    ]


def test_aiohttp(conformance: Conformance, stub: str, recorded: tuple[Exchange, ...]) -> None:
    """It keeps no request body, so one that was sent is not checked; a body that was not awaited is refused."""
    aiohttp = pytest.importorskip("aiohttp", reason="the test extra has aiohttp")

    async def ask() -> None:
        async with aiohttp.ClientSession() as session:
            for exchange in recorded[:2]:
                url, data = stub + target(exchange), sent(exchange)
                async with session.request(exchange.method, url, data=data, headers=headers(exchange)) as response:
                    await response.read()
                    conformance.assert_conforms(response)
            exchange = recorded[2]
            async with session.post(
                stub + target(exchange), data=sent(exchange), headers=headers(exchange)
            ) as response:
                with pytest.raises(ValueError, match="was not read"):
                    conformance.assert_conforms(response)

    asyncio.run(ask())
    assert conformance.report().summary["exchanges"]["conforming"] == 2
    assert [one.message for one in conformance.findings] == [
        "not checked: the recording does not hold the request's body"
    ]


# faults


def answer(response: Any, method: str = "GET", path: str = "/session/ses_1", **request: Any) -> Any:
    """What a client of httpx gets from a server that answers so."""
    client = httpx.Client(transport=httpx.MockTransport(lambda _: response), base_url="http://server")
    return client.request(method, path, **request)


def refused(conformance: Conformance, response: Any) -> NotConforming:
    """The error for a response that must not pass."""
    with pytest.raises(NotConforming) as caught:
        conformance.assert_conforms(response)
    return caught.value


def test_a_fault_is_told_with_pointer_schema_and_who_found_it(conformance: Conformance) -> None:
    conformance.begin("test_api.py::test_session")
    assert str(refused(conformance, answer(httpx.Response(200, json=MISSING)))) == (
        "not as the project describes it\n"
        "\n"
        "error    VIOLATION  required property `directory` is missing\n"
        "         at       test_api.py::test_session #0 GET /session/ses_1 -> 200, response /directory\n"
        "         schema   session/sessionInfo.schema.json#/required\n"
        "         found by validator, model, codec\n"
        "\n"
        "findings: 1 error"
    )


FAULTS = {
    "a wrong type": (answer(httpx.Response(200, json={**SESSION, "title": 7})), "VIOLATION", "/title"),
    "no JSON": (answer(httpx.Response(200, text="{", headers={"content-type": "application/json"})), "MALFORMED", ""),
    "a status": (answer(httpx.Response(418, json={})), "STATUS_UNDOCUMENTED", ""),
    "a media type": (answer(httpx.Response(200, html="<p>")), "MEDIA_TYPE_UNDOCUMENTED", ""),
    "no body": (answer(httpx.Response(200)), "BODY_MISSING", ""),
    "a request": (
        answer(httpx.Response(200, json=SESSION), "POST", "/session", json={"title": 7}),
        "VIOLATION",
        "/title",
    ),
    "nothing described": (answer(httpx.Response(200, json={}), "GET", "/sesion"), "ROUTE_UNDOCUMENTED", ""),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_kind_of_fault_is_one_error(name: str, conformance: Conformance) -> None:
    response, code, pointer = FAULTS[name]
    (found,) = refused(conformance, response).diagnostics
    assert (found.code.id, found.where.pointer, found.fails) == (code, pointer, True)
    assert conformance.findings == (found,)


def test_an_undeclared_property_is_a_warning_as_the_project_says(conformance: Conformance) -> None:
    conformance.assert_conforms(answer(httpx.Response(200, json={**SESSION, "colour": "red"})))
    assert [one.code.id for one in conformance.findings] == ["UNDECLARED_FIELD"]


def test_a_refused_request_is_a_note(conformance: Conformance) -> None:
    body = {"name": "BadRequest", "data": {"message": "title"}}
    conformance.assert_conforms(answer(httpx.Response(400, json=body), "POST", "/session", json={"title": 7}))
    assert {one.level.value for one in conformance.findings} == {"note"}


def test_a_secret_in_a_url_is_not_shown(conformance: Conformance) -> None:
    error = refused(conformance, answer(httpx.Response(418), path="/session/ses_1?token=hunter2"))
    assert "token=[redacted]" in str(error)
    assert "hunter2" not in str(error)


# what is no response


def unread() -> Any:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=iter([b"{}"]))))
    return client.send(client.build_request("GET", "http://server/session"), stream=True)


@pytest.mark.parametrize(
    ("response", "error", "words"),
    [
        ({"id": 1}, TypeError, "builtins.dict is no response of httpx, requests or aiohttp"),
        (httpx.Response(200), TypeError, "the response has no request"),
        (requests.Response(), TypeError, "the response has no request"),
        (unread(), ValueError, "was not read"),
    ],
)
def test_what_cannot_be_checked_is_a_mistake_of_the_test(
    response: object, error: type[Exception], words: str, conformance: Conformance
) -> None:
    with pytest.raises(error, match=words):
        conformance.assert_conforms(response)


def test_a_request_that_was_streamed_is_not_checked(conformance: Conformance) -> None:
    """A generator is used up when it was sent; what it held is not known, and not taken for nothing."""
    request = httpx.Request("POST", "http://server/session", content=iter([b'{"title": 7}']))
    conformance.assert_conforms(httpx.Response(200, json=SESSION, request=request))
    conformance.assert_conforms(prepared(iter([b'{"title": 7}'])))
    assert {one.code.id for one in conformance.findings} == {"BODY_NOT_CHECKED"}


def prepared(data: Any) -> Any:
    """A response of requests to a POST with that body."""
    response = requests.Response()
    response.request = requests.Request("POST", "http://server/session", data=data).prepare()
    response.status_code, response._content = 200, b'{"id": "ses_1", "title": "first", "directory": "/"}'
    response.headers["Content-Type"] = "application/json"
    return response


def test_a_text_body_of_requests_is_checked(conformance: Conformance) -> None:
    (found,) = refused(conformance, prepared('{"title": 7}')).diagnostics
    assert found.where.pointer == "/title"


def test_a_project_that_cannot_be_compiled_says_why(copy: Path) -> None:
    schema = copy / "schemas/session/sessionTime.schema.json"
    schema.write_text(schema.read_text("utf-8").replace('"integer"', '"integr"', 1), "utf-8")
    with pytest.raises(wirelock.ProjectError, match=r"sessionTime\.schema\.json"):
        Conformance(wirelock.load(copy))
