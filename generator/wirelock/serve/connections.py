"""Kept connections to the upstream, of which none carries what was not asked for."""

from __future__ import annotations

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

MOST = 256
"""How many connections a pool has at most; what comes on top waits for one."""


class Connector(aiohttp.TCPConnector):
    """A pool that hands out no connection on which bytes wait before anything was asked.

    They would be read as the answer to the next request, whoever's it is (RFC 9112, 9.2: a client must not).
    """

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout) -> Connection:
        """A connection for a request; raises ClientConnectionError where the server always speaks first."""
        for _ in range(MOST + 1):  # each that is kept may be found so once
            connection = await super().connect(req, traces, timeout)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()
        raise aiohttp.ClientConnectionError("it speaks before it is asked")
