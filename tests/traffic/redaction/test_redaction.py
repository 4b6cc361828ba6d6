"""Redaction of secrets in recordings."""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.parse
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from wirelock.traffic.http.captured import CapturedExchange, CapturedMessage
from wirelock.traffic.redaction.exchanges import Redaction

SECRET = "s3cr3t-va1ue"


def capture(
    url: str = "http://h/session",
    body: bytes = b"",
    media_type: str = "application/json",
    headers: dict[str, str] | None = None,
) -> CapturedExchange:
    """Build an exchange; request and response have the same headers and body."""
    fields = (("Content-Type", media_type), *(headers or {}).items())
    message = CapturedMessage(fields, body, len(body))
    return CapturedExchange(0, datetime.now(UTC), "POST", url, message, 200, "OK", message)


@pytest.mark.parametrize(
    "name",
    ["Authorization", "authorization", "Cookie", "Set-Cookie", "X-Api-Key", "Proxy-Authorization", "X-Auth-Token"],
)
def test_secret_header_fields_are_redacted(name: str) -> None:
    redacted = Redaction()(capture(headers={name: f"Bearer {SECRET}"}))
    assert SECRET not in repr(redacted)
    assert dict(redacted.request.headers)[name] == "[redacted]"


@pytest.mark.parametrize(
    "name", ["token", "access_token", "api_key", "refresh_token", "client%5Fsecret", "X-Amz-Signature", "password"]
)
def test_secrets_in_queries_and_forms_are_redacted(name: str) -> None:
    redacted = Redaction()(capture(f"http://h/a?x=1&{name}={SECRET}&y=2"))
    assert SECRET not in repr(redacted) and "?x=1&" in redacted.url and "&y=2" in redacted.url
    form = Redaction()(capture("http://h/a", f"user=a&{name}={SECRET}".encode(), "application/x-www-form-urlencoded"))
    assert form.request.body == f"user=a&{name}=[redacted]".encode()


@pytest.mark.parametrize(
    "name", ["refresh_token", "client_secret", "id_token", "X-Amz-Signature", "acc%65ss_token", "code"]
)
def test_secret_parameters_of_urls_are_redacted_everywhere(name: str) -> None:
    """Secret parameters are redacted in header fields and documents as in the request URL."""
    url = f"http://h/cb?x=1&{name}={SECRET}&y=2"
    body = json.dumps({"next": url, "log": f"GET {url} failed"}).encode()
    redacted = Redaction()(capture(url, body, headers={"Location": url, "Referer": url.replace("?", "#")}))
    assert SECRET not in repr(redacted) and redacted.response.body is not None
    shown = url.replace(SECRET, "[redacted]")
    assert json.loads(redacted.response.body) == {"next": shown, "log": f"GET {shown} failed"}
    assert dict(redacted.response.headers)["Location"] == shown


def test_user_and_password_of_a_url_are_removed() -> None:
    assert Redaction()(capture(f"http://me:{SECRET}@h/a")).url == "http://h/a"


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
def test_secret_strings_of_documents_are_redacted(body: str) -> None:
    redacted = Redaction()(capture(body=body.encode()))
    assert redacted.response.body is not None
    assert SECRET.encode() not in redacted.response.body and b"abcdefghijkl" not in redacted.response.body
    assert b"[redacted]" in redacted.response.body


@pytest.mark.parametrize(
    "text",
    [
        "Enter your password:\nThe token was read; a key of the map, the author: me.",
        "tokens: 12, max_tokens=4096, cookies: 3/4",
        "auth: true, token = null, 'secret': None, password: ''",
        "https://h/a:b?x=1&keyboard=c#d=e 12:30 a=b a == b",
        "const { token } = await session; keyboard=3; key: string",
    ],
)
def test_ordinary_texts_are_unchanged(text: str) -> None:
    body = json.dumps({"log": [text]}, indent=1).encode()
    assert Redaction()(capture(body=body)).response.body == body


@pytest.mark.parametrize(
    "body", [b'{"key": "ctrl+c", "tokens": 3, "id": "ses_1", "n": 1.0, "a" : 1, "a": 2}', b"\xff!", b"{"]
)
def test_documents_without_secrets_are_unchanged(body: bytes) -> None:
    assert Redaction()(capture(body=body)).response.body == body


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
def test_secrets_are_redacted_anywhere_in_a_document(value: object, written: object, media_type: str) -> None:
    redacted = Redaction()(capture(body=json.dumps(value).encode(), media_type=media_type)).response.body
    assert redacted is not None and json.loads(redacted) == written


