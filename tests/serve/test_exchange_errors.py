"""Descriptions of errors that real connections raise."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest

from wirelock.serve.net.errors import describe_error


def describe_failure(url: str) -> str:
    """Describe the error of a request to a URL."""

    async def run() -> str:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientError) as caught:
                async with session.get(url) as response:
                    await response.read()
            return describe_error(caught.value)

    return asyncio.run(run())


def describe_response(text: bytes, scheme: str = "http") -> str:
    """Describe the error of a response from a server that sends this and closes."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(text)
        writer.close()

    async def run() -> str:
        server = await asyncio.start_server(script, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            return await asyncio.to_thread(describe_failure, f"{scheme}://127.0.0.1:{port}/")
        finally:
            server.close()

    return asyncio.run(run())


def test_a_refused_connection_does_not_mention_tls() -> None:
    with socket.socket() as unbound:
        unbound.bind(("127.0.0.1", 0))  # bound, but not listening
        assert describe_failure(f"http://127.0.0.1:{unbound.getsockname()[1]}/") == "connection refused"


def test_an_unknown_host() -> None:
    description = describe_failure("http://nowhere.invalid/")
    assert "nowhere" not in description and "ssl" not in description and description == description.lower()


def test_text_of_the_server_is_not_shown() -> None:
    assert describe_response(b"token=hunter2\r\n\r\n") == "it sent invalid HTTP/1.1"
    assert (
        describe_response(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhunter2")
        == "its body ends early or is malformed"
    )
    assert describe_response(b"") == "it closed the connection"


def test_http_instead_of_tls() -> None:
    description = describe_response(b"HTTP/1.1 200 OK\r\n\r\n", "https")
    assert "ssl" in description and "127.0.0.1" not in description
