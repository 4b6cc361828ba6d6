"""One RPC from its request's bytes to its response's bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import grpc

from wirelock.ir import Method, TypeId
from wirelock.loader import TypeContract
from wirelock.runtime.codec.codec import Refused
from wirelock.runtime.findings import VIOLATION, Finding
from wirelock.runtime.json.text import Json
from wirelock.serve.bridge.client import Sender, patience
from wirelock.serve.bridge.hooks import Observer
from wirelock.serve.bridge.http_errors import Contracts
from wirelock.serve.bridge.preload import Warmth
from wirelock.serve.bridge.responses import Answered, Answers
from wirelock.serve.bridge.session_state import Metadata, States
from wirelock.serve.bridge.shutdown import Draining
from wirelock.serve.bridge.status import Failure, unforeseen
from wirelock.traffic.http.request_encoder import Call, Caller, Unsendable

_REFUSED = "the request is not valid"


@dataclass(frozen=True, slots=True)
class Rpc:
    """What one RPC needs, made once; `types` are all that it may hold.

    `name` is the full one (`/opencode.session.SessionService/GetSession`).
    """

    name: str
    method: Method
    types: frozenset[TypeId]
    contracts: Contracts
    caller: Caller
    answers: Answers

    @property
    def request(self) -> TypeContract:
        """What holds the request."""
        return self.contracts(self.method.request)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all RPCs of a bridge share."""

    sender: Sender
    states: States
    observer: Observer
    draining: Draining
    warmth: Warmth


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as JSON, its properties where it is an object, and what of the caller's metadata may go on."""

    request: Json
    metadata: Metadata

    @property
    def named(self) -> Mapping[str, Json]:
        """The properties of the request."""
        return self.request if isinstance(self.request, dict) else {}


class Unary:
    """Answers one RPC that has one response."""

    def __init__(self, rpc: Rpc, around: Surroundings) -> None:
        self._rpc = rpc
        self._around = around

    async def call(self, wire: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        """The response's bytes; ends the call with the failure's status where there is none."""
        try:
            answer = await self._answer(wire, context)
        except Exception as error:  # whatever it is, the client gets a status, and the log says what
            answer = unforeseen(error)
        if isinstance(answer, Failure):
            await context.abort(answer.code, answer.details, answer.trailing())
        if answer.notes:
            self._around.observer.noted(self._rpc.name, answer.notes)
        return answer.message

    async def _answer(self, wire: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> Answered | Failure:
        await self._around.warmth.of(self._rpc.types)
        asked = read_request(self._rpc, wire, context, self._around.states)
        if isinstance(asked, Failure):
            return asked
        if self._rpc.method.state is not None:
            found = self._around.states.remember(self._rpc.method.state, asked.named)
            return _invalid(found) if found else self._rpc.answers.nothing
        call = written(self._rpc, asked)
        if isinstance(call, Failure):
            return call
        headers = self._around.states.headers(call, asked.named, asked.metadata)
        received = await self._around.sender.send(call, headers, bound(call, context))
        if isinstance(received, Failure):
            return received
        answer = self._rpc.answers.read(received.status, received.body)
        if isinstance(answer, Answered) or received.status == 404:
            self._around.states.forget(self._rpc.method, asked.named)
        return answer


def read_request(rpc: Rpc, wire: bytes, context: grpc.aio.ServicerContext[Any, Any], states: States) -> Asked | Failure:
    """A request message held against its schema, with the metadata that is allowed to go on."""
    codec = rpc.request.codec
    assert codec is not None, rpc.name  # every type of a service has a message
    try:
        request = codec.decoded(wire)
    except Refused as refused:
        return _invalid(refused.findings)
    given = context.invocation_metadata() or ()
    metadata = {key: str(value) for key, value in given if key in states.allowed}
    return Asked(request, metadata)


def written(rpc: Rpc, asked: Asked) -> Call | Failure:
    """The HTTP request for a request message."""
    try:
        return rpc.caller.call(asked.request)
    except Unsendable as error:
        return _invalid((Finding(error.pointer, VIOLATION, str(error)),))


def bound(call: Call, context: grpc.aio.ServicerContext[Any, Any]) -> float | None:
    """How many seconds the upstream has for its answer; None where the client's own deadline decides."""
    left = cast("float | None", context.time_remaining())  # None without a deadline, whatever its stubs say
    return patience(call) if left is None else None


def _invalid(findings: tuple[Finding, ...]) -> Failure:
    return Failure(grpc.StatusCode.INVALID_ARGUMENT, findings[0].code, _REFUSED, findings)
