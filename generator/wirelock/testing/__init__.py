"""For test suites: what a server answers in a test, held against the project; each name is imported when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wirelock.testing.asgi import Checked
    from wirelock.testing.conformance import Conformance, Faults, NotConforming
    from wirelock.testing.transports import AsyncTransport, Transport

__all__ = ["AsyncTransport", "Checked", "Conformance", "Faults", "NotConforming", "Transport"]

_HOMES = {
    "AsyncTransport": "transports",
    "Checked": "asgi",
    "Conformance": "conformance",
    "Faults": "conformance",
    "NotConforming": "conformance",
    "Transport": "transports",
}


def __getattr__(name: str) -> object:
    """A public name from its module (PEP 562): pytest loads the plugin beside it in every run, used or not."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
