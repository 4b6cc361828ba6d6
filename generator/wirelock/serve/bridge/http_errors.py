"""Conversion of HTTP errors to failures, with the error body of the server."""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import StringValue

from wirelock.ir import TypeId
from wirelock.loader import TypeContract
from wirelock.runtime.codec.codec import CodecError
from wirelock.serve.bridge.codes import UPSTREAM_ERROR
from wirelock.serve.bridge.status import Failure
from wirelock.serve.bridge.status_codes import to_grpc_code
from wirelock.traffic.conformance.outcomes import BodyCheck, BodyClass, Mismatch
from wirelock.traffic.http.exchange import RecordedBody

Contracts = Callable[[TypeId], TypeContract]


def build_http_failure(status: int, body: RecordedBody | None, part: BodyClass, contracts: Contracts) -> Failure:
    """Build the failure for an HTTP error.

    The status alone determines its code; violations of the contract are added as findings.
    """
    code = to_grpc_code(status)
    error_body = None if body is None else _decode_body(body, part, contracts)
    message = f"the upstream responded with status {status}"
    if status == 401:
        message += ": the bridge's credentials for it are missing or wrong"
    if isinstance(part, Mismatch):
        return Failure(code, part.code.id, f"{message}; {part.message}", status=status, body=error_body)
    findings = contracts(part.type).check_schema(part.text) if isinstance(part, BodyCheck) else ()
    errors = tuple(finding for finding in findings if not finding.warning)
    return Failure(code, errors[0].code if errors else UPSTREAM_ERROR.id, message, errors, status, error_body)


def _decode_body(body: RecordedBody, part: BodyClass, contracts: Contracts) -> Message:
    """Return the error body as the message of its type, else as text, which preserves the digits of numbers."""
    codec = contracts(part.type).codec if isinstance(part, BodyCheck) else None
    if codec is not None:
        try:
            return codec.to_message(body.text)
        except CodecError:
            pass
    return StringValue(value=body.text.decode(errors="replace"))