@pytest.mark.parametrize(
    ("media_type", "body", "written"),
    [
        ("text/plain", f"API_KEY=sk-abcdefghijklmnop\npassword={SECRET}\n", "API_KEY=[redacted]\npassword=[redacted]\n"),
        ("text/plain", f"secret: '{SECRET}', n: 1", "secret: '[redacted]', n: 1"),
        ("text/plain", f"you sent Authorization: Basic {SECRET}", "you sent [redacted]"),
        ("text/plain", f"log: password={SECRET} failed", "log: password=[redacted] failed"),
        ("application/json", f"{{'password':'{SECRET}'}}", "{'password':'[redacted]'}"),
        ("application/json", f'{{"pass\\u0077ord": "{SECRET}", "pin', '{"pass\\u0077ord": "[redacted]", "pin'),
        ("application/x-ndjson", f'{{"token":"{SECRET}"}}\n{{"a" : 1}}\n', '{"token":"[redacted]"}\n{"a" : 1}\n'),
        ("application/x-www-form-urlencoded; charset=utf-8", f"a=Bearer+{SECRET}&b=1", "a=[redacted]&b=1"),
        ("text/event-stream", f'data: {{"password":\ndata: "{SECRET}"}}\n\n', 'data: {"password":"[redacted]"}\n\n'),
        ("text/event-stream", f'data: 1\n\ndata: {{"auth":{{"a":"{SECRET}', "data: 1\n\n"),
        ("text/event-stream", ": comment\n\ndata:1\n\n", ": comment\n\ndata:1\n\n"),
    ],
)  # fmt: skip
def test_secrets_are_redacted_in_other_formats(media_type: str, body: str, written: str) -> None:
    redacted = Redaction()(capture(body=body.encode(), media_type=media_type)).response.body
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
def test_unsearchable_bodies_are_omitted(media_type: str, body: bytes) -> None:
    redaction = Redaction()
    response = redaction(capture(body=body, media_type=media_type)).response
    assert response.body is None and response.size == len(body)
    assert redaction.omitted_bodies.by_kind == 2


def test_echoed_credentials_are_redacted_everywhere() -> None:
    for body, media_type in (
        (json.dumps({"said": f"<{SECRET}>", SECRET: 1}).encode(), "application/json"),
        (f"say {SECRET}".encode(), "text/html"),
        (b"\xff\xd8" + SECRET.encode(), "image/jpeg"),
    ):
        redacted = Redaction((), f"Bearer {SECRET}")(
            capture(f"http://h/{SECRET}", body, media_type, {"X-Echo": SECRET})
        )
        assert SECRET not in repr(redacted)


ODD = 'p/w "d+1=\u00e9'
PAIR = base64.b64encode(f"me:{ODD}".encode()).decode()
FORMS = {
    "as it is": ODD,
    "in a path": urllib.parse.quote(ODD),
    "in a parameter": urllib.parse.quote(ODD, safe=""),
    "in a form": urllib.parse.quote_plus(ODD),
    "by a browser": urllib.parse.quote(ODD, safe="!~*'()"),
    "in lower case": re.sub("%..", lambda match: match[0].lower(), urllib.parse.quote(ODD)),
    "in JSON": json.dumps(ODD)[1:-1],
    "in JSON of PHP": json.dumps(ODD)[1:-1].replace("/", "\\/"),
    "in JSON as UTF-8": json.dumps(ODD, ensure_ascii=False)[1:-1],
    "in base64": PAIR,
    "in base64 without padding": PAIR.rstrip("="),
    "in URL-safe base64": base64.urlsafe_b64encode(f"me:{ODD}".encode()).decode(),
}


