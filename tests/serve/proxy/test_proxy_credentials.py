"""Credentials of the proxy: their policy, TLS on both sides, and requests of foreign pages."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from authority import CertificateAuthority
from running_proxy import ScriptedServer, build_request, build_response, record_requests, respond_with, run_proxy

from wirelock.api.proxy import resolve_endpoints
from wirelock.diagnostics import Diagnostic
from wirelock.serve.net.tls import TlsConfig, TlsFiles
from wirelock.serve.proxy.inspection import Inspector
from wirelock.serve.proxy.server import Proxy, ShutdownEvents, serve

TOKEN = "WIRELOCK_UPSTREAM_TOKEN"
URL = "http://127.0.0.1:1"


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    """Return a certificate authority that all sides trust."""
    return CertificateAuthority(tmp_path)


def test_credentials_are_added_for_local_clients_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "t")
    assert isinstance(resolve_endpoints(URL, "127.0.0.1:0"), tuple)
    for address in ("0.0.0.0:0", "[::]:0", "example.org:1"):
        diagnostic = resolve_endpoints(URL, address)
        assert isinstance(diagnostic, Diagnostic) and diagnostic.code.id == "CREDENTIALS_EXPOSED"
        assert "with our credentials" in diagnostic.message and "--tls-authority" in diagnostic.hint
    monkeypatch.delenv(TOKEN)
    assert isinstance(resolve_endpoints(URL, "0.0.0.0:0"), tuple)


def test_tls_without_client_certificates_does_not_authenticate(
    monkeypatch: pytest.MonkeyPatch, authority: CertificateAuthority
) -> None:
    monkeypatch.setenv(TOKEN, "t")
    own = authority.create_certificate("proxy")
    server_only = TlsConfig(TlsFiles("", own.certificate, own.key))
    assert isinstance(resolve_endpoints(URL, "0.0.0.0:0", server_only), Diagnostic)
    assert isinstance(resolve_endpoints(URL, "0.0.0.0:0", TlsConfig(own)), tuple)


def test_a_certificate_for_the_server_is_a_credential(authority: CertificateAuthority) -> None:
    assert isinstance(
        resolve_endpoints("https://h", "0.0.0.0:0", TlsConfig(upstream=authority.create_certificate("proxy"))),
        Diagnostic,
    )


def test_missing_files_are_reported(tmp_path: Path) -> None:
    for files in (TlsFiles("", "none.pem"), TlsFiles("", "none.pem", "none.key")):
        diagnostic = resolve_endpoints(URL, "127.0.0.1:0", TlsConfig(files))
        assert isinstance(diagnostic, Diagnostic) and diagnostic.code.id == "LISTEN_INVALID"


def build_tls_context(files: TlsFiles) -> ssl.SSLContext:
    """Return the TLS context of a server that requires client certificates."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=files.authority)
    context.load_cert_chain(files.certificate, files.key)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_both_connections_use_tls(authority: CertificateAuthority) -> None:
    """Client and proxy authenticate with certificates."""
    own, other, client = (authority.create_certificate(name) for name in ("proxy", "server", "client"))
    received: list[bytes] = []

    async def run() -> bytes:
        server = await asyncio.start_server(
            ScriptedServer(record_requests(build_response(), received)).serve,
            "127.0.0.1",
            0,
            ssl=build_tls_context(other),
        )
        port = server.sockets[0].getsockname()[1]
        ends = resolve_endpoints(f"https://127.0.0.1:{port}", "127.0.0.1:0", TlsConfig(own, own))
        assert isinstance(ends, tuple)
        shutdown, listening = ShutdownEvents(), asyncio.get_running_loop().create_future()
        serving = asyncio.ensure_future(
            serve(Proxy(*ends, Inspector(None, None, None)), listening.set_result, shutdown)
        )
        address: str = await listening
        assert address.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=client.authority)
        context.load_cert_chain(client.certificate, client.key)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]), ssl=context)
        writer.write(build_request("GET", "/a"))
        response = await reader.read()
        writer.close()
        shutdown.requested.set()
        await serving
        server.close()
        return response

    assert asyncio.run(run()).endswith(b"\r\n\r\n[]")
    assert received[0].startswith(b"GET /a HTTP/1.1\r\n")


FOREIGN = [
    ["Origin: https://evil.example", "Content-Type: text/plain"],
    ["Origin: http://localhost:3000"],
    ["Origin: null"],
    ["Origin: https://localhost"],
    ["Origin: http://localhost", "Origin: https://evil.example"],
    ["Sec-Fetch-Site: cross-site"],
    ["Sec-Fetch-Site: same-site"],
    ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: same-site"],
    ["Sec-Fetch-Site: anything-new"],
]
OWN = [[], ["Origin: http://localhost"], ["Sec-Fetch-Site: same-origin"], ["Sec-Fetch-Site: none"]]


async def post_with_headers(header: list[str]) -> tuple[bytes, int]:
    """Send a POST with header fields; return the response and the number of requests that the server received."""
    received: list[bytes] = []
    async with run_proxy(record_requests(build_response(), received)) as proxy:
        response = await proxy.send(build_request("POST", "/session", "Content-Length: 2", *header, body=b"{}"))
    return response, len(received)


@pytest.mark.parametrize("header", FOREIGN, ids=str)
def test_a_foreign_page_does_not_use_our_credentials(header: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "t")
    response, times = asyncio.run(post_with_headers(header))
    assert (
        response.startswith(b"HTTP/1.1 403 ") and b"adds its credentials only to requests of its own origin" in response
    )
    assert times == 0


@pytest.mark.parametrize("header", OWN, ids=str)
def test_programs_and_own_pages_use_our_credentials(header: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "t")
    response, times = asyncio.run(post_with_headers(header))
    assert response.startswith(b"HTTP/1.1 200 ") and times == 1


def test_without_credentials_foreign_pages_are_forwarded() -> None:
    response, times = asyncio.run(post_with_headers(FOREIGN[0]))
    assert response.startswith(b"HTTP/1.1 200 ") and times == 1


@pytest.mark.parametrize("path", ["", "report"])
@pytest.mark.parametrize(("headers", "status"), [(FOREIGN, 403), (OWN, 200)], ids=["foreign", "own"])
def test_a_foreign_page_cannot_read_the_live_page(path: str, headers: list[list[str]], status: int) -> None:
    """Another port of this machine is the same site but another origin."""

    async def run() -> list[bytes]:
        async with run_proxy(respond_with(build_response())) as proxy:
            return [await proxy.get(f"/__wirelock/{path}", *header) for header in headers]

    for header, response in zip(headers, asyncio.run(run()), strict=True):
        assert response.startswith(b"HTTP/1.1 %d " % status), header


def test_a_foreign_page_cannot_read_the_event_stream() -> None:
    async def run() -> bytes:
        async with run_proxy(respond_with(build_response())) as proxy:
            return await proxy.get("/__wirelock/events", "Sec-Fetch-Site: same-site")

    assert asyncio.run(run()).startswith(b"HTTP/1.1 403 ")
