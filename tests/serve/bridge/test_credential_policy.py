"""The credential policy of the bridge."""

from __future__ import annotations

from pathlib import Path

import pytest
from authority import CertificateAuthority

from wirelock.api.serve import resolve_endpoints
from wirelock.diagnostics import Diagnostic
from wirelock.serve.net.tls import NO_TLS, TlsFiles

TOKEN = "WIRELOCK_UPSTREAM_TOKEN"
URL = "http://127.0.0.1:1"


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    """The authority that all peers trust."""
    return CertificateAuthority(tmp_path)


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "example.org:1"])
def test_remote_clients_do_not_get_credentials(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert isinstance(resolve_endpoints(URL, address), tuple)
    monkeypatch.setenv(TOKEN, "t0ken")
    diagnostic = resolve_endpoints(URL, address)
    assert isinstance(diagnostic, Diagnostic) and diagnostic.code.id == "CREDENTIALS_EXPOSED"
    assert diagnostic.message == f"every client that reaches {address} could call the server with our credentials"
    assert (
        "--tls-authority" in diagnostic.hint and "bring" not in diagnostic.hint
    )  # a bridge forwards no credentials of clients
    assert isinstance(resolve_endpoints(URL, "127.0.0.1:0"), tuple)


def test_tls_without_client_certificates_does_not_authenticate(
    monkeypatch: pytest.MonkeyPatch, authority: CertificateAuthority
) -> None:
    monkeypatch.setenv(TOKEN, "t0ken")
    own = authority.create_certificate("bridge")
    assert isinstance(resolve_endpoints(URL, "0.0.0.0:0", NO_TLS, TlsFiles("", own.certificate, own.key)), Diagnostic)
    assert isinstance(resolve_endpoints(URL, "0.0.0.0:0", NO_TLS, own), tuple)


def test_a_certificate_for_the_server_is_a_credential(authority: CertificateAuthority) -> None:
    own = authority.create_certificate("bridge")
    assert isinstance(resolve_endpoints("https://h", "0.0.0.0:0", own), Diagnostic)
    assert isinstance(resolve_endpoints("https://h", "0.0.0.0:0", own, own), tuple)
