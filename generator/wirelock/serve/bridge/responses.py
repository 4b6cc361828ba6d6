"""Conversion of HTTP responses to response messages or failures."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import grpc
from google.protobuf.message import Message

from wirelock.ir import Definition, TypeId
from wirelock.runtime.codec.codec import Codec, CodecError
from wirelock.runtime.findings import Finding
from wirelock.runtime.json.text import dump
from wirelock.serve.bridge.http_errors import Contracts, build_http_failure
from wirelock.serve.bridge.status import Failure
from wirelock.traffic.conformance.bodies import classify_response, find_documented, find_event_type, wrap_event
from wirelock.traffic.conformance.codes import BODY_NOT_CHECKED, MEDIA_TYPE_UNDOCUMENTED, NOT_REPRESENTABLE
from wirelock.traffic.conformance.outcomes import BodyCheck, BodyClass, Conforming, EventStream, Mismatch, SkippedBody
from wirelock.traffic.http.exchange import Exchange, RecordedBody
from wirelock.traffic.http.parameters import get_properties
from wirelock.traffic.http.router import Route, RouteMatch
from wirelock.traffic.http.server_sent_events import ServerSentEvent
from wirelock.traffic.redaction import reports
from wirelock.traffic.redaction.credentials import NO_CREDENTIALS, KnownCredentials

LenientCodecs = Callable[[TypeId], Codec[Message]]
_TEXT_PROPERTIES, _DATA_PROPERTIES = frozenset({"text"}), frozenset({"data", "media_type"})
"""The properties of the messages that `wirelock import` generates for text bodies, and for other bytes."""
_VIOLATION = "the upstream's response violates its schema"


@dataclass(frozen=True, slots=True)
class RpcResponse:
    """A response message in protobuf's binary format, with notes on content that it does not represent."""

    message: bytes
    notes: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class DroppedEvent:
    """An event that no message can represent, with the reasons."""

    notes: tuple[Finding, ...]


