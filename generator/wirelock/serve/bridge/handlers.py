"""gRPC handlers for the services of a project, built once at start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import grpc

from wirelock.build import Build
from wirelock.ir import Method, Service, TypeId
from wirelock.loader import LoadedArtifacts
from wirelock.lower.plan import Rpc as RpcPlan
from wirelock.serve.bridge.hooks import Instrumentation
from wirelock.serve.bridge.responses import LenientCodecs, ResponseDecoder
from wirelock.serve.bridge.streaming import StreamHandler
from wirelock.serve.bridge.unary import BridgeContext, RpcBinding, UnaryHandler
from wirelock.traffic.http.request_encoder import RequestEncoder
from wirelock.traffic.http.router import Route
from wirelock.traffic.redaction.credentials import KnownCredentials

OnViolation = Literal["refuse", "warn"]
"""The treatment of a response that violates its schema."""


def list_service_names(build: Build) -> tuple[str, ...]:
    """List the full names of the services."""
    return tuple(f"{file.package}.{service.name}" for file in build.proto.files for service in file.services)


def build_handlers(
    build: Build,
    loaded: LoadedArtifacts,
    bridge: BridgeContext,
    on_violation: OnViolation,
    instrumentation: Instrumentation,
) -> Iterator[grpc.GenericRpcHandler]:
    """Yield an instrumented handler for each service.

    A gRPC interceptor would look up the handler again for each call.
    """
    lenient_codecs = loaded.get_lenient_codec if on_violation == "warn" else None
    known_credentials = bridge.client.known_credentials
    for file in build.proto.files:
        for service in file.services:
            name = f"{file.package}.{service.name}"
            rpcs = {
                plan.name: _build_rpc(name, plan, build, loaded, lenient_codecs, known_credentials)
                for plan in service.rpcs
            }
            handlers = {
                method: instrumentation.wrap_handler(name, method, _build_handler(rpc, bridge))
                for method, rpc in rpcs.items()
            }
            yield grpc.method_handlers_generic_handler(name, handlers)


def _build_rpc(
    service: str,
    plan: RpcPlan,
    build: Build,
    loaded: LoadedArtifacts,
    lenient_codecs: LenientCodecs | None,
    known_credentials: KnownCredentials,
) -> RpcBinding:
    method, definitions = plan.method, build.graph.definitions
    route = Route(Service(service, "", method.location, (method,)), method)
    return RpcBinding(
        f"/{service}/{plan.name}",
        method,
        collect_types(method),
        loaded.get_contract,
        RequestEncoder(method),
        ResponseDecoder(route, loaded.get_contract, definitions, lenient_codecs, known_credentials),
    )


def collect_types(method: Method) -> frozenset[TypeId]:
    """Collect the types of a method's request, response and bodies."""
    return frozenset({method.request, method.response, *(body.type for body in method.responses if body.type)})


def _build_handler(rpc: RpcBinding, bridge: BridgeContext) -> grpc.RpcMethodHandler[bytes, bytes]:
    if rpc.method.stream:
        return grpc.unary_stream_rpc_method_handler(StreamHandler(rpc, bridge).handle)
    return grpc.unary_unary_rpc_method_handler(UnaryHandler(rpc, bridge).handle)
