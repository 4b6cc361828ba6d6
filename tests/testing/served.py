"""The recording that the stub serves, and how its requests are named."""

from __future__ import annotations

from wirelock.traffic.http.exchange import Exchange

RECORDING = "lifecycle-1.18.33.har"


def target(exchange: Exchange) -> str:
    """Path and query of an exchange."""
    return "/" + exchange.url.split("/", 3)[3]
