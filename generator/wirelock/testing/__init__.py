"""Conformance checks of HTTP exchanges in test suites; each name is imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wirelock.testing.asgi import ConformanceMiddleware
    from wirelock.testing.conformance import Conformance, ConformanceError, ViolationAction
    from wirelock.testing.transports import AsyncTransport, Transport

__all__ = ["AsyncTransport", "Conformance", "ConformanceError", "ConformanceMiddleware", "Transport", "ViolationAction"]

_MODULES = {
    "AsyncTransport": "transports",
    "Conformance": "conformance",
    "ConformanceError": "conformance",
    "ConformanceMiddleware": "asgi",
    "Transport": "transports",
    "ViolationAction": "conformance",
}


def __getattr__(name: str) -> object:
    """Import a public name (PEP 562); pytest loads this package in every run, because it contains the plugin."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
