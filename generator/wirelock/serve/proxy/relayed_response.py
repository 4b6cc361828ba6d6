"""A response with exactly the status and header fields of the server."""

from __future__ import annotations

import aiohttp
from aiohttp import web

from wirelock.serve.proxy import headers

_DEFAULT_HEADERS = ("Content-Type", "Date", "Server")
"""The headers that aiohttp adds to a response without them."""


class RelayedResponse(web.StreamResponse):
    """A response of the server on its way to the client."""

    def __init__(self, received: aiohttp.ClientResponse) -> None:
        kept = headers.filter_response_headers(received.raw_headers)
        super().__init__(status=received.status, reason=received.reason, headers=kept)
        self._names = {name.lower() for name in self.headers}

    def remove_added_headers(self) -> None:
        """Remove the headers that aiohttp added."""
        for name in _DEFAULT_HEADERS:
            if name.lower() not in self._names:
                self.headers.popall(name, None)


async def remove_default_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Remove the headers that aiohttp added to a relayed response; a handler of the signal `on_response_prepare`."""
    if isinstance(response, RelayedResponse):
        response.remove_added_headers()
