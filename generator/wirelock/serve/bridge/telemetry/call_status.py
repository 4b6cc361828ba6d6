"""The status of a call that has ended, from its `grpc.aio.ServicerContext`.

Contexts are typed as Any: their stubs declare deadline, code and metadata as never missing.
"""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.status import DETAILS_KEY

_DEADLINE_TOLERANCE_SECONDS = 0.05
"""Seconds by which a client may cancel before our deadline: its own began before the call arrived."""


def get_status_code(context: Any, error: BaseException | None) -> grpc.StatusCode:
    """Return the code that the client gets; for a client that is gone, DEADLINE_EXCEEDED or CANCELLED."""
    match error:
        case asyncio.CancelledError() | GeneratorExit():
            remaining = context.time_remaining()
            is_late = remaining is not None and remaining < _DEADLINE_TOLERANCE_SECONDS
            return grpc.StatusCode.DEADLINE_EXCEEDED if is_late else grpc.StatusCode.CANCELLED
        case None:
            return _get_context_code(context) or grpc.StatusCode.OK
        case _:
            return _get_context_code(context) or grpc.StatusCode.UNKNOWN


def extract_findings(context: Any) -> tuple[Finding, ...]:
    """Extract the findings of a failure from its details: those of BadRequest, else the reason of ErrorInfo."""
    packed = next((value for key, value in context.trailing_metadata() or () if key == DETAILS_KEY), b"")
    try:
        status = status_pb2.Status.FromString(packed if isinstance(packed, bytes) else packed.encode())
    except DecodeError:
        return ()
    info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        for message in (info, request):
            detail.Unpack(message)  # does nothing for a detail of another type
    findings = tuple(
        Finding(violation.field, violation.reason or info.reason, violation.description)
        for violation in request.field_violations
    )
    return findings or ((Finding("", info.reason, status.message),) if info.reason else ())


def _get_context_code(context: Any) -> grpc.StatusCode | None:
    code = context.code()
    return code if isinstance(code, grpc.StatusCode) else None
