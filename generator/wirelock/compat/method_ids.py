"""What stands for a method's requests and for its answers, where a change has to say what it is about."""

from __future__ import annotations

from wirelock.ir import Method, Service, TypeId


def service_file(service: Service) -> str:
    """The file of a service below the schema folder."""
    name = service.where.file.rpartition("/")[2]
    return f"{service.package}/{name}" if service.package else name


def requests_of(service: Service, method: Method) -> TypeId:
    """What a method is sent, as a place in the service's file."""
    return TypeId(service_file(service), f"{method.where.pointer}/request")


def answers_of(service: Service, method: Method) -> TypeId:
    """What a method answers, as a place in the service's file."""
    return TypeId(service_file(service), f"{method.where.pointer}/response")
