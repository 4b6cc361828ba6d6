"""`assert_conforms`: recorded responses through real clients pass, and each kind of violation is reported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checkout import ROOT, read_exchanges
from served_recording import RECORDING, get_target

import wirelock
from wirelock.testing import Conformance, ConformanceError
from wirelock.traffic.http.exchange import Exchange

httpx = pytest.importorskip("httpx", reason="the test extra has httpx; the lowest environment does without")
requests = pytest.importorskip("requests", reason="the test extra has requests; the lowest environment does without")

SESSION = {"id": "ses_1", "title": "first", "directory": "/home/dev/acme-web"}
MISSING = {"id": "ses_1", "title": "first"}


def get_headers(exchange: Exchange) -> dict[str, str]:
    """Return the headers of a request except those that a client adds itself."""
    return {name: value for name, value in exchange.request_headers if name != "content-length"}


def get_body(exchange: Exchange) -> bytes | None:
    """Return the body of a request."""
    return exchange.request.text if exchange.request else None


# real traffic


def send_with_httpx(url: str, exchange: Exchange) -> Any:
    return httpx.request(
        exchange.method, url + get_target(exchange), content=get_body(exchange), headers=get_headers(exchange)
    )


def send_with_requests(url: str, exchange: Exchange) -> Any:
    return requests.request(
        exchange.method, url + get_target(exchange), data=get_body(exchange), headers=get_headers(exchange)
    )


@pytest.mark.long
@pytest.mark.parametrize("send", [send_with_httpx, send_with_requests])
def test_every_recorded_response_conforms(
    send: Callable[[str, Exchange], Any], conformance: Conformance, stub: str, recorded: tuple[Exchange, ...]
) -> None:
    """The findings are those of verify for the recording: no error, and one number that becomes a double."""
    for exchange in recorded:
        conformance.assert_conforms(send(stub, exchange))
    report = conformance.report()
    assert report.summary["exchanges"]["conforming"] == len(recorded)
    assert [(one.code.id, one.location.pointer) for one in report.diagnostics] == [
        ("PRECISION_LOST", "/metadata/nested/deep/n")
    ]


def test_the_findings_equal_those_of_verify(conformance: Conformance) -> None:
    """Both check exchanges against the same artifacts and count them equally."""
    for name in (RECORDING, "session-errors.har"):
        conformance.begin(name)
        for exchange in read_exchanges(name):
            conformance.check(exchange)
    names = [str(ROOT / "tests/recordings" / name) for name in (RECORDING, "session-errors.har")]
    report, verified = conformance.report(), wirelock.verify(wirelock.load(ROOT), names)
    assert report.coverage == verified.coverage
    assert report.summary == {section: verified.summary[section] for section in report.summary}
    assert [(d.code, d.location.pointer) for d in report.diagnostics] == [
        (d.code, d.location.pointer) for d in verified.diagnostics
    ]


def test_aiohttp(conformance: Conformance, stub: str, recorded: tuple[Exchange, ...]) -> None:
    """aiohttp keeps no request body, so it is not checked; a response body that was not awaited is an error."""
    aiohttp = pytest.importorskip("aiohttp", reason="the test extra has aiohttp")

    async def send() -> None:
        async with aiohttp.ClientSession() as session:
            for exchange in recorded[:2]:
                url, data = stub + get_target(exchange), get_body(exchange)
                async with session.request(exchange.method, url, data=data, headers=get_headers(exchange)) as response:
                    await response.read()
                    conformance.assert_conforms(response)
            exchange = recorded[2]
            async with session.post(
                stub + get_target(exchange), data=get_body(exchange), headers=get_headers(exchange)
            ) as response:
                with pytest.raises(ValueError, match="was not read"):
                    conformance.assert_conforms(response)

    asyncio.run(send())
    assert conformance.report().summary["exchanges"]["conforming"] == 2
    assert [finding.message for finding in conformance.findings] == [
        "not checked: the recording lacks the request body"
    ]


# violations


def get_response(response: Any, method: str = "GET", path: str = "/session/ses_1", **request: Any) -> Any:
    """Return the response that an httpx client receives."""
    client = httpx.Client(transport=httpx.MockTransport(lambda _: response), base_url="http://server")
    return client.request(method, path, **request)


def catch_error(conformance: Conformance, response: Any) -> ConformanceError:
    """Return the error that a violating response raises."""
    with pytest.raises(ConformanceError) as caught:
        conformance.assert_conforms(response)
    return caught.value


def test_the_error_names_pointer_schema_and_checks(conformance: Conformance) -> None:
    conformance.begin("test_api.py::test_session")
    assert str(catch_error(conformance, get_response(httpx.Response(200, json=MISSING)))) == (
        "the exchange does not conform to the project\n"
        "\n"
        "error    VIOLATION  required property `directory` is missing\n"
        "         at       test_api.py::test_session #0 GET /session/ses_1 -> 200, response /directory\n"
        "         schema   session/sessionInfo.schema.json#/required\n"
        "         found by validator, model, codec\n"
        "\n"
        "failed with 1 error"
    )


VIOLATIONS = {
    "a wrong type": (get_response(httpx.Response(200, json={**SESSION, "title": 7})), "VIOLATION", "/title"),
    "invalid JSON": (
        get_response(httpx.Response(200, text="{", headers={"content-type": "application/json"})),
        "MALFORMED",
        "",
    ),
    "a status": (get_response(httpx.Response(418, json={})), "STATUS_UNDOCUMENTED", ""),
    "a media type": (get_response(httpx.Response(200, html="<p>")), "MEDIA_TYPE_UNDOCUMENTED", ""),
    "no body": (get_response(httpx.Response(200)), "BODY_MISSING", ""),
    "a request": (
        get_response(httpx.Response(200, json=SESSION), "POST", "/session", json={"title": 7}),
        "VIOLATION",
        "/title",
    ),
    "an undescribed path": (get_response(httpx.Response(200, json={}), "GET", "/sesion"), "ROUTE_UNDOCUMENTED", ""),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_each_kind_of_violation_is_one_error(name: str, conformance: Conformance) -> None:
    response, code, pointer = VIOLATIONS[name]
    (finding,) = catch_error(conformance, response).diagnostics
    assert (finding.code.id, finding.location.pointer, finding.is_failure) == (code, pointer, True)
    assert conformance.findings == (finding,)


def test_an_undeclared_property_is_a_warning(conformance: Conformance) -> None:
    conformance.assert_conforms(get_response(httpx.Response(200, json={**SESSION, "color": "red"})))
    assert [finding.code.id for finding in conformance.findings] == ["UNDECLARED_FIELD"]


def test_a_violation_in_a_rejected_request_is_a_note(conformance: Conformance) -> None:
    body = {"name": "BadRequest", "data": {"message": "title"}}
    conformance.assert_conforms(get_response(httpx.Response(400, json=body), "POST", "/session", json={"title": 7}))
    assert {finding.level.value for finding in conformance.findings} == {"note"}


def test_a_secret_in_a_url_is_not_shown(conformance: Conformance) -> None:
    error = catch_error(conformance, get_response(httpx.Response(418), path="/session/ses_1?token=hunter2"))
    assert "token=[redacted]" in str(error)
    assert "hunter2" not in str(error)


# other objects


def build_unread_response() -> Any:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=iter([b"{}"]))))
    return client.send(client.build_request("GET", "http://server/session"), stream=True)


@pytest.mark.parametrize(
    ("response", "error", "words"),
    [
        ({"id": 1}, TypeError, "expected a response of httpx, requests or aiohttp, got builtins.dict"),
        (httpx.Response(200), TypeError, "the response has no request"),
        (requests.Response(), TypeError, "the response has no request"),
        (build_unread_response(), ValueError, "was not read"),
    ],
)
def test_other_objects_raise(response: object, error: type[Exception], words: str, conformance: Conformance) -> None:
    with pytest.raises(error, match=words):
        conformance.assert_conforms(response)


def test_a_streamed_request_is_not_checked(conformance: Conformance) -> None:
    """A sent generator is consumed; its unknown content is not treated as an empty body."""
    request = httpx.Request("POST", "http://server/session", content=iter([b'{"title": 7}']))
    conformance.assert_conforms(httpx.Response(200, json=SESSION, request=request))
    conformance.assert_conforms(build_requests_response(iter([b'{"title": 7}'])))
    assert {finding.code.id for finding in conformance.findings} == {"BODY_NOT_CHECKED"}


def build_requests_response(data: Any) -> Any:
    """Return a response of requests to a POST with this body."""
    response = requests.Response()
    response.request = requests.Request("POST", "http://server/session", data=data).prepare()
    response.status_code, response._content = 200, b'{"id": "ses_1", "title": "first", "directory": "/"}'
    response.headers["Content-Type"] = "application/json"
    return response


def test_a_text_body_of_requests_is_checked(conformance: Conformance) -> None:
    (finding,) = catch_error(conformance, build_requests_response('{"title": 7}')).diagnostics
    assert finding.location.pointer == "/title"


def test_a_project_that_cannot_be_compiled_raises(copy: Path) -> None:
    schema = copy / "schemas/session/sessionTime.schema.json"
    schema.write_text(schema.read_text("utf-8").replace('"integer"', '"integr"', 1), "utf-8")
    with pytest.raises(wirelock.ProjectError, match=r"sessionTime\.schema\.json"):
        Conformance(wirelock.load(copy))
