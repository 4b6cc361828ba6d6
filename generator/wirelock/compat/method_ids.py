"""Type ids that represent the requests and the responses of a method."""

from __future__ import annotations

from wirelock.ir import Method, Service, TypeId


def get_service_file(service: Service) -> str:
    """Return the path of a service file below the schema folder."""
    name = service.location.file.rpartition("/")[2]
    return f"{service.package}/{name}" if service.package else name


def get_request_id(service: Service, method: Method) -> TypeId:
    """Return the id of a method's requests: a location in the service file."""
    return TypeId(get_service_file(service), f"{method.location.pointer}/request")


def get_response_id(service: Service, method: Method) -> TypeId:
    """Return the id of a method's responses: a location in the service file."""
    return TypeId(get_service_file(service), f"{method.location.pointer}/response")
