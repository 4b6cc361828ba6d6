"""An exchange that passed through the proxy or a live check."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from wirelock.traffic.http.exchange import Exchange, Headers, RecordedBody, get_header, parse_media_type
from wirelock.traffic.secrets import redact_url


@dataclass(frozen=True, slots=True)
class CapturedMessage:
    """One side of an exchange.

    `headers` are as sent. `body` is decoded: b"" if there was none, None if it was not kept; `size` counts its encoded
    bytes.
    """

    headers: Headers = ()
    body: bytes | None = b""
    size: int = 0

    @property
    def lowercase_headers(self) -> Headers:
        """The headers with lowercase names."""
        return tuple((name.lower(), value) for name, value in self.headers)

    @property
    def media_type(self) -> str:
        """The media type of the body in lower case without parameters; "" if unknown."""
        return parse_media_type(get_header(self.lowercase_headers, "content-type"))


@dataclass(frozen=True, slots=True)
class CapturedExchange:
    """One exchange; `index` is 0-based in order of requests, `seconds` last until the last byte.

    `url` is the server's with the client's path and query. `status` 0 means no response.
    """

    index: int
    begun: datetime
    method: str
    url: str
    request: CapturedMessage = field(default_factory=CapturedMessage)
    status: int = 0
    reason: str = ""
    response: CapturedMessage = field(default_factory=CapturedMessage)
    seconds: float = 0.0


def to_exchange(captured: CapturedExchange, recording: str) -> Exchange:
    """Return a captured exchange for a check; `recording` is its name in findings."""
    sides = {"request": captured.request, "response": captured.response}
    return Exchange(
        recording,
        captured.index,
        captured.method.upper(),
        redact_url(captured.url),
        captured.status,
        _to_body(captured.request),
        _to_body(captured.response),
        captured.request.lowercase_headers,
        tuple(name for name, side in sides.items() if side.body is None),
    )


def _to_body(message: CapturedMessage) -> RecordedBody | None:
    return RecordedBody(message.body, message.media_type) if message.body else None
