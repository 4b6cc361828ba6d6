"""The monitor of the upstream, which sets the status of the health service."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import urlsplit

from wirelock.serve.bridge.health_and_reflection import Health
from wirelock.serve.bridge.hooks import BridgeHooks
from wirelock.serve.net.upstream import Upstream

_UP_SECONDS, _DOWN_SECONDS = 5.0, 0.5
"""Seconds between two checks while the upstream is reachable, and while it is not."""
_CONNECT_SECONDS = 2.0
_PORTS = {"http": 80, "https": 443}


async def monitor_upstream(upstream: Upstream, health: Health, hooks: BridgeHooks) -> None:
    """Check the upstream until cancelled, and report changes to the health service and the hooks."""
    was_up: bool | None = None
    while True:
        is_up = await is_reachable(upstream)
        if is_up is not was_up:
            await health.set_serving(is_up)
            hooks.on_upstream_change(is_up, upstream.url)
            was_up = is_up
        await asyncio.sleep(_UP_SECONDS if is_up else _DOWN_SECONDS)


async def is_reachable(upstream: Upstream) -> bool:
    """Return True if the upstream accepts a connection; sends nothing."""
    parts = urlsplit(upstream.url)
    try:
        opening = asyncio.open_connection(parts.hostname, parts.port or _PORTS[parts.scheme])
        _, writer = await asyncio.wait_for(opening, _CONNECT_SECONDS)
    except (TimeoutError, OSError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
