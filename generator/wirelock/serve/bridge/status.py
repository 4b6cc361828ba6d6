"""A call that fails, and how the client is told: a code, words, and google.rpc.Status in the trailing metadata."""

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
from wirelock.runtime.json.formatting import visible
from wirelock.serve.bridge.codes import BRIDGE_FAILED
from wirelock.traffic.redaction import reports
from wirelock.traffic.redaction.credentials import Echoes

DOMAIN = "wirelock"
"""The domain of `google.rpc.ErrorInfo.reason`."""
DETAILS = "grpc-status-details-bin"
_MOST_FINDINGS = 16
_LONGEST = 512
_LARGEST = 4096
"""Bytes of details; gRPC refuses metadata of more than 8 KiB, and base64 adds a third."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call fails.

    `reason` is the id of a diagnostic's code, which `wirelock explain` tells; `status` is the HTTP status, 0 where
    there was no answer; `body` is the server's error body.
    """

    code: grpc.StatusCode
    reason: str
    message: str
    findings: tuple[Finding, ...] = ()
    status: int = 0
    body: Message | None = None

    @property
    def details(self) -> str:
        """The words of the status: what is wrong, and the first place."""
        first = next(iter(self.findings), None)
        words = self.message if first is None else f"{self.message}: {first.pointer or '(root)'}: {first.message}"
        return visible(words if len(words) <= _LONGEST else words[:_LONGEST] + "…")

    def without(self, known: Echoes) -> Failure:
        """The failure without what is known, in words and findings; its body was made without it."""
        return replace(self, message=known.within(self.message), findings=reports.findings(self.findings, known))

    def trailing(self) -> tuple[tuple[str, bytes], ...]:
        """The trailing metadata: ErrorInfo, then BadRequest with the findings, then the server's own error body."""
        status = status_pb2.Status(code=self.code.value[0], message=self.details)
        for detail in self._details():
            packed = Any()
            packed.Pack(detail)
            if status.ByteSize() + packed.ByteSize() <= _LARGEST:
                status.details.append(packed)
        return ((DETAILS, status.SerializeToString()),)

    def _details(self) -> Iterable[Message]:
        facts = {"http_status": str(self.status)} if self.status else {}
        yield error_details_pb2.ErrorInfo(reason=self.reason, domain=DOMAIN, metadata=facts)
        if self.findings:
            yield error_details_pb2.BadRequest(field_violations=map(_violation, self.findings[:_MOST_FINDINGS]))
        if self.body is not None:
            yield self.body


def unforeseen(error: Exception) -> Failure:
    """A fault of our own: what it was and where, so that it can be reported."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    words = f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
    return Failure(
        grpc.StatusCode.INTERNAL, BRIDGE_FAILED.id, f"this is a fault of wirelock, please report it: {words}"
    )


def _violation(finding: Finding) -> error_details_pb2.BadRequest.FieldViolation:
    words = visible(finding.message)[:_LONGEST]
    return error_details_pb2.BadRequest.FieldViolation(field=finding.pointer, description=words, reason=finding.code)
