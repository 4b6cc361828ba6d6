"""One exchange that passed through here, with all of it that is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from wirelock.traffic.http.exchange import Body, Exchange, Headers, header, media_type
from wirelock.traffic.secrets import without_secrets


@dataclass(frozen=True, slots=True)
class Message:
    """One side of an exchange.

    `headers` are as they were sent. `body` is without its content coding: b"" where there was none, None where there
    was one that was not kept; `size` is how many bytes of it passed, coded.
    """

    headers: Headers = ()
    body: bytes | None = b""
    size: int = 0

    @property
    def lower(self) -> Headers:
        """The headers with their names in lower case."""
        return tuple((name.lower(), value) for name, value in self.headers)

    @property
    def media_type(self) -> str:
        """The media type of the body, in lower case and without parameters; "" when unknown."""
        return media_type(header(self.lower, "content-type"))


@dataclass(frozen=True, slots=True)
class Passed:
    """One exchange; `index` is 0-based and counts requests as they come, `seconds` are from there to the last byte.

    `url` is that of the server with the path and query that the client asked for. `status` 0 is no answer.
    """

    index: int
    begun: datetime
    method: str
    url: str
    request: Message = field(default_factory=Message)
    status: int = 0
    reason: str = ""
    response: Message = field(default_factory=Message)
    seconds: float = 0.0


def exchange_of(passed: Passed, recording: str) -> Exchange:
    """What passed as an exchange to check; `recording` is what findings name."""
    sides = {"request": passed.request, "response": passed.response}
    return Exchange(
        recording,
        passed.index,
        passed.method.upper(),
        without_secrets(passed.url),
        passed.status,
        _body(passed.request),
        _body(passed.response),
        passed.request.lower,
        tuple(name for name, side in sides.items() if side.body is None),
    )


def _body(message: Message) -> Body | None:
    return Body(message.body, message.media_type) if message.body else None
