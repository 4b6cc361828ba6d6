"""One exchange while it passes: what is known of it so far."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from aiohttp import ClientResponse, StreamReader, web

from wirelock.serve.proxy import headers
from wirelock.serve.proxy.memory_budget import Room
from wirelock.traffic.http.body_buffer import MOST, Collected, Decoder
from wirelock.traffic.http.captured import Message, Passed, exchange_of
from wirelock.traffic.http.exchange import Body, Exchange, Headers, header, media_type
from wirelock.traffic.http.server_sent_events import MEDIA_TYPE, Event, EventReader, written

NAME = "proxy"
"""What findings name as the recording of an exchange that passed."""
MOST_OF_STREAM = 2**20
"""How many bytes of an event stream are kept for a recording."""


class Passing:
    """Collects one exchange.

    `events` counts the events of its stream that were taken out; `broken_request` is what is wrong with the request's
    body, "" as long as nothing is.
    """

    def __init__(self, index: int, request: web.BaseRequest, url: str, room: Room) -> None:
        self._room, self._taken = room, 0
        self.events = 0
        self.broken_request = ""
        self._begun, self._clock = datetime.now(UTC), time.monotonic()
        self._known = Passed(index, self._begun, request.method, url)
        self._asked = headers.text(request.raw_headers)
        self._answered: Headers = ()
        self._sent = Collected(_lower(self._asked))
        self._sent.whole = not request.can_read_body
        self._received = Collected(())
        self._reader: EventReader | None = None
        self._decoder = Decoder(())

    @property
    def is_stream(self) -> bool:
        """Whether what is answered is an event stream."""
        return self._reader is not None

    @property
    def gave_up(self) -> bool:
        """Whether the stream cannot be checked to its end: an event is too large, or its coding is broken."""
        return self._reader is not None and (self._reader.waiting > MOST or self._decoder.failed)

    @property
    def is_undecodable(self) -> bool:
        """Whether what is answered is a stream whose coding is broken or unknown: nobody knows what it says."""
        return self._reader is not None and self._decoder.failed

    @property
    def within_event(self) -> bool:
        """Whether the last event of the stream has begun and not ended."""
        return self._reader is not None and self._reader.waiting > 0

    async def sent(self, content: StreamReader) -> AsyncIterator[bytes]:
        """The request's body while it is passed on."""
        try:
            async for chunk in content.iter_any():
                self._taken += self._room.keep(self._sent, chunk)
                yield chunk
        except Exception:
            self.broken_request = "its body ends early or is malformed"
            raise
        self._sent.whole = True

    def answered(self, answer: ClientResponse) -> None:
        """Note the status and the header of the answer."""
        self._answered = headers.text(answer.raw_headers)
        self._known = replace(self._known, status=answer.status, reason=answer.reason or "")
        lower = _lower(self._answered)
        if media_type(header(lower, "content-type")) == MEDIA_TYPE:
            self._reader, self._decoder = EventReader(), Decoder(lower)
        self._received = Collected(lower, MOST_OF_STREAM if self._reader else MOST)

    def received(self, chunk: bytes) -> list[Event]:
        """Note a part of the answer's body; gives the events that end with it."""
        self._taken += self._room.keep(self._received, chunk)
        if self._reader is None or self.gave_up:
            return []
        return self._reader.feed(self._decoder.feed(chunk))

    def received_all(self) -> None:
        """Note that the answer's body has ended."""
        self._received.whole = True
        self._decoder.end()

    def undecodable(self, part: str) -> str:
        """Why the body of the "request" or the "response" cannot be decoded, "" if it can; words behind "the body"."""
        return (self._sent if part == "request" else self._received).undecodable

    def gone(self) -> None:
        """Nothing of it is needed any longer."""
        self._room.give_back(self._taken)
        self._taken = 0

    def passed(self) -> Passed:
        """What has passed so far, with its bodies, which are decoded for it: the kept part of a stream is, too."""
        head = self.without_bodies()
        return replace(
            head,
            request=replace(head.request, body=self._sent.content()),
            response=replace(head.response, body=self._received.content()),
        )

    def without_bodies(self) -> Passed:
        """What has passed so far as if no body had been kept: nothing is decoded for it, however often it is asked."""
        return replace(
            self._known,
            request=Message(self._asked, None, self._sent.size),
            response=Message(self._answered, None, self._received.size),
            seconds=time.monotonic() - self._clock,
        )

    def exchange_with(self, events: list[Event]) -> tuple[Exchange, int]:
        """An exchange whose answer are these events, and how many came before them; the request is in the first."""
        first = self.events
        self.events += len(events)
        head = self.without_bodies()
        request = head.request if first else replace(head.request, body=self._sent.content())
        exchange = exchange_of(replace(head, request=request, response=Message(self._answered)), NAME)
        return replace(exchange, response=Body(written(events), MEDIA_TYPE)), first


def _lower(pairs: Headers) -> Headers:
    return tuple((name.lower(), value) for name, value in pairs)
