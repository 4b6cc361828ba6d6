"""Secrets do not reach a recording; everything else does, as it was."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from wirelock.serve.passed import Message, Passed
from wirelock.serve.recording.redaction import Redaction
from wirelock.serve.upstream import Upstream

SECRET = "s3cr3t-va1ue"


def passed(
    url: str = "http://h/session", body: bytes = b"", media_type: str = "application/json", **headers: str
) -> Passed:
    fields = (("Content-Type", media_type), *((name.replace("_", "-"), value) for name, value in headers.items()))
    message = Message(fields, body, len(body))
    return Passed(0, datetime.now(UTC), "POST", url, message, 200, "OK", message)


@pytest.mark.parametrize(
    "name",
    ["Authorization", "authorization", "Cookie", "Set-Cookie", "X-Api-Key", "Proxy-Authorization", "X-Auth-Token"],
)
def test_header_fields_that_are_secret(name: str) -> None:
    redacted = Redaction()(passed(**{name: f"Bearer {SECRET}"}))
    assert SECRET not in repr(redacted)
    assert dict(redacted.request.headers)[name] == "[redacted]"


@pytest.mark.parametrize(
    "name", ["token", "access_token", "api_key", "refresh_token", "client%5Fsecret", "X-Amz-Signature", "password"]
)
def test_queries_and_forms(name: str) -> None:
    redacted = Redaction()(passed(f"http://h/a?x=1&{name}={SECRET}&y=2"))
    assert SECRET not in repr(redacted) and "?x=1&" in redacted.url and "&y=2" in redacted.url
    form = Redaction()(passed("http://h/a", f"user=a&{name}={SECRET}".encode(), "application/x-www-form-urlencoded"))
    assert form.request.body == f"user=a&{name}=[redacted]".encode()


def test_user_and_password_of_an_address() -> None:
    assert Redaction()(passed(f"http://me:{SECRET}@h/a")).url == "http://h/a"


@pytest.mark.parametrize(
    "body",
    [
        f'{{"apiKey": "{SECRET}", "n": 1.0}}',
        f'{{"pass\\u0077ord":"{SECRET}"}}',
        f'{{"a": [{{"access_token" : "{SECRET}"}}]',
        f'data: {{"password":"{SECRET}"}}\n\n',
        '{"note": "sk-abcdefghijklmnop1234"}',
        '{"jwt_like": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.s3cr3t-va1ue"}',
    ],
)
def test_texts_of_documents(body: str) -> None:
    redacted = Redaction()(passed(body=body.encode()))
    assert redacted.response.body is not None
    assert SECRET.encode() not in redacted.response.body and b"abcdefghijkl" not in redacted.response.body
    assert b"[redacted]" in redacted.response.body


@pytest.mark.parametrize(
    "body", [b'{"key": "ctrl+c", "tokens": 3, "id": "ses_1", "n": 1.0, "a" : 1, "a": 2}', b"\xff!", b"{"]
)
def test_what_is_no_secret_stays_byte_for_byte(body: bytes) -> None:
    assert Redaction()(passed(body=body)).response.body == body


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"error": f"bad header Authorization: Bearer {SECRET}"}, {"error": "bad header [redacted]"}),
        ({"error": f"you sent Basic {SECRET} again"}, {"error": "you sent [redacted] again"}),
        ({"id": f"Bearer {SECRET}"}, {"id": "[redacted]"}),
        ({"password": 4711, "n": 4711}, {"password": 0, "n": 4711}),
        ({"tokens": ["ghp_abcdefghijklmnop", "short"]}, {"tokens": ["[redacted]", "[redacted]"]}),
        ({"tokens": {"input": 12, "cache": {"read": 3}}, "id": f"Bearer {SECRET}"},
         {"tokens": {"input": 12, "cache": {"read": 3}}, "id": "[redacted]"}),
        ({"token": {"value": SECRET}}, {"token": {"value": "[redacted]"}}),
        ({"auth": {"a": [{"b": SECRET, "c": 7}], "on": True, "none": None}},
         {"auth": {"a": [{"b": "[redacted]", "c": 0}], "on": True, "none": None}}),
        ({"cookies": {"sid": SECRET}}, {"cookies": {"sid": "[redacted]"}}),
        ({"list": ["sk-abcdefghijklmnopqrst"]}, {"list": ["[redacted]"]}),
        ({"headers": [{"name": "X-Api-Key", "value": SECRET}]}, {"headers": [{"name": "X-Api-Key", "value": "[redacted]"}]}),
        ({"sk-abcdefghijklmnopqrst": 1}, {"[redacted]": 1}),
        ("sk-abcdefghijklmnopqrst", "[redacted]"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("media_type", ["application/json", "application/problem+json", "text/plain", ""])
def test_secrets_anywhere_in_a_document(value: object, written: object, media_type: str) -> None:
    redacted = Redaction()(passed(body=json.dumps(value).encode(), media_type=media_type)).response.body
    assert redacted is not None and json.loads(redacted) == written


@pytest.mark.parametrize(
    ("media_type", "body", "written"),
    [
        ("text/plain", f"API_KEY=sk-abcdefghijklmnop\npassword={SECRET}\n", "API_KEY=[redacted]\npassword=[redacted]\n"),
        ("text/plain", f"secret: '{SECRET}', n: 1", "secret: '[redacted]', n: 1"),
        ("text/plain", f"you sent Authorization: Basic {SECRET}", "you sent [redacted]"),
        ("application/json", f"{{'password':'{SECRET}'}}", "{'password':'[redacted]'}"),
        ("application/json", f'{{"pass\\u0077ord": "{SECRET}", "pin', '{"pass\\u0077ord": "[redacted]", "pin'),
        ("application/x-ndjson", f'{{"token":"{SECRET}"}}\n{{"a" : 1}}\n', '{"token":"[redacted]"}\n{"a" : 1}\n'),
        ("application/x-www-form-urlencoded; charset=utf-8", f"a=Bearer+{SECRET}&b=1", "a=[redacted]&b=1"),
        ("text/event-stream", f'data: {{"password":\ndata: "{SECRET}"}}\n\n', 'data: {"password":"[redacted]"}\n\n'),
        ("text/event-stream", f'data: 1\n\ndata: {{"auth":{{"a":"{SECRET}', "data: 1\n\n"),
        ("text/event-stream", ": comment\n\ndata:1\n\n", ": comment\n\ndata:1\n\n"),
    ],
)  # fmt: skip
def test_secrets_of_other_texts(media_type: str, body: str, written: str) -> None:
    redacted = Redaction()(passed(body=body.encode(), media_type=media_type)).response.body
    assert redacted == written.encode()


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", json.dumps({"password": SECRET}).encode("utf-16")),
        ("application/json", json.dumps({"password": SECRET}).encode("utf-16-be")),
        ("text/plain; charset=utf-7", f"password+AD0-{SECRET}".encode()),
        ("multipart/form-data; boundary=x", f'--x\r\nname="token"\r\n\r\n{SECRET}\r\n--x--'.encode()),
        ("application/json", f'{{"auth":{{"a":"{SECRET}"'.encode()),
    ],
)
def test_bodies_in_which_secrets_are_not_found_are_left_out(media_type: str, body: bytes) -> None:
    redaction = Redaction()
    response = redaction(passed(body=body, media_type=media_type)).response
    assert response.body is None and response.size == len(body)
    assert redaction.left_out.by_kind == 2


def test_the_credentials_of_the_server_are_redacted_wherever_it_repeats_them() -> None:
    upstream = Upstream("http://h", f"Bearer {SECRET}")
    for body, media_type in (
        (json.dumps({"said": f"<{SECRET}>", SECRET: 1}).encode(), "application/json"),
        (f"say {SECRET}".encode(), "text/html"),
        (b"\xff\xd8" + SECRET.encode(), "image/jpeg"),
    ):
        redacted = Redaction((), upstream.redacted)(passed(f"http://h/{SECRET}", body, media_type, X_Echo=SECRET))
        assert SECRET not in repr(redacted)


HOSTILE = {
    "escapes in a text": '["' + '\\"' * 2**19 + '"]',
    "an open text": '["' + '\\"' * 2**19,
    "names and no end": '{"a":' * 2**17,
    "almost tokens": json.dumps(["eyJaaaaaaaa-" * 2**16]),
    "open almost tokens": '["' + "eyJaaaaaaaa-" * 2**16,
    "one word": "a" * 2**20,
    "many texts": json.dumps(["Bearer"] * 2**17),
    "blanks": '"a"' + " " * 2**20 + "x",
}


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "text/event-stream"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_megabyte_takes_no_time(name: str, media_type: str) -> None:
    body = HOSTILE[name].encode()
    one = Passed(
        0, datetime.now(UTC), "GET", "http://h/a", status=200, response=Message((("Content-Type", media_type),), body)
    )
    begun = time.thread_time()
    Redaction()(one)
    assert time.thread_time() - begun < 2


def test_paths_of_the_configuration_keep_the_type() -> None:
    redaction = Redaction(["$.user.email", "$..n", "$.list[*]"])
    body = json.dumps({"user": {"email": "a@b"}, "n": 7, "list": [{"x": "y", "z": True}], "rest": "stays"}).encode()
    redacted = redaction(passed(body=body)).response.body
    assert redacted is not None
    assert json.loads(redacted) == {
        "user": {"email": "[redacted]"}, "n": 0, "list": [{"x": "[redacted]", "z": False}], "rest": "stays",
    }  # fmt: skip


def test_paths_reach_into_events() -> None:
    redacted = Redaction(["$.email"])(
        passed(body=b'event: a\ndata: {"email":"a@b"}\n\n', media_type="text/event-stream")
    )
    assert redacted.response.body == b'event: a\ndata: {"email":"[redacted]"}\n\n'


def test_a_body_in_which_the_paths_cannot_be_found_is_left_out() -> None:
    redacted = Redaction(["$.email"])(passed(body=b'{"email":"a@b"'))
    assert redacted.response.body is None and redacted.response.size == 14
