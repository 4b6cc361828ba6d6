"""URLs of exchanges: redaction, path and query."""

from __future__ import annotations

import pytest

from wirelock.traffic.http.exchange import Exchange, parse_media_type
from wirelock.traffic.secrets import redact_url


def build_exchange(url: str) -> Exchange:
    """Build an exchange with this URL."""
    return Exchange("a.har", 0, "GET", url, 200, None, None)


@pytest.mark.parametrize(
    ("recorded", "shown"),
    [
        ("http://h/session?limit=5", "http://h/session?limit=5"),
        ("http://h/session?auth_token=abc&limit=5", "http://h/session?auth_token=[redacted]&limit=5"),
        ("/session?a=b;c&API_KEY=abc%20d", "/session?a=b;c&API_KEY=[redacted]"),
        ("/session?access%5ftoken=abc;def?g#top", "/session?access%5ftoken=[redacted]#top"),
        ("/callback#code=abc", "/callback#code=[redacted]"),
        ("/session?next=/login?signature=abc", "/session?next=/login?signature=[redacted]"),
        ("/session?keyboard=abc&monkey=abc", "/session?keyboard=abc&monkey=abc"),
        ("/session?max_tokens=5&require_auth=true", "/session?max_tokens=5&require_auth=true"),
        ("/session?max_tokens=abc&auth=yes", "/session?max_tokens=[redacted]&auth=[redacted]"),
        ("/session?token='abc d'e&x=1", "/session?token=[redacted]&x=1"),
        ("https://user:pass@h:1/session", "https://h:1/session"),
        ("//us@er:pass@h/session", "//h/session"),
        ("/session/a@b?mail=c@d", "/session/a@b?mail=c@d"),
    ],
)
def test_secrets_in_a_url_are_redacted(recorded: str, shown: str) -> None:
    assert redact_url(recorded) == shown


@pytest.mark.parametrize(
    "name",
    [
        *("auth_token", "token", "access_token", "api_key", "apikey", "key", "password", "secret", "code", "signature"),
        *("refresh_token", "client_secret", "id_token", "session_token", "passwd", "pwd", "X-Amz-Signature"),
        *("X-Amz-Security-Token", "accessToken", "ToKeN", "acc%65ss_token", "%74oken", "user%5Bpassword%5D", "tokens"),
    ],
)
def test_every_secret_parameter_name_is_redacted(name: str) -> None:
    assert redact_url(f"/a?x=1&{name}=abc") == f"/a?x=1&{name}=[redacted]"


@pytest.mark.parametrize(
    ("url", "path", "query"),
    [
        ("http://h:1/session/a%2Fb?x=1%202&y=&x=%C3%BC#z?", "/session/a%2Fb", (("x", "1 2"), ("y", ""), ("x", "ü"))),
        ("/session", "/session", ()),
        ("http://h", "/", ()),
        ("http://h?x=1", "/", (("x", "1"),)),
        ("http://[broken/session", "/session", ()),
    ],
)
def test_path_and_query_are_split(url: str, path: str, query: tuple[tuple[str, str], ...]) -> None:
    assert (build_exchange(url).path, build_exchange(url).query) == (path, query)


def test_the_first_known_media_type_is_returned() -> None:
    assert parse_media_type("x-unknown", "Text/HTML ; charset=utf-8", "a/b") == "text/html"
    assert parse_media_type("", "x-unknown") == ""
