"""Calls as they are observed: what begins, what is asked upstream, what ends, to everybody who follows."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, Protocol

import grpc

from wirelock.runtime.findings import Finding

Kind = Literal["unary", "server_stream"]
"""How many messages a response has, in the words of Prometheus' `grpc_type`."""


@dataclass(frozen=True, slots=True)
class Started:
    """A call that begins: its names as the descriptors have them, who calls, and the metadata that came along."""

    service: str
    method: str
    kind: Kind
    peer: str
    metadata: Sequence[tuple[str, str | bytes]] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the upstream before it is sent; who follows may add headers."""

    method: str
    url: str
    host: str
    port: int
    headers: MutableMapping[str, str]


@dataclass(frozen=True, slots=True)
class Response:
    """How a request ended, in seconds until the headers of its response; `status` is 0 where `error` names a fault."""

    request: Request
    seconds: float
    status: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that has ended, in seconds; `findings` are the faults that it failed with."""

    code: grpc.StatusCode
    seconds: float
    details: str = ""
    findings: tuple[Finding, ...] = ()


class Follower(Protocol):
    """Follows one call; must neither raise nor wait."""

    def requested(self, request: Request) -> None: ...

    def responded(self, response: Response) -> None: ...

    def sent(self) -> None:
        """A message of the response went to the client."""
        ...

    def noted(self, findings: Sequence[Finding]) -> None:
        """Something was passed on although it is not as described, or not all of it."""
        ...

    def ended(self, end: Ended) -> None: ...


Observer = Callable[[Started], Follower]
"""Gives a follower for each call that begins."""


class Followed:
    """One call with everybody who follows it."""

    __slots__ = ("_followers",)

    def __init__(self, followers: Sequence[Follower]) -> None:
        self._followers = followers

    def requested(self, request: Request) -> None:
        """Tell of a request to the upstream."""
        for follower in self._followers:
            follower.requested(request)

    def responded(self, response: Response) -> None:
        """Tell of its end."""
        for follower in self._followers:
            follower.responded(response)

    def sent(self) -> None:
        """Tell of a message."""
        for follower in self._followers:
            follower.sent()

    def noted(self, findings: Sequence[Finding]) -> None:
        """Tell of findings that do not end it."""
        for follower in self._followers:
            follower.noted(findings)

    def ended(self, end: Ended) -> None:
        """Tell of the end."""
        for follower in self._followers:
            follower.ended(end)


_CURRENT: ContextVar[Followed | None] = ContextVar("wirelock_call", default=None)


def enter(call: Followed) -> None:
    """Make a call the current one of its task; each call of grpc.aio is a task of its own, so nothing is reset."""
    _CURRENT.set(call)


def current() -> Followed | None:
    """The call that is being answered, None outside of one that is observed."""
    return _CURRENT.get()
