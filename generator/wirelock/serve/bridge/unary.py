"""Unary RPCs: from the bytes of the request to the bytes of the response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import grpc

from wirelock.ir import Method, TypeId
from wirelock.loader import TypeContract
from wirelock.runtime.codec.codec import CodecError
from wirelock.runtime.findings import VIOLATION, Finding
from wirelock.runtime.json.text import Json
from wirelock.serve.bridge.client import UpstreamClient, choose_timeout
from wirelock.serve.bridge.hooks import BridgeHooks
from wirelock.serve.bridge.http_errors import Contracts
from wirelock.serve.bridge.preload import Preloader
from wirelock.serve.bridge.responses import ResponseDecoder, RpcResponse
from wirelock.serve.bridge.session_state import Metadata, SessionStates
from wirelock.serve.bridge.shutdown import Shutdown
from wirelock.serve.bridge.status import Failure, build_internal_failure
from wirelock.traffic.http.request_encoder import EncodeError, HttpRequest, RequestEncoder

_INVALID_REQUEST = "the request is invalid"


@dataclass(frozen=True, slots=True)
class RpcBinding:
    """An RPC bound to its HTTP method.

    `name` is the full name (`/opencode.session.SessionService/GetSession`); `types` are all types of its messages.
    """

    name: str
    method: Method
    types: frozenset[TypeId]
    contracts: Contracts
    encoder: RequestEncoder
    decoder: ResponseDecoder

    @property
    def request(self) -> TypeContract:
        """The contract of the request."""
        return self.contracts(self.method.request)


@dataclass(frozen=True, slots=True)
class BridgeContext:
    """Objects that all RPCs of a bridge share."""

    client: UpstreamClient
    states: SessionStates
    hooks: BridgeHooks
    shutdown: Shutdown
    preloader: Preloader


@dataclass(frozen=True, slots=True)
class RpcRequest:
    """A request as JSON, with the client's metadata that may become headers."""

    value: Json
    metadata: Metadata

    @property
    def properties(self) -> Mapping[str, Json]:
        """The properties of the request, empty if it is not an object."""
        return self.value if isinstance(self.value, dict) else {}


class UnaryHandler:
    """The handler of a unary RPC."""

    def __init__(self, rpc: RpcBinding, bridge: BridgeContext) -> None:
        self._rpc = rpc
        self._bridge = bridge

    async def handle(self, wire: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        """Return the bytes of the response; a failure aborts the call with its status."""
        try:
            response = await self._respond(wire, context)
        except Exception as error:  # the client always gets a status, and the log the origin of the error
            response = build_internal_failure(error)
        if isinstance(response, Failure):
            await context.abort(response.code, response.details, response.build_trailing_metadata())
        if response.notes:
            self._bridge.hooks.on_findings(self._rpc.name, response.notes)
        return response.message

    async def _respond(self, wire: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> RpcResponse | Failure:
        await self._bridge.preloader.load(self._rpc.types)
        request = decode_request(self._rpc, wire, context, self._bridge.states)
        if isinstance(request, Failure):
            return request
        if self._rpc.method.state is not None:
            findings = self._bridge.states.remember(self._rpc.method.state, request.properties)
            return _build_request_failure(findings) if findings else self._rpc.decoder.empty_response
        http_request = encode_request(self._rpc, request)
        if isinstance(http_request, Failure):
            return http_request
        headers = self._bridge.states.select_headers(http_request, request.properties, request.metadata)
        http_response = await self._bridge.client.send(http_request, headers, limit_seconds(http_request, context))
        if isinstance(http_response, Failure):
            return http_response
        response = self._rpc.decoder.decode(http_response.status, http_response.body)
        if isinstance(response, RpcResponse) or http_response.status == 404:
            self._bridge.states.forget(self._rpc.method, request.properties)
        return response


def decode_request(
    rpc: RpcBinding, wire: bytes, context: grpc.aio.ServicerContext[Any, Any], states: SessionStates
) -> RpcRequest | Failure:
    """Decode and validate a request message, and select the metadata that may become headers."""
    codec = rpc.request.codec
    assert codec is not None, rpc.name  # every type of a service has a message
    try:
        value = codec.decode_value(wire)
    except CodecError as error:
        return _build_request_failure(error.findings)
    items = context.invocation_metadata() or ()
    metadata = {key: str(text) for key, text in items if key in states.metadata_names}
    return RpcRequest(value, metadata)


def encode_request(rpc: RpcBinding, request: RpcRequest) -> HttpRequest | Failure:
    """Encode a request message as an HTTP request."""
    try:
        return rpc.encoder.encode(request.value)
    except EncodeError as error:
        return _build_request_failure((Finding(error.pointer, VIOLATION, str(error)),))


def limit_seconds(request: HttpRequest, context: grpc.aio.ServicerContext[Any, Any]) -> float | None:
    """Return the seconds for the upstream's response, or None if the call has a deadline, which gRPC enforces."""
    remaining = cast("float | None", context.time_remaining())  # None without a deadline, unlike its stubs say
    return choose_timeout(request) if remaining is None else None


def _build_request_failure(findings: tuple[Finding, ...]) -> Failure:
    return Failure(grpc.StatusCode.INVALID_ARGUMENT, findings[0].code, _INVALID_REQUEST, findings)
