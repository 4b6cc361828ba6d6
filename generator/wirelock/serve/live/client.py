"""Calls to a live server with limits for time and size."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import aiohttp
from yarl import URL

from wirelock.diagnostics import Diagnostic, ExchangeRef, Location
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.serve.live.codes import UPSTREAM_NO_RESPONSE
from wirelock.serve.net.errors import describe_error
from wirelock.serve.net.upstream import CONNECT_SECONDS, Upstream, diagnose_unreachable
from wirelock.traffic.http.exchange import Exchange, RecordedBody, get_header, parse_media_type
from wirelock.traffic.recordings import bodies
from wirelock.traffic.recordings.fields import EntryError
from wirelock.traffic.secrets import redact_url

SECONDS = 30.0
"""Time limit of a call, from connecting to the last byte of the response."""
MAX_BYTES = 64 * 2**20
"""Size limit of a response."""
_CHUNK_BYTES = 2**16
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call: `path` is percent-encoded and has no query, `body` is JSON."""

    verb: str
    path: str
    body: bytes | None = None

    def __str__(self) -> str:
        return f"{self.verb} {escape_unprintable(self.path)}"


class ResponseTooLarge(ValueError):
    """Raised when a response exceeds MAX_BYTES."""


@dataclass(slots=True)
class LiveServer:
    """The server under test; its exchanges are numbered in call order."""

    upstream: Upstream
    session: aiohttp.ClientSession
    _numbers: count[int] = field(default_factory=count)

    async def send(self, call: LiveCall, seconds: float = SECONDS) -> Exchange | Diagnostic:
        """Return the exchange of a call, or a diagnostic if there is no response."""
        number = next(self._numbers)
        limits = aiohttp.ClientTimeout(total=seconds, sock_connect=min(seconds, CONNECT_SECONDS))
        headers = {"Accept": f"{_JSON}, */*;q=0.1", "Accept-Encoding": "identity"}
        headers |= {"Content-Type": _JSON} if call.body is not None else {}
        try:
            async with self.session.request(
                call.verb,
                self.build_url(call.path),
                data=call.body,
                headers=headers,
                timeout=limits,
                allow_redirects=False,
            ) as response:
                return self.build_exchange(call, number, response, await read_body(response))
        except aiohttp.ClientConnectorError as error:
            return diagnose_unreachable(self.upstream, error)
        except TimeoutError:
            return self.report_no_response(call, number, f"no complete response within {seconds:g} seconds")
        except (EntryError, ResponseTooLarge) as error:
            return self.report_no_response(call, number, str(error))
        except (aiohttp.ClientError, OSError) as error:
            return self.report_no_response(call, number, describe_error(error))

    def build_url(self, path: str) -> URL:
        """Return the URL of a percent-encoded path."""
        return URL(self.upstream.url + path, encoded=True)

    def take_number(self) -> int:
        """Return the number of the next exchange."""
        return next(self._numbers)

    def build_exchange(self, call: LiveCall, number: int, response: aiohttp.ClientResponse, body: bytes) -> Exchange:
        """Return the exchange of a call and its response; raises EntryError if the body cannot be decoded."""
        headers = tuple((name.lower(), value) for name, value in response.headers.items())
        return Exchange(
            recording=self.upstream.url,
            index=number,
            method=call.verb,
            url=redact_url(call.path),
            status=response.status,
            request=RecordedBody(call.body, _JSON) if call.body else None,
            response=bodies.decode_recorded_body(
                body, parse_media_type(get_header(headers, "content-type")), headers, ""
            ),
        )

    def report_no_response(self, call: LiveCall, number: int, reason: str) -> Diagnostic:
        """Return the diagnostic for a call without a complete response."""
        ref = ExchangeRef(self.upstream.url, number, call.verb, call.path, 0, "response")
        hint = "run the check again; if the server never responds, remove the method from the service file"
        message = f"{call} got no response: {escape_unprintable(reason)}"
        return Diagnostic(UPSTREAM_NO_RESPONSE, Location(self.upstream.url), message, hint, exchange=ref)


async def read_body(response: aiohttp.ClientResponse) -> bytes:
    """Return the complete body of a response; raises ResponseTooLarge."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_BYTES:
            raise ResponseTooLarge(f"the response is larger than {MAX_BYTES // 2**20} MiB")
    return bytes(body)
