"""What people read where a server did not answer, from the errors that real connections raise."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest

from wirelock.serve.net.errors import reason


def failure(url: str) -> str:
    """The words for what asking an address raises."""

    async def run() -> str:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientError) as caught:
                async with session.get(url) as answer:
                    await answer.read()
            return reason(caught.value)

    return asyncio.run(run())


def served(text: bytes, scheme: str = "http") -> str:
    """The words where a server sends this, and closes."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(text)
        writer.close()

    async def run() -> str:
        server = await asyncio.start_server(script, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            return await asyncio.to_thread(failure, f"{scheme}://127.0.0.1:{port}/")
        finally:
            server.close()

    return asyncio.run(run())


def test_a_connection_that_is_refused_says_nothing_of_tls() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening
        assert failure(f"http://127.0.0.1:{taken.getsockname()[1]}/") == "connection refused"


def test_a_name_that_nobody_knows() -> None:
    words = failure("http://nowhere.invalid/")
    assert "nowhere" not in words and "ssl" not in words and words == words.lower()


def test_what_a_server_sends_is_not_repeated() -> None:
    assert served(b"token=hunter2\r\n\r\n") == "what it sent is no HTTP/1.1"
    assert served(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhunter2") == "its body ends early or is malformed"
    assert served(b"") == "it closed the connection"


def test_http_where_tls_is_wanted() -> None:
    words = served(b"HTTP/1.1 200 OK\r\n\r\n", "https")
    assert "ssl" in words and "127.0.0.1" not in words
