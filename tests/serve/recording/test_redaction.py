"""Secrets do not reach a recording; everything else does, as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from wirelock.serve.passed import Message, Passed
from wirelock.serve.recording.redaction import Redaction

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
    "body", [b'{"key": "ctrl+c", "tokens": 3, "id": "ses_1", "n": 1.0, "a" : 1, "a": 2}', b"\xff\x00", b"{"]
)
def test_what_is_no_secret_stays_byte_for_byte(body: bytes) -> None:
    assert Redaction()(passed(body=body)).response.body == body


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
