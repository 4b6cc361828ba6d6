"""What clients that know nothing ask: which services there are (reflection), and whether they are up (health)."""

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
    """Server reflection, v1alpha and v1, which have the same messages on the wire.

    The descriptors live in a pool of their own with those of the two services that every bridge has.
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
    """The health service: every service is up while the upstream can be reached."""

    def __init__(self, server: grpc.aio.Server, services: Sequence[str]) -> None:
        self._servicer = health.aio.HealthServicer()
        self._services = ("", *services)
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)

    async def tell(self, up: bool) -> None:
        """Say whether the services are up."""
        kinds = health_pb2.HealthCheckResponse
        for name in self._services:
            await self._servicer.set(name, kinds.SERVING if up else kinds.NOT_SERVING)

    async def leave(self) -> None:
        """Say that the services are going down, whatever is told later."""
        await self._servicer.enter_graceful_shutdown()
