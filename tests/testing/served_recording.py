"""The recording that the stub replays."""

from __future__ import annotations

from wirelock.traffic.http.exchange import Exchange

RECORDING = "lifecycle-1.18.33.har"


def get_target(exchange: Exchange) -> str:
    """Return path and query of an exchange."""
    return "/" + exchange.url.split("/", 3)[3]
