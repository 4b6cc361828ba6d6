"""Event streams of a live server, for a number of events or a time, whichever ends first."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import aiohttp

from wirelock.diagnostics import Diagnostic, Location
from wirelock.ir import Method, Service
from wirelock.serve.live.client import Call, Server, TooLarge, read
from wirelock.serve.live.codes import STREAM_TRUNCATED
from wirelock.serve.net.errors import reason
from wirelock.serve.net.upstream import CONNECT_SECONDS, unreachable
from wirelock.traffic.http.exchange import Body, Exchange
from wirelock.traffic.http.server_sent_events import MEDIA_TYPE, Event, EventReader, written
from wirelock.traffic.recordings.fields import EntryError

SECONDS = 10.0
"""How long a stream is followed if only a number of events is given."""
EVENTS = 10_000
"""How many events are taken if only a time is given."""
MAX_BYTES = 64 * 2**20
"""The most that all events of a stream are, and the most that one may be."""


@dataclass(frozen=True, slots=True)
class Following:
    """How long streams are followed: at most so many events, and at most so many seconds."""

    events: int = EVENTS
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Followed:
    """A stream as an exchange, or why there is none; `cut` says how it ended if not as it should."""

    result: Exchange | Diagnostic
    cut: Diagnostic | None = None


def streams(services: Iterable[Service]) -> list[Method]:
    """The methods that answer with events and take no parameter of the path."""
    methods = (method for service in services for method in service.methods)
    return [m for m in methods if m.stream and m.verb.upper() == "GET" and "{" not in m.path]


async def follow(server: Server, call: Call, limits: Following, opened: asyncio.Event) -> Followed:
    """Read the events of a stream within limits; `opened` is set when the server has begun to answer, or will not.

    Cancelled, it gives what was read so far.
    """
    number, deadline = server.number(), asyncio.get_running_loop().time() + limits.seconds
    within = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
    headers = {"Accept": MEDIA_TYPE, "Accept-Encoding": "identity"}
    try:
        async with asyncio.timeout_at(deadline) as opening:
            async with server.session.get(
                server.at(call.path), headers=headers, timeout=within, allow_redirects=False
            ) as answer:
                opening.reschedule(None)
                opened.set()
                return await _followed(server, call, number, answer, limits, deadline)
    except aiohttp.ClientConnectorError as error:
        return Followed(unreachable(server.upstream, error))
    except TimeoutError:
        return Followed(server.unanswered(call, number, f"no whole answer within {limits.seconds:g} seconds"))
    except (EntryError, TooLarge) as error:
        return Followed(server.unanswered(call, number, str(error)))
    except (aiohttp.ClientError, OSError) as error:
        return Followed(server.unanswered(call, number, reason(error)))
    finally:
        opened.set()


async def _followed(
    server: Server, call: Call, number: int, answer: aiohttp.ClientResponse, limits: Following, deadline: float
) -> Followed:
    if answer.content_type != MEDIA_TYPE:
        async with asyncio.timeout_at(deadline):
            return Followed(server.exchange(call, number, answer, await read(answer)))
    if coding := answer.headers.get("Content-Encoding", ""):
        return Followed(server.unanswered(call, number, f"the stream is compressed with {coding}, unasked"))
    taken, end = _Taken(limits.events), ""
    try:
        with contextlib.suppress(TimeoutError, asyncio.CancelledError):  # the limit, or the end of the whole check
            async with asyncio.timeout_at(deadline):
                end = await _collect(answer, taken)
        taken.take(answer.content.read_nowait())  # what had come when the time was up
    except aiohttp.ClientError as error:
        end = f"breaks off: {reason(error)}"
    text = written(taken.events[: limits.events]) or b":\n\n"  # a comment: it was there, and said nothing
    exchange = replace(server.exchange(call, number, answer, b""), response=Body(text, MEDIA_TYPE))
    return Followed(exchange, _cut(server, call, end) if end else None)


@dataclass(slots=True)
class _Taken:
    """The events so far, of which `most` are wanted, and the bytes that they came in."""

    most: int
    events: list[Event] = field(default_factory=list[Event])
    reader: EventReader = field(default_factory=EventReader)
    size: int = 0

    def take(self, piece: bytes) -> None:
        """The next bytes of the stream."""
        self.size += len(piece)
        self.events += self.reader.feed(piece)


async def _collect(answer: aiohttp.ClientResponse, taken: _Taken) -> str:
    """Take events until there are enough; gives how the stream ended if that is a fault of it."""
    async for piece in answer.content.iter_any():
        taken.take(piece)
        if len(taken.events) >= taken.most:
            return ""
        if taken.size > MAX_BYTES:
            return f"has more than {MAX_BYTES // 2**20} MiB, and was read no further"
    return "ends within an event, which is none then" if taken.reader.waiting else ""


def _cut(server: Server, call: Call, words: str) -> Diagnostic:
    hint = "the events before were judged"
    return Diagnostic(STREAM_TRUNCATED, Location(server.upstream.url), f"the stream of {call} {words}", hint)
