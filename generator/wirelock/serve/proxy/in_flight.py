"""One exchange in flight: the copy of its headers and bodies that is collected while they are forwarded."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from aiohttp import ClientResponse, StreamReader, web

from wirelock.serve.proxy import headers
from wirelock.serve.proxy.memory_budget import MemoryBudget
from wirelock.traffic.http.body_buffer import MAX_BODY_BYTES, BodyBuffer, StreamDecoder
from wirelock.traffic.http.captured import CapturedExchange, CapturedMessage, to_exchange
from wirelock.traffic.http.exchange import Exchange, Headers, RecordedBody, get_header, parse_media_type
from wirelock.traffic.http.server_sent_events import MEDIA_TYPE, EventReader, ServerSentEvent, write_events

RECORDING_NAME = "proxy"
"""The recording that the locations of findings name."""
MAX_RECORDED_STREAM_BYTES = 2**20
"""Bytes of an event stream that are kept for the recording."""


class InFlightExchange:
    """A collector for one exchange.

    `event_count` is the number of stream events taken for checks. `request_error` describes an invalid request body; it
    is "" while the body is valid.
    """

    def __init__(self, index: int, request: web.BaseRequest, url: str, memory: MemoryBudget) -> None:
        self._memory, self._reserved = memory, 0
        self.event_count = 0
        self.request_error = ""
        self._started, self._clock = datetime.now(UTC), time.monotonic()
        self._captured = CapturedExchange(index, self._started, request.method, url)
        self._request_headers = headers.decode_headers(request.raw_headers)
        self._response_headers: Headers = ()
        self._request_body = BodyBuffer(_lower_names(self._request_headers))
        self._request_body.is_complete = not request.can_read_body
        self._response_body = BodyBuffer(())
        self._reader: EventReader | None = None
        self._decoder = StreamDecoder(())

    @property
    def is_stream(self) -> bool:
        """True if the response is an event stream."""
        return self._reader is not None

    @property
    def is_given_up(self) -> bool:
        """True if the rest of the stream cannot be checked: an event is too large, or decoding failed."""
        return self._reader is not None and (self._reader.pending_bytes > MAX_BODY_BYTES or self._decoder.failed)

    @property
    def is_undecodable(self) -> bool:
        """True if the response is a stream whose content coding is invalid or unknown."""
        return self._reader is not None and self._decoder.failed

    @property
    def is_within_event(self) -> bool:
        """True if the stream has sent a part of an event."""
        return self._reader is not None and self._reader.pending_bytes > 0

    async def read_request_body(self, content: StreamReader) -> AsyncIterator[bytes]:
        """Yield the chunks of the request body and collect them."""
        try:
            async for chunk in content.iter_any():
                self._reserved += self._memory.add_chunk(self._request_body, chunk)
                yield chunk
        except Exception:
            self.request_error = "its body ends early or is malformed"
            raise
        self._request_body.is_complete = True

    def start_response(self, response: ClientResponse) -> None:
        """Collect the status and the headers of the response."""
        self._response_headers = headers.decode_headers(response.raw_headers)
        self._captured = replace(self._captured, status=response.status, reason=response.reason or "")
        lower = _lower_names(self._response_headers)
        if parse_media_type(get_header(lower, "content-type")) == MEDIA_TYPE:
            self._reader, self._decoder = EventReader(), StreamDecoder(lower)
        self._response_body = BodyBuffer(lower, MAX_RECORDED_STREAM_BYTES if self._reader else MAX_BODY_BYTES)

    def add_response_chunk(self, chunk: bytes) -> list[ServerSentEvent]:
        """Collect a chunk of the response body; return the events that end in it."""
        self._reserved += self._memory.add_chunk(self._response_body, chunk)
        if self._reader is None or self.is_given_up:
            return []
        return self._reader.feed(self._decoder.feed(chunk))

    def end_response(self) -> None:
        """Mark the response body as complete."""
        self._response_body.is_complete = True
        self._decoder.end()

    def describe_decoding_error(self, part: str) -> str:
        """Describe why the body of `part`, "request" or "response", cannot be decoded, or return "".

        The description continues the words "the body".
        """
        return (self._request_body if part == "request" else self._response_body).decoding_error

    def release_memory(self) -> None:
        """Return the memory of the bodies to the budget."""
        self._memory.release(self._reserved)
        self._reserved = 0

    def capture(self) -> CapturedExchange:
        """Return the exchange so far with decoded bodies; of a stream, the body is the part kept for the recording."""
        head = self.capture_without_bodies()
        return replace(
            head,
            request=replace(head.request, body=self._request_body.decode()),
            response=replace(head.response, body=self._response_body.decode()),
        )

    def capture_without_bodies(self) -> CapturedExchange:
        """Return the exchange so far without bodies; it is cheap, because nothing is decoded."""
        return replace(
            self._captured,
            request=CapturedMessage(self._request_headers, None, self._request_body.size),
            response=CapturedMessage(self._response_headers, None, self._response_body.size),
            seconds=time.monotonic() - self._clock,
        )

    def take_events(self, events: list[ServerSentEvent]) -> tuple[Exchange, int]:
        """Return an exchange with these events as its response, and the number of earlier events.

        Only the first exchange of a stream contains the request body, so that it is checked once.
        """
        first = self.event_count
        self.event_count += len(events)
        head = self.capture_without_bodies()
        request = head.request if first else replace(head.request, body=self._request_body.decode())
        exchange = to_exchange(
            replace(head, request=request, response=CapturedMessage(self._response_headers)), RECORDING_NAME
        )
        return replace(exchange, response=RecordedBody(write_events(events), MEDIA_TYPE)), first


def _lower_names(pairs: Headers) -> Headers:
    return tuple((name.lower(), value) for name, value in pairs)
