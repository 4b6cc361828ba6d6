"""Events of a call, and the observers that receive them."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, Protocol

import grpc

from wirelock.runtime.findings import Finding

RpcType = Literal["unary", "server_stream"]
"""The type of an RPC, as the Prometheus label `grpc_type`."""


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The start of a call: its names in the descriptors, its client, and the client's metadata."""

    service: str
    method: str
    rpc_type: RpcType
    peer: str
    metadata: Sequence[tuple[str, str | bytes]] = ()


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """A request to the upstream before it is sent; observers may add headers."""

    method: str
    url: str
    host: str
    port: int
    headers: MutableMapping[str, str]


@dataclass(frozen=True, slots=True)
class UpstreamResponse:
    """The end of a request: seconds until the response's headers, and its status, or 0 and the name of the error."""

    request: UpstreamRequest
    seconds: float
    status: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The end of a call, with its duration and the findings of its failure."""

    code: grpc.StatusCode
    seconds: float
    details: str = ""
    findings: tuple[Finding, ...] = ()


class CallObserver(Protocol):
    """Callbacks for the events of one call; they must neither raise nor block."""

    def on_request(self, request: UpstreamRequest) -> None:
        """Called before a request to the upstream is sent."""
        ...

    def on_response(self, response: UpstreamResponse) -> None:
        """Called when a request has a response or an error."""
        ...

    def on_message_sent(self) -> None:
        """Called when a response message was sent to the client."""
        ...

    def on_findings(self, findings: Sequence[Finding]) -> None:
        """Called when a response with findings is forwarded."""
        ...

    def on_end(self, end: CallEnded) -> None:
        """Called when the call has ended."""
        ...


CallObserverFactory = Callable[[CallStarted], CallObserver]
"""Creates an observer for each call that starts."""


class CallObservers:
    """The observers of one call as one."""

    __slots__ = ("_observers",)

    def __init__(self, observers: Sequence[CallObserver]) -> None:
        self._observers = observers

    def on_request(self, request: UpstreamRequest) -> None:
        """Call this for all observers."""
        for observer in self._observers:
            observer.on_request(request)

    def on_response(self, response: UpstreamResponse) -> None:
        """Call this for all observers."""
        for observer in self._observers:
            observer.on_response(response)

    def on_message_sent(self) -> None:
        """Call this for all observers."""
        for observer in self._observers:
            observer.on_message_sent()

    def on_findings(self, findings: Sequence[Finding]) -> None:
        """Call this for all observers."""
        for observer in self._observers:
            observer.on_findings(findings)

    def on_end(self, end: CallEnded) -> None:
        """Call this for all observers."""
        for observer in self._observers:
            observer.on_end(end)


_CURRENT_CALL: ContextVar[CallObservers | None] = ContextVar("wirelock_call", default=None)


def set_current_call(call: CallObservers) -> None:
    """Make a call the current one of its task; grpc.aio runs each call in its own task, so nothing resets it."""
    _CURRENT_CALL.set(call)


def get_current_call() -> CallObservers | None:
    """Return the current call, or None outside of an observed call."""
    return _CURRENT_CALL.get()
