"""Event streams of a live server, followed up to a number of events or a time limit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import aiohttp

from wirelock.diagnostics import Diagnostic, Location
from wirelock.ir import Method, Service
from wirelock.serve.live.client import LiveCall, LiveServer, ResponseTooLarge, read_body
from wirelock.serve.live.codes import STREAM_TRUNCATED
from wirelock.serve.net.errors import describe_error
from wirelock.serve.net.upstream import CONNECT_SECONDS, diagnose_unreachable
from wirelock.traffic.http.exchange import Exchange, RecordedBody
from wirelock.traffic.http.server_sent_events import MEDIA_TYPE, EventReader, ServerSentEvent, write_events
from wirelock.traffic.recordings.fields import EntryError

DEFAULT_SECONDS = 10.0
"""Time limit if only a number of events is given."""
DEFAULT_EVENTS = 10_000
"""Most events if only a time limit is given."""
MAX_BYTES = 64 * 2**20
"""Size limit of a stream."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Limits of each stream: the number of events and the seconds."""

    events: int = DEFAULT_EVENTS
    seconds: float = DEFAULT_SECONDS


@dataclass(frozen=True, slots=True)
class StreamResult:
    """A stream as an exchange, or a diagnostic if there is none; `truncation` reports an invalid end."""

    result: Exchange | Diagnostic
    truncation: Diagnostic | None = None


def find_streams(services: Iterable[Service]) -> list[Method]:
    """Return the streaming methods without path parameters."""
    methods = (method for service in services for method in service.methods)
    return [m for m in methods if m.stream and m.verb.upper() == "GET" and "{" not in m.path]


async def follow_stream(
    server: LiveServer, call: LiveCall, limits: StreamLimits, opened: asyncio.Event
) -> StreamResult:
    """Read the events of a stream within limits; set `opened` when the response begins or the call fails.

    When the task is cancelled, return the events so far.
    """
    number, deadline = server.take_number(), asyncio.get_running_loop().time() + limits.seconds
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
    headers = {"Accept": MEDIA_TYPE, "Accept-Encoding": "identity"}
    try:
        async with asyncio.timeout_at(deadline) as opening:
            async with server.session.get(
                server.build_url(call.path), headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                opening.reschedule(None)
                opened.set()
                return await _read_stream(server, call, number, response, limits, deadline)
    except aiohttp.ClientConnectorError as error:
        return StreamResult(diagnose_unreachable(server.upstream, error))
    except TimeoutError:
        return StreamResult(
            server.report_no_response(call, number, f"no complete response within {limits.seconds:g} seconds")
        )
    except (EntryError, ResponseTooLarge) as error:
        return StreamResult(server.report_no_response(call, number, str(error)))
    except (aiohttp.ClientError, OSError) as error:
        return StreamResult(server.report_no_response(call, number, describe_error(error)))
    finally:
        opened.set()


async def _read_stream(
    server: LiveServer,
    call: LiveCall,
    number: int,
    response: aiohttp.ClientResponse,
    limits: StreamLimits,
    deadline: float,
) -> StreamResult:
    if response.content_type != MEDIA_TYPE:
        async with asyncio.timeout_at(deadline):
            return StreamResult(server.build_exchange(call, number, response, await read_body(response)))
    if coding := response.headers.get("Content-Encoding", ""):
        return StreamResult(
            server.report_no_response(call, number, f"the stream is compressed with {coding}, which was not requested")
        )
    buffer, error = _EventBuffer(limits.events), ""
    try:
        with contextlib.suppress(TimeoutError, asyncio.CancelledError):  # the time limit, or the end of the check
            async with asyncio.timeout_at(deadline):
                error = await _collect_events(response, buffer)
        buffer.add_chunk(response.content.read_nowait())  # received but not yet read
    except aiohttp.ClientError as broken:
        error = f"is truncated: {describe_error(broken)}"
    text = write_events(buffer.events[: limits.events]) or b":\n\n"  # a comment stands for a stream without events
    exchange = replace(server.build_exchange(call, number, response, b""), response=RecordedBody(text, MEDIA_TYPE))
    return StreamResult(exchange, _report_truncated(server, call, error) if error else None)


@dataclass(slots=True)
class _EventBuffer:
    """The events so far, up to `limit`, and the number of bytes received."""

    limit: int
    events: list[ServerSentEvent] = field(default_factory=list[ServerSentEvent])
    reader: EventReader = field(default_factory=EventReader)
    size: int = 0

    def add_chunk(self, chunk: bytes) -> None:
        """Add the next bytes of the stream."""
        self.size += len(chunk)
        self.events += self.reader.feed(chunk)


async def _collect_events(response: aiohttp.ClientResponse, buffer: _EventBuffer) -> str:
    """Read events up to the limit; describe an invalid end of the stream, or return ""."""
    async for chunk in response.content.iter_any():
        buffer.add_chunk(chunk)
        if len(buffer.events) >= buffer.limit:
            return ""
        if buffer.size > MAX_BYTES:
            return f"exceeds {MAX_BYTES // 2**20} MiB; the rest was not read"
    return "ends within an event, which is discarded" if buffer.reader.pending_bytes else ""


def _report_truncated(server: LiveServer, call: LiveCall, error: str) -> Diagnostic:
    hint = "fix the server; the complete events before were checked"
    return Diagnostic(STREAM_TRUNCATED, Location(server.upstream.url), f"the stream of {call} {error}", hint)
