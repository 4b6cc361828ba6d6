"""HTTP responses as response messages or failures, by what the method says of each status."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import grpc
from google.protobuf.message import Message

from wirelock.ir import Definition, TypeId
from wirelock.runtime.codec.codec import Codec, Refused
from wirelock.runtime.findings import Finding
from wirelock.runtime.json.text import dump
from wirelock.serve.bridge.http_errors import Contracts, error
from wirelock.serve.bridge.status import Failure
from wirelock.traffic.conformance.bodies import event_part, event_type, response_part, stated
from wirelock.traffic.conformance.codes import BODY_NOT_CHECKED, MEDIA_TYPE_UNDOCUMENTED, NOT_REPRESENTABLE
from wirelock.traffic.conformance.outcomes import Checked, Fault, Held, Part, Skipped, Streamed
from wirelock.traffic.http.exchange import Body, Exchange
from wirelock.traffic.http.parameters import properties
from wirelock.traffic.http.router import Match, Route
from wirelock.traffic.http.server_sent_events import Event
from wirelock.traffic.redaction import reports
from wirelock.traffic.redaction.credentials import UNKNOWN, Echoes

Carriers = Callable[[TypeId], Codec[Message]]
_TEXT, _DATA = frozenset({"text"}), frozenset({"data", "media_type"})
"""The properties of messages that `wirelock import` makes for bodies that are text, and for other bytes."""
_BROKEN = "the upstream's answer breaks the contract"


@dataclass(frozen=True, slots=True)
class Answered:
    """A response message in protobuf's binary form, and notes on what it does not hold."""

    message: bytes
    notes: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An event that is not passed on, and why."""

    notes: tuple[Finding, ...]


class Answers:
    """Reads the responses of one method.

    A body that breaks its schema is a failure, or, with `carriers`, goes on where its message can hold it, with notes.
    `known` are our credentials: errors and findings, which others get to see, are without them.
    """

    def __init__(
        self,
        route: Route,
        contracts: Contracts,
        definitions: Mapping[TypeId, Definition],
        carriers: Carriers | None = None,
        known: Echoes = UNKNOWN,
    ) -> None:
        self._match = Match(route, {})
        self._contracts = contracts
        self._carriers = carriers
        self._known = known
        self._definitions = definitions
        self._response = route.method.response
        self._event = event_type(stated(route.method.responses, 200)) or route.method.response
        self._properties = frozenset(properties(self._response, definitions))
        self._whole = dict(self._bodies_that_stand_alone())

    def read(self, status: int, body: Body | None) -> Answered | Failure:
        """What an RPC answers for a response."""
        answer = self._read(status, body)
        return answer.without(self._known) if isinstance(answer, Failure) else answer

    def _read(self, status: int, body: Body | None) -> Answered | Failure:
        method = self._match.route.method
        if body is None and status < 300 and any(one.text for one in stated(method.responses, status)):
            return self._checked(status, Body(b"", ""))  # a text may be empty
        if body is not None and (key := self._whole.get((status, body.media_type))) is not None:
            return self._encoded(Held(key, body.text), status)
        if status >= 400:
            return self._error(status, body)
        part = self._part(status, body)
        match part:
            case Held():
                return self._encoded(part, status)
            case Checked():
                return self._checked(status, body)
            case Fault(code, message, hint):
                return Failure(grpc.StatusCode.INTERNAL, code.id, _with_hint(message, hint, body), status=status)
            case Skipped(reason):
                return Failure(grpc.StatusCode.INTERNAL, BODY_NOT_CHECKED.id, reason, status=status)
            case Streamed():
                words = "the upstream answers with a stream of events, and the method is none"
                return Failure(grpc.StatusCode.INTERNAL, MEDIA_TYPE_UNDOCUMENTED.id, words, status=status)

    def _error(self, status: int, body: Body | None) -> Failure:
        told = replace(body, text=self._known.without(body.text)) if body is not None else None
        return error(status, told, self._part(status, told), self._contracts)

    def _part(self, status: int, body: Body | None) -> Part:
        method = self._match.route.method
        exchange = Exchange("", 0, method.verb, method.path, status, None, body)
        return response_part(exchange, self._match, self._definitions)

    def _bodies_that_stand_alone(self) -> Iterator[tuple[tuple[int, str], TypeId]]:
        """By status and media type, the types of bodies of which nothing else matters: most answers are such."""
        for one in self._match.route.method.responses:
            if one.status.isdigit() and int(one.status) < 400 and one.media_type:
                status = int(one.status)
                part = self._part(status, Body(b"null", one.media_type))
                if isinstance(part, Held) and not part.inside:  # JSON that is not put into an object, so no text is
                    yield (status, one.media_type), part.type

    @property
    def nothing(self) -> Answered | Failure:
        """What an RPC answers that asks nobody."""
        return self._checked(0, None)

    def event(self, event: Event) -> Answered | Failure | LeftOut:
        """What an RPC that streams answers for an event; where violations go on, what no message holds is left out."""
        step = self._encoded(event_part(event, self._event, self._match.route.method, self._definitions), 200)
        if not isinstance(step, Failure):
            return step
        if step.findings and self._carriers is not None:
            return LeftOut(self._as_notes(step.findings))
        return step.without(self._known)

    def _encoded(self, held: Held, status: int) -> Answered | Failure:
        """A body of a described type as the message of the RPC."""
        if held.type != self._response:
            words = f"the answer {status} has another type than the RPC returns"
            return Failure(grpc.StatusCode.INTERNAL, NOT_REPRESENTABLE.id, words, status=status)
        codec = self._contracts(held.type).codec
        assert codec is not None, held.type  # every type of a service has a message
        try:
            encoded = codec.read(held.text)
        except Refused as refused:
            found = tuple(_shown(held, finding) for finding in refused.findings)
            return self._passed_on(held, found) or Failure(
                grpc.StatusCode.INTERNAL, found[0].code, _BROKEN, found, status
            )
        notes = reports.findings(encoded.notes, self._known) if encoded.notes else ()
        return Answered(encoded.message.SerializeToString(deterministic=True), notes)

    def _passed_on(self, held: Held, found: tuple[Finding, ...]) -> Answered | None:
        """The message for a body that breaks its schema; None where that is not wanted, or no message holds it."""
        if self._carriers is None:
            return None
        try:
            message = self._carriers(held.type).to_message(held.text)
        except (Refused, AttributeError, KeyError, TypeError, ValueError):  # of no form that a field could take
            return None
        return Answered(message.SerializeToString(deterministic=True), self._as_notes(found))

    def _as_notes(self, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return tuple(replace(finding, warning=True) for finding in reports.findings(found, self._known))

    def _checked(self, status: int, body: Body | None) -> Answered | Failure:
        """A body that is as described and has no type: a constant, a text, or none."""
        codec = self._contracts(self._response).codec
        assert codec is not None, self._response
        for text in self._documents(body):
            try:
                return Answered(codec.encode(text))
            except Refused:
                continue
        words = f"the answer {status} has no body that the response of the RPC could hold"
        return Failure(grpc.StatusCode.INTERNAL, NOT_REPRESENTABLE.id, words, status=status)

    def _documents(self, body: Body | None) -> list[bytes]:
        """What such a body may be as a document of the response's type, the likeliest first."""
        if body is None:
            return [b"{}"]
        if self._properties == _TEXT:
            return [dump({"text": body.text.decode(errors="replace")})]
        if self._properties == _DATA:
            return [dump({"data": base64.b64encode(body.text).decode(), "media_type": body.media_type})]
        return [b"{}", body.text]


def _shown(held: Held, finding: Finding) -> Finding:
    """A finding with its pointer into the HTTP body."""
    return replace(finding, pointer=held.shown(finding.pointer))


def _with_hint(message: str, hint: str, body: Body | None) -> str:
    if body is not None and body.media_type == "text/html":
        return f"{message}: does the path exist on this server, and is it a server of this API?"
    return f"{message} ({hint})" if hint else message
