"""To whom a proxy lends the credentials of its environment, and over what it speaks with both sides."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from authority import Authority
from stage import Server, answer, answers, keeps, request, stage

from wirelock.api.proxy import between
from wirelock.diagnostics import Diagnostic
from wirelock.serve.net.tls import TlsEnds, TlsFiles
from wirelock.serve.proxy.inspection import Watch
from wirelock.serve.proxy.server import Ending, Proxy, served

TOKEN = "WIRELOCK_UPSTREAM_TOKEN"
URL = "http://127.0.0.1:1"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Somebody whom all sides trust."""
    return Authority(tmp_path)


def test_credentials_are_not_lent_beyond_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "t")
    assert isinstance(between(URL, "127.0.0.1:0"), tuple)
    for address in ("0.0.0.0:0", "[::]:0", "example.org:1"):
        found = between(URL, address)
        assert isinstance(found, Diagnostic) and found.code.id == "LISTEN_INVALID"
        assert "with our credentials" in found.message and "--tls-authority" in found.hint
    monkeypatch.delenv(TOKEN)
    assert isinstance(between(URL, "0.0.0.0:0"), tuple)


def test_tls_alone_tells_nobody_from_anybody(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    monkeypatch.setenv(TOKEN, "t")
    own = authority.pair("proxy")
    anybody = TlsEnds(TlsFiles("", own.certificate, own.key))
    assert isinstance(between(URL, "0.0.0.0:0", anybody), Diagnostic)
    assert isinstance(between(URL, "0.0.0.0:0", TlsEnds(own)), tuple)


def test_a_certificate_for_the_server_is_a_credential(authority: Authority) -> None:
    assert isinstance(between("https://h", "0.0.0.0:0", TlsEnds(upstream=authority.pair("proxy"))), Diagnostic)


def test_files_that_are_none(tmp_path: Path) -> None:
    for files in (TlsFiles("", "none.pem"), TlsFiles("", "none.pem", "none.key")):
        found = between(URL, "127.0.0.1:0", TlsEnds(files))
        assert isinstance(found, Diagnostic) and found.code.id == "LISTEN_INVALID"


def context(files: TlsFiles) -> ssl.SSLContext:
    """What a server speaks that wants certificates of its clients."""
    wanting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=files.authority)
    wanting.load_cert_chain(files.certificate, files.key)
    wanting.verify_mode = ssl.CERT_REQUIRED
    return wanting


def test_it_speaks_tls_with_both_sides(authority: Authority) -> None:
    """The client shows a certificate to the proxy, and the proxy one to the server."""
    own, other, client = (authority.pair(name) for name in ("proxy", "server", "client"))
    kept: list[bytes] = []

    async def run() -> bytes:
        server = await asyncio.start_server(Server(keeps(answer(), kept)).serve, "127.0.0.1", 0, ssl=context(other))
        port = server.sockets[0].getsockname()[1]
        ends = between(f"https://127.0.0.1:{port}", "127.0.0.1:0", TlsEnds(own, own))
        assert isinstance(ends, tuple)
        ending, listening = Ending(), asyncio.get_running_loop().create_future()
        running = asyncio.ensure_future(served(Proxy(*ends, Watch(None, None, None)), listening.set_result, ending))
        address: str = await listening
        assert address.startswith("https://127.0.0.1:")
        shown = ssl.create_default_context(cafile=client.authority)
        shown.load_cert_chain(client.certificate, client.key)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]), ssl=shown)
        writer.write(request("GET", "/a"))
        got = await reader.read()
        writer.close()
        ending.asked.set()
        await running
        server.close()
        return got

    assert asyncio.run(run()).endswith(b"\r\n\r\n[]")
    assert kept[0].startswith(b"GET /a HTTP/1.1\r\n")


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


async def asked(header: list[str]) -> tuple[bytes, int]:
    """What a POST with these header fields is answered, and how many requests the server got."""
    kept: list[bytes] = []
    async with stage(keeps(answer(), kept)) as running:
        got = await running.send(request("POST", "/session", "Content-Length: 2", *header, body=b"{}"))
    return got, len(kept)


@pytest.mark.parametrize("header", FOREIGN, ids=str)
def test_a_page_from_elsewhere_does_not_act_with_our_credentials(
    header: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "t")
    got, times = asyncio.run(asked(header))
    assert got.startswith(b"HTTP/1.1 403 ") and b"are not lent to pages from elsewhere" in got
    assert times == 0


@pytest.mark.parametrize("header", OWN, ids=str)
def test_programs_and_pages_of_the_server_itself_do(header: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "t")
    got, times = asyncio.run(asked(header))
    assert got.startswith(b"HTTP/1.1 200 ") and times == 1


def test_without_credentials_whoever_asks_is_the_servers_business() -> None:
    got, times = asyncio.run(asked(FOREIGN[0]))
    assert got.startswith(b"HTTP/1.1 200 ") and times == 1


@pytest.mark.parametrize("path", ["", "report"])
@pytest.mark.parametrize(("headers", "status"), [(FOREIGN, 403), (OWN, 200)], ids=["foreign", "own"])
def test_what_passes_is_shown_to_no_page_from_elsewhere(path: str, headers: list[list[str]], status: int) -> None:
    """With credentials or without: another page of this machine (another port) is of the same site, and is foreign."""

    async def run() -> list[bytes]:
        async with stage(answers(answer())) as running:
            return [await running.get(f"/__wirelock/{path}", *header) for header in headers]

    for header, got in zip(headers, asyncio.run(run()), strict=True):
        assert got.startswith(b"HTTP/1.1 %d " % status), header


def test_nor_is_it_streamed_to_one() -> None:
    async def run() -> bytes:
        async with stage(answers(answer())) as running:
            return await running.get("/__wirelock/events", "Sec-Fetch-Site: same-site")

    assert asyncio.run(run()).startswith(b"HTTP/1.1 403 ")
