"""How a call ended, read from what its `grpc.aio.ServicerContext` knows: the code, and the findings in the details.

Contexts are Any here: the stubs know of no deadline, code or metadata that is not there.
"""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.status import DETAILS

_AHEAD = 0.05
"""Seconds that a client's clock is ahead of ours: it began to count before its call arrived, and hangs up first."""


def code_of(context: Any, error: BaseException | None) -> grpc.StatusCode:
    """The code that the client is told; where it is gone, whether its deadline had passed or it cancelled."""
    match error:
        case asyncio.CancelledError() | GeneratorExit():
            remaining = context.time_remaining()
            late = remaining is not None and remaining < _AHEAD
            return grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED
        case None:
            return _stated(context) or grpc.StatusCode.OK
        case _:
            return _stated(context) or grpc.StatusCode.UNKNOWN


def findings_of(context: Any) -> tuple[Finding, ...]:
    """The findings that a failure was explained with: those of BadRequest, else the reason of ErrorInfo."""
    packed = next((value for key, value in context.trailing_metadata() or () if key == DETAILS), b"")
    try:
        status = status_pb2.Status.FromString(packed if isinstance(packed, bytes) else packed.encode())
    except DecodeError:
        return ()
    reason, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        for message in (reason, request):
            detail.Unpack(message)  # does nothing for a detail of another type
    found = tuple(Finding(at.field, at.reason or reason.reason, at.description) for at in request.field_violations)
    return found or ((Finding("", reason.reason, status.message),) if reason.reason else ())


def _stated(context: Any) -> grpc.StatusCode | None:
    code = context.code()
    return code if isinstance(code, grpc.StatusCode) else None