@pytest.mark.parametrize("media_type", ["application/json", "text/html", "image/jpeg"])
@pytest.mark.parametrize("sender", ["proxy", "client"])
@pytest.mark.parametrize("form", FORMS)
def test_echoed_credentials_are_redacted_in_every_encoding(form: str, sender: str, media_type: str) -> None:
    """An echo of credentials is not recorded, whether the client or the proxy sent them."""
    echo = FORMS[form]
    body = json.dumps({"said": f"<{echo}>", echo: 1}) if media_type == "application/json" else f"say {echo}!"
    authorization, headers = ("Basic " + PAIR, {}) if sender == "proxy" else ("", {"Authorization": "Basic " + PAIR})
    exchange = capture(body=body.encode(), media_type=media_type, headers=headers)
    response = replace(exchange.response, headers=(*exchange.response.headers, ("X-Echo", f"<{echo}>")))
    redacted = Redaction((), authorization)(replace(exchange, url=f"http://h/a/{echo}", response=response))
    assert dict(redacted.response.headers)["X-Echo"].rstrip("=>") == "<[redacted]"
    assert redacted.url.rstrip("=") == "http://h/a/[redacted]"
    assert redacted.response.body is not None
    assert b"[redacted]" in redacted.response.body and echo.rstrip("=").encode() not in redacted.response.body
    if media_type == "application/json":
        assert [*json.loads(redacted.response.body)] == ["said", redacted.url[len("http://h/a/") :]]


@pytest.mark.parametrize("password", ["test", "pw", "éé", "x"])
def test_short_credentials_of_the_proxy_are_redacted(password: str) -> None:
    authorization = "Basic " + base64.b64encode(f"me:{password}".encode()).decode()
    body = json.dumps({"echo": password, password: [password], "log": json.dumps({"a": password})}, ensure_ascii=False)
    redacted = Redaction((), authorization)(capture(body=body.encode())).response.body
    assert redacted is not None
    assert json.loads(redacted) == {
        "echo": "[redacted]", "[redacted]": ["[redacted]"], "log": '{"a":"[redacted]"}',
    }  # fmt: skip


def test_echoed_keys_and_cookies_are_redacted_unless_short() -> None:
    fields = {"X-Api-Key": "k3y-of-mine", "Cookie": "theme=dark; sid=abc%20defghi; n=12345678"}
    body = b'{"a":"<k3y-of-mine>","b":"abc defghi","c":12345678,"d":"dark","e":123456789}'
    redacted = Redaction()(capture(body=body, headers=fields)).response.body
    assert redacted == b'{"a":"<[redacted]>","b":"[redacted]","c":0,"d":"dark","e":123456789}'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (f'{{"token": "{SECRET}", "n": 1}}', '{"token":"[redacted]","n":1}'),
        (f'[{{"a": {{"password" : "{SECRET}"}}}}]', '[{"a":{"password":"[redacted]"}}]'),
        (json.dumps(json.dumps({"token": SECRET})), json.dumps('{"token":"[redacted]"}')),
        ('{"n": 1,  "tokens": 3}', '{"n": 1,  "tokens": 3}'),
        (f'sent {{"token": "{SECRET}", "n": 1}} twice', 'sent {"token": "[redacted]", "n": 1} twice'),
        (f'sent {{"log": "{{\\"token\\":\\"{SECRET}\\"}}"}}', 'sent {"log": "{\\"token\\":\\"[redacted]\\"}"}'),
        (f'sent {{"token": "a\\"{SECRET}", "pin', 'sent {"token": "[redacted]", "pin'),
        (f'sent {{"token": "{SECRET}', 'sent {"token": "[redacted]'),
        ('sent {"password": 4711, "tokens": 12}', 'sent {"password": 0, "tokens": 12}'),
        (f'sent {{"auth": {{"a": "{SECRET}"}}}}', "[redacted]"),
        ('the "token": next', 'the "token": [redacted]'),
        (f'"password"\n:"{SECRET}"', '"password"\n:"[redacted]"'),
        (f'sent {{"password"\t:\n"{SECRET}"}}', 'sent {"password"\t:\n"[redacted]"}'),
        (f"password={SECRET} failed", "password=[redacted] failed"),
        (f"log: password={SECRET} failed", "log: password=[redacted] failed"),
        (f"$env:API_KEY={SECRET}", "$env:API_KEY=[redacted]"),
        (f"# of mine\nAPI_KEY={SECRET}\nDEBUG=1\nexport DB_PASSWORD='{SECRET} x'\n",
         "# of mine\nAPI_KEY=[redacted]\nDEBUG=1\nexport DB_PASSWORD='[redacted]'\n"),
        (f"{{'password': '{SECRET}', 'n': 1}}", "{'password': '[redacted]', 'n': 1}"),
        (f"{{'password': 'it\\'s {SECRET}', 'n': 1}}", "{'password': '[redacted]', 'n': 1}"),
        (f"{{'password': \"it's {SECRET}\"}}", "{'password': \"[redacted]\"}"),
        (f"{{'auth': {{'a': '{SECRET}'}}}}", "[redacted]"),
        (f"array('password' => '{SECRET}')", "array('password' => '[redacted]')"),
        (f'sh -c "export TOKEN=\\"{SECRET}\\""', 'sh -c "export TOKEN=\\"[redacted]\\""'),
        (f"password: {SECRET}", "password: [redacted]"),
        ('{"open', '{"open'),
    ],
)  # fmt: skip
def test_secrets_in_json_within_a_string_are_redacted(text: str, written: str) -> None:
    redacted = Redaction()(capture(body=json.dumps({"log": [text]}).encode())).response.body
    assert redacted is not None and json.loads(redacted) == {"log": [written]}
    url = Redaction()(capture(f"http://h/a?log={urllib.parse.quote(text)}")).url
    assert SECRET not in urllib.parse.unquote(url) and ("[redacted]" in url) == (text != written)


