"""Failures of calls, and their gRPC status: a code, a message, and a google.rpc.Status in the trailing metadata."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from wirelock.runtime.findings import Finding
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.serve.bridge.codes import BRIDGE_FAILED
from wirelock.traffic.redaction import reports
from wirelock.traffic.redaction.credentials import KnownCredentials

DOMAIN = "wirelock"
"""The domain of `google.rpc.ErrorInfo.reason`."""
DETAILS_KEY = "grpc-status-details-bin"
_MAX_FINDINGS = 16
_MAX_CHARACTERS = 512
_MAX_DETAILS_BYTES = 4096
"""gRPC rejects metadata of more than 8 KiB, and base64 adds a third."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed call.

    `reason` is the id of a diagnostic's code, as for `wirelock explain`. `status` is the HTTP status, 0 without a
    response. `body` is the server's error body.
    """

    code: grpc.StatusCode
    reason: str
    message: str
    findings: tuple[Finding, ...] = ()
    status: int = 0
    body: Message | None = None

    @property
    def details(self) -> str:
        """The message of the gRPC status, with the first finding."""
        first = next(iter(self.findings), None)
        text = self.message if first is None else f"{self.message}: {first.pointer or '(root)'}: {first.message}"
        return escape_unprintable(text if len(text) <= _MAX_CHARACTERS else text[:_MAX_CHARACTERS] + "…")

    def redact(self, known_credentials: KnownCredentials) -> Failure:
        """Return the failure with credentials redacted from message and findings; its body must be redacted already."""
        return replace(
            self,
            message=known_credentials.remove_from_message(self.message),
            findings=reports.redact_findings(self.findings, known_credentials),
        )

    def build_trailing_metadata(self) -> tuple[tuple[str, bytes], ...]:
        """Build the trailing metadata: ErrorInfo, then BadRequest with the findings, then the server's error body."""
        status = status_pb2.Status(code=self.code.value[0], message=self.details)
        for detail in self._build_details():
            packed = Any()
            packed.Pack(detail)
            if status.ByteSize() + packed.ByteSize() <= _MAX_DETAILS_BYTES:
                status.details.append(packed)
        return ((DETAILS_KEY, status.SerializeToString()),)

    def _build_details(self) -> Iterable[Message]:
        metadata = {"http_status": str(self.status)} if self.status else {}
        yield error_details_pb2.ErrorInfo(reason=self.reason, domain=DOMAIN, metadata=metadata)
        if self.findings:
            yield error_details_pb2.BadRequest(field_violations=map(_build_violation, self.findings[:_MAX_FINDINGS]))
        if self.body is not None:
            yield self.body


def build_internal_failure(error: Exception) -> Failure:
    """Build the failure for an exception in wirelock itself, with its type and location for a bug report."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    origin = f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
    message = f"internal error of wirelock, please report it: {origin}"
    return Failure(grpc.StatusCode.INTERNAL, BRIDGE_FAILED.id, message)


def _build_violation(finding: Finding) -> error_details_pb2.BadRequest.FieldViolation:
    description = escape_unprintable(finding.message)[:_MAX_CHARACTERS]
    return error_details_pb2.BadRequest.FieldViolation(
        field=finding.pointer, description=description, reason=finding.code
    )
