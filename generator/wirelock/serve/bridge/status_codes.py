"""HTTP statuses as gRPC codes.

The table inverts the "HTTP Mapping" of google.rpc.Code; 502 follows grpc's `http-grpc-status-mapping` for gateways. A
status that neither lists is mapped by its class.
"""

from __future__ import annotations

import grpc

_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    408: grpc.StatusCode.DEADLINE_EXCEEDED,
    409: grpc.StatusCode.ABORTED,
    412: grpc.StatusCode.FAILED_PRECONDITION,
    416: grpc.StatusCode.OUT_OF_RANGE,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    499: grpc.StatusCode.CANCELLED,
    500: grpc.StatusCode.INTERNAL,
    501: grpc.StatusCode.UNIMPLEMENTED,
    502: grpc.StatusCode.UNAVAILABLE,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
_CLASSES = {4: grpc.StatusCode.FAILED_PRECONDITION, 5: grpc.StatusCode.INTERNAL}


def to_grpc_code(status: int) -> grpc.StatusCode:
    """Return the gRPC code of an HTTP status that is not 2xx; a redirect is INTERNAL."""
    return _CODES.get(status) or _CLASSES.get(status // 100, grpc.StatusCode.INTERNAL)
