"""Interfaces for observing a bridge: events of the bridge itself, and instrumentation of its calls."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from typing import Any, Protocol, TypeAlias

import grpc
from yarl import URL

from wirelock.runtime.findings import Finding

Findings = tuple[Finding, ...]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"  # generic only in its stubs
OnRequestEnd = Callable[[int, str], None]
"""A callback for the end of a request: the status of its response, or 0 and the name of the error."""


class BridgeHooks(Protocol):
    """Callbacks for events of a bridge; they must neither raise nor block."""

    def on_listening(self, address: str, upstream: str) -> None:
        """Called when the bridge accepts calls."""
        ...

    def on_exposed(self, address: str) -> None:
        """Called when the bridge listens without TLS on an address for remote clients."""
        ...

    def on_upstream_change(self, is_up: bool, upstream: str) -> None:
        """Called when the upstream becomes reachable or unreachable."""
        ...

    def on_findings(self, rpc: str, findings: Findings) -> None:
        """Called when a response with findings is forwarded: the message lacks content, or violates its schema."""
        ...

    def on_shutdown(self) -> None:
        """Called when the bridge accepts no more calls, and waits for those in flight."""
        ...

    def on_stopped(self) -> None:
        """Called when the last call has ended."""
        ...


class Instrumentation(Protocol):
    """Wrappers for calls and their requests to the upstream; they must neither raise nor block."""

    def wrap_handler(self, service: str, method: str, handler: Handler) -> Handler:
        """Return a handler whose calls are observed."""
        ...

    def start_request(self, verb: str, url: URL, headers: MutableMapping[str, str]) -> OnRequestEnd:
        """Observe a request that is about to be sent; may add headers."""
        ...


class _NoInstrumentation:
    """Instrumentation that does nothing."""

    def wrap_handler(self, service: str, method: str, handler: Handler) -> Handler:
        """Return the handler unchanged."""
        return handler

    def start_request(self, verb: str, url: URL, headers: MutableMapping[str, str]) -> OnRequestEnd:
        """Return a callback that does nothing."""
        return ignore_request_end


def ignore_request_end(status: int, error: str) -> None:
    """Do nothing."""


NO_INSTRUMENTATION: Instrumentation = _NoInstrumentation()


class CombinedHooks:
    """Several hooks as one."""

    def __init__(self, hooks: Sequence[BridgeHooks]) -> None:
        self._hooks = tuple(hooks)

    def on_listening(self, address: str, upstream: str) -> None:
        """Call this for all hooks."""
        for hooks in self._hooks:
            hooks.on_listening(address, upstream)

    def on_exposed(self, address: str) -> None:
        """Call this for all hooks."""
        for hooks in self._hooks:
            hooks.on_exposed(address)

    def on_upstream_change(self, is_up: bool, upstream: str) -> None:
        """Call this for all hooks."""
        for hooks in self._hooks:
            hooks.on_upstream_change(is_up, upstream)

    def on_findings(self, rpc: str, findings: Findings) -> None:
        """Call this for all hooks."""
        for hooks in self._hooks:
            hooks.on_findings(rpc, findings)

    def on_shutdown(self) -> None:
        """Call this for all hooks."""
        for hooks in self._hooks:
            hooks.on_shutdown()

    def on_stopped(self) -> None:
        """Call this for all hooks."""
        for hooks in self._hooks:
            hooks.on_stopped()
