"""Whether the upstream can be reached, asked every few seconds: what the health service says."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import urlsplit

from wirelock.serve.bridge.health_and_reflection import Health
from wirelock.serve.bridge.hooks import Observer
from wirelock.serve.net.upstream import Upstream

_UP, _DOWN = 5.0, 0.5
"""Seconds between two questions while it is up, and while it is not."""
_PATIENCE = 2.0
_PORTS = {"http": 80, "https": 443}


async def watch(upstream: Upstream, health: Health, observer: Observer) -> None:
    """Tell the health service and the observer, until this is cancelled."""
    was: bool | None = None
    while True:
        is_up = await reachable(upstream)
        if is_up is not was:
            await health.tell(is_up)
            observer.reached(is_up, upstream.url)
            was = is_up
        await asyncio.sleep(_UP if is_up else _DOWN)


async def reachable(upstream: Upstream) -> bool:
    """Whether the upstream takes a connection; nothing is sent."""
    parts = urlsplit(upstream.url)
    try:
        opening = asyncio.open_connection(parts.hostname, parts.port or _PORTS[parts.scheme])
        _, writer = await asyncio.wait_for(opening, _PATIENCE)
    except (TimeoutError, OSError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
