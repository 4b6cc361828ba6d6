"""The head of an answer as the server gave it."""

from __future__ import annotations

import aiohttp
from aiohttp import web

from wirelock.serve.proxy import headers

_ADDED = ("Content-Type", "Date", "Server")
"""What the library adds to an answer that has it not."""


class Relayed(web.StreamResponse):
    """An answer with the header fields that the server gave it, and no others."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        super().__init__(status=answer.status, reason=answer.reason, headers=headers.of_response(answer.raw_headers))
        self._given = {name.lower() for name in self.headers}

    def drop_added(self) -> None:
        """Take out what the library has added by itself."""
        for name in _ADDED:
            if name.lower() not in self._given:
                self.headers.popall(name, None)


async def as_given(request: web.Request, response: web.StreamResponse) -> None:
    """To be called when the header of an answer is about to be sent (`on_response_prepare`)."""
    if isinstance(response, Relayed):
        response.drop_added()
