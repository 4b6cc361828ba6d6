"""The standard gRPC services of a bridge: server reflection and health."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

_V1 = "grpc.reflection.v1.ServerReflection"
_V1ALPHA = reflection.SERVICE_NAME


def add_reflection(server: grpc.aio.Server, services: Sequence[str], files: descriptor_pb2.FileDescriptorSet) -> None:
    """Add server reflection v1alpha and v1, whose messages are identical on the wire.

    The descriptors have a pool of their own, which includes those of the reflection and health services.
    """
    pool = DescriptorPool()
    own = (health_pb2.DESCRIPTOR, reflection_pb2.DESCRIPTOR)
    for file in (*(file.SerializeToString() for file in files.file), *(file.serialized_pb for file in own)):
        pool.AddSerializedFile(file)
    servicer: Any = reflection.aio.ReflectionServicer((*services, health.SERVICE_NAME, _V1ALPHA), pool=pool)
    method = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    for name in (_V1, _V1ALPHA):
        handler = grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": method})
        server.add_generic_rpc_handlers((handler,))


class Health:
    """The health service: all services are SERVING while the upstream is reachable."""

    def __init__(self, server: grpc.aio.Server, services: Sequence[str]) -> None:
        self._servicer = health.aio.HealthServicer()
        self._services = ("", *services)
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)

    async def set_serving(self, is_up: bool) -> None:
        """Set the status of all services to SERVING or NOT_SERVING."""
        status = health_pb2.HealthCheckResponse
        for name in self._services:
            await self._servicer.set(name, status.SERVING if is_up else status.NOT_SERVING)

    async def begin_shutdown(self) -> None:
        """Set the status of all services to NOT_SERVING permanently."""
        await self._servicer.enter_graceful_shutdown()
