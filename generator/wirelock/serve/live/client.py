"""One call of a live server as an exchange, bounded in time and size."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import aiohttp
from yarl import URL

from wirelock.diagnostics import Diagnostic, ExchangeRef, Location
from wirelock.runtime.json.formatting import visible
from wirelock.serve.live.codes import UPSTREAM_NO_RESPONSE
from wirelock.serve.net.errors import reason
from wirelock.serve.net.upstream import CONNECT_SECONDS, Upstream, unreachable
from wirelock.traffic.http.exchange import Body, Exchange, header, media_type
from wirelock.traffic.recordings import bodies
from wirelock.traffic.recordings.fields import EntryError
from wirelock.traffic.secrets import without_secrets

SECONDS = 30.0
"""How long a call may take, from connecting to the last byte of its answer."""
MAX_BYTES = 64 * 2**20
"""The most of an answer that is read."""
_PIECE = 2**16
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked: `path` is percent-encoded and has no query, `body` is JSON."""

    verb: str
    path: str
    body: bytes | None = None

    def __str__(self) -> str:
        return f"{self.verb} {visible(self.path)}"


class TooLarge(ValueError):
    """The answer is larger than is read."""


@dataclass(slots=True)
class Server:
    """The server that is asked; its exchanges are numbered in the order of asking."""

    upstream: Upstream
    session: aiohttp.ClientSession
    _numbers: count[int] = field(default_factory=count)

    async def ask(self, call: Call, seconds: float = SECONDS) -> Exchange | Diagnostic:
        """The exchange that a call makes, or why there is none."""
        number = next(self._numbers)
        limits = aiohttp.ClientTimeout(total=seconds, sock_connect=min(seconds, CONNECT_SECONDS))
        headers = {"Accept": f"{_JSON}, */*;q=0.1", "Accept-Encoding": "identity"}
        headers |= {"Content-Type": _JSON} if call.body is not None else {}
        try:
            async with self.session.request(
                call.verb, self.at(call.path), data=call.body, headers=headers, timeout=limits, allow_redirects=False
            ) as answer:
                return self.exchange(call, number, answer, await read(answer))
        except aiohttp.ClientConnectorError as error:
            return unreachable(self.upstream, error)
        except TimeoutError:
            return self.unanswered(call, number, f"no whole answer within {seconds:g} seconds")
        except (EntryError, TooLarge) as error:
            return self.unanswered(call, number, str(error))
        except (aiohttp.ClientError, OSError) as error:
            return self.unanswered(call, number, reason(error))

    def at(self, path: str) -> URL:
        """The address of a path, whose percent-encoding stays as it is."""
        return URL(self.upstream.url + path, encoded=True)

    def number(self) -> int:
        """The number of the next exchange."""
        return next(self._numbers)

    def exchange(self, call: Call, number: int, answer: aiohttp.ClientResponse, text: bytes) -> Exchange:
        """What was asked and answered; raises EntryError if the answer's content coding cannot be undone."""
        headers = tuple((name.lower(), value) for name, value in answer.headers.items())
        return Exchange(
            recording=self.upstream.url,
            index=number,
            method=call.verb,
            url=without_secrets(call.path),
            status=answer.status,
            request=Body(call.body, _JSON) if call.body else None,
            response=bodies.body(text, media_type(header(headers, "content-type")), headers, ""),
        )

    def unanswered(self, call: Call, number: int, reason: str) -> Diagnostic:
        """A call that has no answer to judge."""
        ref = ExchangeRef(self.upstream.url, number, call.verb, call.path, 0, "response")
        hint = "ask again; the service file describes a call that the server does not answer, or not in time"
        words = f"{call} was not answered: {visible(reason)}"
        return Diagnostic(UPSTREAM_NO_RESPONSE, Location(self.upstream.url), words, hint, exchange=ref)


async def read(answer: aiohttp.ClientResponse) -> bytes:
    """The body of an answer to its end; raises TooLarge."""
    found = bytearray()
    async for piece in answer.content.iter_chunked(_PIECE):
        found += piece
        if len(found) > MAX_BYTES:
            raise TooLarge(f"the answer is larger than {MAX_BYTES // 2**20} MiB")
    return bytes(found)
