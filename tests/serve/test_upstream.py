"""Addresses of servers are validated before a connection is opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from checkout import ROOT, load_config

from wirelock.api.project import Project
from wirelock.api.proxy import proxy
from wirelock.api.record import record
from wirelock.api.serve import serve
from wirelock.api.verify_live import verify_live
from wirelock.diagnostics import Diagnostic
from wirelock.serve.net.upstream import Upstream, resolve_upstream

INVALID = [
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


@pytest.mark.parametrize("address", [*INVALID, "", "localhost:1", "ftp://a", "http://", "http://a?b", "http://a#b"])
def test_an_invalid_address_is_rejected(address: str) -> None:
    resolved = resolve_upstream(address, {})
    assert isinstance(resolved, Diagnostic) and resolved.code.id == "UPSTREAM_INVALID"


ADDRESSES = ["http://127.0.0.1:4096", "http://[::1]:1", "https://api.example/v1", "http://a/", "http://bücher.example"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_valid_address_is_accepted(address: str) -> None:
    resolved = resolve_upstream(address, {})
    assert isinstance(resolved, Upstream) and resolved.url == address.rstrip("/")


@pytest.mark.parametrize("address", [*INVALID[:3], "http://a..b"])
def test_every_command_with_an_upstream_reports_it(address: str, tmp_path: Path) -> None:
    config = load_config(ROOT)
    reports = [
        serve(Project(config), address, "127.0.0.1:0"),
        proxy(Project(config), address, lambda address: None),
        record(address, str(tmp_path / "a.har"), lambda address: None),
        verify_live(Project(config), address, {}),
    ]
    for report in reports:
        assert [diagnostic.code.id for diagnostic in report.diagnostics] == [
            "UPSTREAM_INVALID"
        ] and report.exit_code == 2


def test_a_user_has_no_colon() -> None:
    """The first colon begins the password (RFC 7617, section 2), so the server would see another user."""
    resolved = resolve_upstream("http://a", {"WIRELOCK_UPSTREAM_USER": "a:b", "WIRELOCK_UPSTREAM_PASSWORD": "secret"})
    assert isinstance(resolved, Diagnostic) and resolved.code.id == "UPSTREAM_CREDENTIALS"
    assert "WIRELOCK_UPSTREAM_USER" in resolved.message and "a:b" not in resolved.message + resolved.hint
    assert isinstance(resolve_upstream("http://a", {"WIRELOCK_UPSTREAM_PASSWORD": "a:b"}), Upstream)