def nest_documents(depth: int) -> str:
    """Nest documents as strings in documents."""
    text = "a" * 2**18
    for _ in range(depth):
        text = json.dumps([text, '"'])
    return text


SLOW_BODIES = {
    "escapes in a text": '["' + '\\"' * 2**19 + '"]',
    "an open text": '["' + '\\"' * 2**19,
    "names and no end": '{"a":' * 2**17,
    "almost tokens": json.dumps(["eyJaaaaaaaa-" * 2**16]),
    "open almost tokens": '["' + "eyJaaaaaaaa-" * 2**16,
    "one word": "a" * 2**20,
    "many texts": json.dumps(["Bearer"] * 2**17),
    "JSON in JSON": json.dumps('{"a":' * 2**17),
    "members without an end": json.dumps('"token":"' * 2**16),
    "members of every depth": json.dumps(
        "".join("\\" * depth + '"token' + "\\" * depth + '":' for depth in range(700))
    ),
    "JSON in JSON in JSON": nest_documents(12),
    "values without an end": json.dumps("token='" * 2**17),
    "values in escaped quotes": json.dumps('token=\\"' * 2**16),
    "assigned and assigned again": json.dumps("token=" * 2**17),
    "numbers of tokens": json.dumps("tokens=1" * 2**17),
    "backslashes": json.dumps("token" + "\\" * 2**19),
    "names in quotes": json.dumps("'token':" * 2**17),
    "blanks": '"a"' + " " * 2**20 + "x",
}


@pytest.mark.long
@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "text/event-stream"])
@pytest.mark.parametrize("name", SLOW_BODIES)
def test_redaction_takes_linear_time(name: str, media_type: str) -> None:
    body = SLOW_BODIES[name].encode()
    exchange = CapturedExchange(
        0,
        datetime.now(UTC),
        "GET",
        "http://h/a",
        status=200,
        response=CapturedMessage((("Content-Type", media_type),), body),
    )
    start = time.thread_time()
    Redaction()(exchange)
    assert time.thread_time() - start < 2


def test_configured_paths_keep_the_json_type() -> None:
    redaction = Redaction(["$.user.email", "$..n", "$.list[*]"])
    body = json.dumps({"user": {"email": "a@b"}, "n": 7, "list": [{"x": "y", "z": True}], "rest": "stays"}).encode()
    redacted = redaction(capture(body=body)).response.body
    assert redacted is not None
    assert json.loads(redacted) == {
        "user": {"email": "[redacted]"}, "n": 0, "list": [{"x": "[redacted]", "z": False}], "rest": "stays",
    }  # fmt: skip


def test_configured_paths_match_in_events() -> None:
    redacted = Redaction(["$.email"])(
        capture(body=b'event: a\ndata: {"email":"a@b"}\n\n', media_type="text/event-stream")
    )
    assert redacted.response.body == b'event: a\ndata: {"email":"[redacted]"}\n\n'


def test_a_body_that_paths_cannot_search_is_omitted() -> None:
    redacted = Redaction(["$.email"])(capture(body=b'{"email":"a@b"'))
    assert redacted.response.body is None and redacted.response.size == 14