class ResponseDecoder:
    """The decoder for the responses of one method.

    A body that violates its schema is a failure. With `lenient_codecs` it becomes a message with notes, if one can
    represent it. `known_credentials` are redacted from failures and notes, which clients can read.
    """

    def __init__(
        self,
        route: Route,
        contracts: Contracts,
        definitions: Mapping[TypeId, Definition],
        lenient_codecs: LenientCodecs | None = None,
        known_credentials: KnownCredentials = NO_CREDENTIALS,
    ) -> None:
        self._match = RouteMatch(route, {})
        self._contracts = contracts
        self._lenient_codecs = lenient_codecs
        self._known_credentials = known_credentials
        self._definitions = definitions
        self._response = route.method.response
        self._event = find_event_type(find_documented(route.method.responses, 200)) or route.method.response
        self._properties = frozenset(get_properties(self._response, definitions))
        self._plain_types = dict(self._find_plain_types())

    def decode(self, status: int, body: RecordedBody | None) -> RpcResponse | Failure:
        """Convert a response to a message or a failure."""
        result = self._decode(status, body)
        return result.redact(self._known_credentials) if isinstance(result, Failure) else result

    def _decode(self, status: int, body: RecordedBody | None) -> RpcResponse | Failure:
        method = self._match.route.method
        if body is None and status < 300 and any(known.text for known in find_documented(method.responses, status)):
            return self._encode_untyped(status, RecordedBody(b"", ""))  # a text body may be empty
        if body is not None and (key := self._plain_types.get((status, body.media_type))) is not None:
            return self._encode(BodyCheck(key, body.text), status)
        if status >= 400:
            return self._decode_error(status, body)
        part = self._classify(status, body)
        match part:
            case BodyCheck():
                return self._encode(part, status)
            case Conforming():
                return self._encode_untyped(status, body)
            case Mismatch(code, message, hint):
                return Failure(grpc.StatusCode.INTERNAL, code.id, _add_hint(message, hint, body), status=status)
            case SkippedBody(reason):
                return Failure(grpc.StatusCode.INTERNAL, BODY_NOT_CHECKED.id, reason, status=status)
            case EventStream():
                message = "the upstream responds with an event stream, but the method describes none"
                return Failure(grpc.StatusCode.INTERNAL, MEDIA_TYPE_UNDOCUMENTED.id, message, status=status)

    def _decode_error(self, status: int, body: RecordedBody | None) -> Failure:
        if body is not None:
            body = replace(body, text=self._known_credentials.remove_from(body.text))
        return build_http_failure(status, body, self._classify(status, body), self._contracts)

    def _classify(self, status: int, body: RecordedBody | None) -> BodyClass:
        method = self._match.route.method
        exchange = Exchange("", 0, method.verb, method.path, status, None, body)
        return classify_response(exchange, self._match, self._definitions)

    def _find_plain_types(self) -> Iterator[tuple[tuple[int, str], TypeId]]:
        """Yield the types that depend only on status and media type, which covers most responses."""
        for response in self._match.route.method.responses:
            if response.status.isdigit() and int(response.status) < 400 and response.media_type:
                status = int(response.status)
                part = self._classify(status, RecordedBody(b"null", response.media_type))
                if isinstance(part, BodyCheck) and not part.body_pointer:  # texts are wrapped in an object
                    yield (status, response.media_type), part.type

    @property
    def empty_response(self) -> RpcResponse | Failure:
        """The response of an RPC without an HTTP request."""
        return self._encode_untyped(0, None)

    def decode_event(self, event: ServerSentEvent) -> RpcResponse | Failure | DroppedEvent:
        """Convert an event to a message or a failure; with lenient codecs, drop an event that has no message."""
        result = self._encode(wrap_event(event, self._event, self._match.route.method, self._definitions), 200)
        if not isinstance(result, Failure):
            return result
        if result.findings and self._lenient_codecs is not None:
            return DroppedEvent(self._to_notes(result.findings))
        return result.redact(self._known_credentials)

    def _encode(self, body: BodyCheck, status: int) -> RpcResponse | Failure:
        """Encode a body with a type as the message of the RPC."""
        if body.type != self._response:
            message = f"the body of status {status} has another type than the response of the RPC"
            return Failure(grpc.StatusCode.INTERNAL, NOT_REPRESENTABLE.id, message, status=status)
        codec = self._contracts(body.type).codec
        assert codec is not None, body.type  # every type of a service has a message
        try:
            encoded = codec.to_message_with_notes(body.text)
        except CodecError as error:
            findings = tuple(
                replace(finding, pointer=body.to_body_pointer(finding.pointer)) for finding in error.findings
            )
            return self._encode_leniently(body, findings) or Failure(
                grpc.StatusCode.INTERNAL, findings[0].code, _VIOLATION, findings, status
            )
        notes = reports.redact_findings(encoded.notes, self._known_credentials) if encoded.notes else ()
        return RpcResponse(encoded.message.SerializeToString(deterministic=True), notes)

    def _encode_leniently(self, body: BodyCheck, findings: tuple[Finding, ...]) -> RpcResponse | None:
        """Encode a body that violates its schema; return None without lenient codecs or if no message represents it."""
        if self._lenient_codecs is None:
            return None
        try:
            message = self._lenient_codecs(body.type).to_message(body.text)
        except (
            CodecError,
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
        ):  # a value does not fit its field
            return None
        return RpcResponse(message.SerializeToString(deterministic=True), self._to_notes(findings))

    def _to_notes(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        redacted = reports.redact_findings(findings, self._known_credentials)
        return tuple(replace(finding, warning=True) for finding in redacted)

    def _encode_untyped(self, status: int, body: RecordedBody | None) -> RpcResponse | Failure:
        """Encode a valid body that has no type: a constant, a text, or none."""
        codec = self._contracts(self._response).codec
        assert codec is not None, self._response
        for text in self._list_candidates(body):
            try:
                return RpcResponse(codec.encode(text))
            except CodecError:
                continue
        message = f"the response of the RPC cannot represent the body of status {status}"
        return Failure(grpc.StatusCode.INTERNAL, NOT_REPRESENTABLE.id, message, status=status)

    def _list_candidates(self, body: RecordedBody | None) -> list[bytes]:
        """List the documents of the response's type that may represent a body without a type, the likeliest first."""
        if body is None:
            return [b"{}"]
        if self._properties == _TEXT_PROPERTIES:
            return [dump({"text": body.text.decode(errors="replace")})]
        if self._properties == _DATA_PROPERTIES:
            return [dump({"data": base64.b64encode(body.text).decode(), "media_type": body.media_type})]
        return [b"{}", body.text]


def _add_hint(message: str, hint: str, body: RecordedBody | None) -> str:
    if body is not None and body.media_type == "text/html":
        return f"{message}: check that the path exists on this server, and that it is a server of this API"
    return f"{message} ({hint})" if hint else message
