"""Detection of credentials in texts, in linear time."""

from __future__ import annotations

import time

import pytest

from wirelock.traffic.secrets import redact_credentials

SECRET = "s3cr3tVa1ue"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"curl -H 'Authorization: Bearer {SECRET}' /a", "curl -H '[redacted]' /a"),
        (f"you sent Authorization: Basic {SECRET}\nand", "you sent [redacted]\nand"),
        (f"Cookie: a={SECRET}; b={SECRET}", "[redacted]"),
        (f"it was Bearer {SECRET} here", "it was [redacted] here"),
        (f"1: see https://me:{SECRET}@h/a", "1: see https://[redacted]@h/a"),
        (f"API_KEY=sk-{SECRET}12\nnext", "API_KEY=[redacted]\nnext"),
        (f"(eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{SECRET})", "([redacted])"),
        (f"GET /a?refresh_token={SECRET} failed; see <a href='/b?x=1&amp;pwd={SECRET}'>it</a>",
         "GET /a?refresh_token=[redacted] failed; see <a href='/b?x=1&amp;pwd=[redacted]'>it</a>"),
        (f"/a?token='{SECRET}' failed", "/a?token=[redacted]' failed"),
        ("why? author=me, monkey&keyboard=1", "why? author=me, monkey&keyboard=1"),
        ("skateboarding-lessons and npm-check-updates", "skateboarding-lessons and npm-check-updates"),
    ],
)  # fmt: skip
def test_credentials_in_texts_are_redacted(text: str, shown: str) -> None:
    assert redact_credentials(text) == shown


@pytest.mark.parametrize(
    "unit",
    [
        "eyJaaaaaaaa-",
        "eyJaaaaaaaa.",
        "Bearer ",
        "cookie: ",
        "://a:",
        "-----BEGIN ",
        "sk-a ",
        "?a=",
        "?token=",
        "?tokens=",
        "?a",
        "?token",
    ],
)
def test_detection_takes_linear_time(unit: str) -> None:
    start = time.thread_time()
    redact_credentials(unit * (2**20 // len(unit)))
    assert time.thread_time() - start < 2
