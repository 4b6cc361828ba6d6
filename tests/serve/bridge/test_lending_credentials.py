"""To whom a bridge lends the credentials of its environment: by the rule that a proxy has."""

from __future__ import annotations

from pathlib import Path

import pytest
from authority import Authority

from wirelock.api.serve import between
from wirelock.diagnostics import Diagnostic
from wirelock.serve.net.tls import NO_TLS, TlsFiles

TOKEN = "WIRELOCK_UPSTREAM_TOKEN"
URL = "http://127.0.0.1:1"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Somebody whom all sides trust."""
    return Authority(tmp_path)


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "example.org:1"])
def test_credentials_are_not_lent_beyond_this_machine(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert isinstance(between(URL, address), tuple)
    monkeypatch.setenv(TOKEN, "t0ken")
    found = between(URL, address)
    assert isinstance(found, Diagnostic) and found.code.id == "LISTEN_INVALID"
    assert found.message == f"whoever reaches {address} would call the server with our credentials"
    assert "--tls-authority" in found.hint and "bring" not in found.hint  # nobody can bring any
    assert isinstance(between(URL, "127.0.0.1:0"), tuple)


def test_tls_alone_tells_nobody_from_anybody(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    monkeypatch.setenv(TOKEN, "t0ken")
    own = authority.pair("bridge")
    assert isinstance(between(URL, "0.0.0.0:0", NO_TLS, TlsFiles("", own.certificate, own.key)), Diagnostic)
    assert isinstance(between(URL, "0.0.0.0:0", NO_TLS, own), tuple)


def test_a_certificate_for_the_server_is_a_credential(authority: Authority) -> None:
    own = authority.pair("bridge")
    assert isinstance(between("https://h", "0.0.0.0:0", own), Diagnostic)
    assert isinstance(between("https://h", "0.0.0.0:0", own, own), tuple)
