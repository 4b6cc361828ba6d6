"""The address of a server: what is none is said before anything is dialled."""

from __future__ import annotations

from pathlib import Path

import pytest
from checkout import ROOT, configuration

from wirelock.api.proxy import proxy
from wirelock.api.record import record
from wirelock.api.serve import serve
from wirelock.api.verify_live import verify_live
from wirelock.diagnostics import Diagnostic
from wirelock.serve.net.upstream import Upstream, upstream

WRONG = [
    "http://[::1",
    "http://127.0.0.1:99999",
    "http://127.0.0.1:abc",
    "http://127.0.0.1:-1",
    "http://a:0",
    "http://a b",
    "http://a..b",
    "http://.",
    "http://" + "a" * 64,
    "http://a?",
    "http://a/b?",
    "http://a#",
]


@pytest.mark.parametrize("address", [*WRONG, "", "localhost:1", "ftp://a", "http://", "http://a?b", "http://a#b"])
def test_what_is_no_address_of_a_server_is_said(address: str) -> None:
    found = upstream(address, {})
    assert isinstance(found, Diagnostic) and found.code.id == "UPSTREAM_INVALID"


ADDRESSES = ["http://127.0.0.1:4096", "http://[::1]:1", "https://api.example/v1", "http://a/", "http://bücher.example"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_one(address: str) -> None:
    found = upstream(address, {})
    assert isinstance(found, Upstream) and found.url == address.rstrip("/")


@pytest.mark.parametrize("address", [*WRONG[:3], "http://a..b"])
def test_every_command_that_dials_says_so(address: str, tmp_path: Path) -> None:
    config = configuration(ROOT)
    reports = [
        serve(config, address, "127.0.0.1:0"),
        proxy(config, address, lambda listens: None),
        record(address, str(tmp_path / "a.har"), lambda listens: None),
        verify_live(config, address, {}),
    ]
    for report in reports:
        assert [one.code.id for one in report.diagnostics] == ["UPSTREAM_INVALID"] and report.exit_code == 2


def test_a_user_has_no_colon() -> None:
    """Where a password begins is said by the first one (RFC 7617, 2), so the server would see another user."""
    found = upstream("http://a", {"WIRELOCK_UPSTREAM_USER": "a:b", "WIRELOCK_UPSTREAM_PASSWORD": "secret"})
    assert isinstance(found, Diagnostic) and found.code.id == "UPSTREAM_CREDENTIALS"
    assert "WIRELOCK_UPSTREAM_USER" in found.message and "a:b" not in found.message + found.hint
    assert isinstance(upstream("http://a", {"WIRELOCK_UPSTREAM_PASSWORD": "a:b"}), Upstream)
