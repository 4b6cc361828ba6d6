"""The services of a project as gRPC handlers: everything that is the same for every call is made here, once."""

from __future__ import annotations

from collections.abc import Iterator

import grpc

from wirelock.artifacts import Loaded
from wirelock.build import Build
from wirelock.ir import Service
from wirelock.lower.plan import Rpc as RpcPlan
from wirelock.serve.bridge.answers import Answers
from wirelock.serve.bridge.calling import Rpc, Surroundings, Unary
from wirelock.serve.bridge.calls import Caller
from wirelock.traffic.parameters import properties
from wirelock.traffic.routes import Route


def names(build: Build) -> tuple[str, ...]:
    """The full names of the services."""
    return tuple(f"{file.package}.{service.name}" for file in build.proto.files for service in file.services)


def handlers(build: Build, loaded: Loaded, around: Surroundings) -> Iterator[grpc.GenericRpcHandler]:
    """A handler for each service."""
    for file in build.proto.files:
        for service in file.services:
            name = f"{file.package}.{service.name}"
            rpcs = {plan.name: _rpc(name, plan, build, loaded) for plan in service.rpcs}
            yield grpc.method_handlers_generic_handler(name, {key: _handler(rpc, around) for key, rpc in rpcs.items()})


def _rpc(service: str, plan: RpcPlan, build: Build, loaded: Loaded) -> Rpc:
    method, definitions = plan.method, build.graph.definitions
    route = Route(Service(service, "", method.where, (method,)), method)
    return Rpc(
        f"/{service}/{plan.name}",
        method,
        loaded.contract(method.request),
        frozenset(properties(method.request, definitions)),
        Caller(method),
        Answers(route, loaded.contract, definitions),
    )


def _handler(rpc: Rpc, around: Surroundings) -> grpc.RpcMethodHandler[bytes, bytes]:
    return grpc.unary_unary_rpc_method_handler(Unary(rpc, around).call)
