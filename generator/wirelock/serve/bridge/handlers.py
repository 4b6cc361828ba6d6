"""The services of a project as gRPC handlers: everything that is the same for every call is made here, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import grpc

from wirelock.build import Build
from wirelock.ir import Method, Service, TypeId
from wirelock.loader import Loaded
from wirelock.lower.plan import Rpc as RpcPlan
from wirelock.serve.bridge.hooks import Watch
from wirelock.serve.bridge.responses import Answers, Carriers
from wirelock.serve.bridge.streaming import Stream
from wirelock.serve.bridge.unary import Rpc, Surroundings, Unary
from wirelock.traffic.http.request_encoder import Caller
from wirelock.traffic.http.router import Route
from wirelock.traffic.redaction.credentials import Echoes

Violations = Literal["refuse", "warn"]
"""What becomes of an answer that breaks its schema."""


def names(build: Build) -> tuple[str, ...]:
    """The full names of the services."""
    return tuple(f"{file.package}.{service.name}" for file in build.proto.files for service in file.services)


def handlers(
    build: Build, loaded: Loaded, around: Surroundings, violations: Violations, watch: Watch
) -> Iterator[grpc.GenericRpcHandler]:
    """A handler for each service, with its calls watched.

    An interceptor would see them too, and at each call ask again which handler it is.
    """
    carriers, known = loaded.carrier if violations == "warn" else None, around.sender.known
    for file in build.proto.files:
        for service in file.services:
            name = f"{file.package}.{service.name}"
            rpcs = {plan.name: _rpc(name, plan, build, loaded, carriers, known) for plan in service.rpcs}
            watched = {key: watch.watched(name, key, _handler(rpc, around)) for key, rpc in rpcs.items()}
            yield grpc.method_handlers_generic_handler(name, watched)


def _rpc(service: str, plan: RpcPlan, build: Build, loaded: Loaded, carriers: Carriers | None, known: Echoes) -> Rpc:
    method, definitions = plan.method, build.graph.definitions
    route = Route(Service(service, "", method.where, (method,)), method)
    return Rpc(
        f"/{service}/{plan.name}",
        method,
        types(method),
        loaded.contract,
        Caller(method),
        Answers(route, loaded.contract, definitions, carriers, known),
    )


def types(method: Method) -> frozenset[TypeId]:
    """Every type that a method may hold."""
    return frozenset({method.request, method.response, *(body.type for body in method.responses if body.type)})


def _handler(rpc: Rpc, around: Surroundings) -> grpc.RpcMethodHandler[bytes, bytes]:
    if rpc.method.stream:
        return grpc.unary_stream_rpc_method_handler(Stream(rpc, around).call)
    return grpc.unary_unary_rpc_method_handler(Unary(rpc, around).call)
