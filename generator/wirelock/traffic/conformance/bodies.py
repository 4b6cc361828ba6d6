"""Classification of bodies: a document of a documented type, or the reason why it is not checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from wirelock.diagnostics import Outcome
from wirelock.ir import Definition, Method, Object, StatusBody, String, TypeId
from wirelock.lower.unions import resolve_refs
from wirelock.runtime.json.equality import are_equal
from wirelock.runtime.json.pointers import escape_token
from wirelock.runtime.json.text import Json, MalformedText, dump, parse
from wirelock.traffic.conformance.codes import (
    BODY_MISSING,
    MALFORMED,
    MEDIA_TYPE_UNDOCUMENTED,
    STATUS_UNDOCUMENTED,
    VIOLATION,
)
from wirelock.traffic.conformance.outcomes import BodyCheck, BodyClass, Conforming, EventStream, Mismatch, SkippedBody
from wirelock.traffic.http.exchange import Exchange, RecordedBody
from wirelock.traffic.http.parameters import get_properties, read_parameters
from wirelock.traffic.http.router import RouteMatch
from wirelock.traffic.http.server_sent_events import MEDIA_TYPE, ServerSentEvent, read_events

Definitions = Mapping[TypeId, Definition]


# responses


def classify_response(exchange: Exchange, match: RouteMatch, definitions: Definitions) -> BodyClass:
    """Classify the response of an exchange."""
    method = match.route.method
    if exchange.status == 0:
        return SkippedBody("the request has no response")
    documented = find_documented(method.responses, exchange.status)
    if not documented:
        statuses = ", ".join(sorted({body.status for body in method.responses}))
        message = f"{method.name} returned {exchange.status}, which is not documented"
        return Mismatch(STATUS_UNDOCUMENTED, message, f"documented statuses: {statuses}", Outcome.UNDOCUMENTED_STATUS)
    if method.stream and exchange.status < 300 and not any(map(_is_empty, documented)):
        if exchange.response is None:
            return SkippedBody("the recording lacks the stream", Outcome.STREAM)
        if exchange.response.media_type in ("", MEDIA_TYPE):
            return _classify_stream(exchange.response.text, documented, method, definitions)
    if exchange.response is None:
        return _classify_missing_body(exchange, documented)
    return _classify_body(exchange.response, documented, method, definitions)


def find_documented(bodies: Sequence[StatusBody], status: int) -> list[StatusBody]:
    """Return the documented bodies of a status: by number, else by class, else the default."""
    for name in (str(status), f"{status // 100}XX", "default"):
        if documented := [body for body in bodies if body.status == name]:
            return documented
    return []


def _is_empty(body: StatusBody) -> bool:
    return body.type is None and body.const is None and not body.text


def _classify_missing_body(exchange: Exchange, documented: list[StatusBody]) -> BodyClass:
    if "response" in exchange.unrecorded:
        return SkippedBody("the recording lacks the body")
    if any(map(_is_empty, documented)):
        return Conforming()
    message = f"the response {exchange.status} has no body"
    return Mismatch(BODY_MISSING, message, f"documented: {_format_documented(documented)}", Outcome.VIOLATING)


def _classify_body(
    body: RecordedBody, documented: list[StatusBody], method: Method, definitions: Definitions
) -> BodyClass:
    matching = [entry for entry in documented if not _is_empty(entry) and body.media_type in ("", entry.media_type)]
    if not matching:
        message = f"the response is {body.media_type or 'a body of unknown type'}, which is not documented"
        return Mismatch(
            MEDIA_TYPE_UNDOCUMENTED,
            message,
            f"documented: {_format_documented(documented)}",
            Outcome.UNDOCUMENTED_MEDIA_TYPE,
        )
    chosen = matching[0]
    if chosen.media_type == MEDIA_TYPE:
        return _classify_stream(body.text, [chosen], method, definitions)
    if chosen.text:
        return Conforming()
    if chosen.const is not None:
        return _check_constant(body.text, chosen.const)
    assert chosen.type is not None
    return _wrap_response(body.text, chosen.type, method, definitions)


def _check_constant(text: bytes, const: str) -> BodyClass:
    try:
        same = are_equal(parse(text), json.loads(const))
    except MalformedText as error:
        return Mismatch(MALFORMED, error.finding.message, "the body must be JSON", Outcome.VIOLATING)
    message = f"the body is not {const}"
    return (
        Conforming()
        if same
        else Mismatch(VIOLATION, message, "the service file requires this constant", Outcome.VIOLATING)
    )


def _wrap_response(text: bytes, key: TypeId, method: Method, definitions: Definitions) -> BodyCheck:
    """Return the body, wrapped in the response message if the body is one of its properties."""
    name = method.response_body
    if (
        not name
        or key != method.response
        or not isinstance(resolve_refs(definitions[key].node, definitions).shape, Object)
    ):
        return BodyCheck(key, text)
    if not _is_json_text(text):  # wrapped, it might become JSON
        return BodyCheck(key, text)
    return BodyCheck(key, b"{" + json.dumps(name).encode() + b":" + text + b"}", f"/{escape_token(name)}")


def _classify_stream(
    text: bytes, documented: Sequence[StatusBody], method: Method, definitions: Definitions
) -> BodyClass:
    key = find_event_type(documented)
    if key is None:
        return SkippedBody("the events of the stream have no schema", Outcome.STREAM)
    checks = tuple(wrap_event(event, key, method, definitions) for event in read_events(text))
    return EventStream(checks) if checks else SkippedBody("the stream has no complete event", Outcome.STREAM)


def find_event_type(documented: Sequence[StatusBody]) -> TypeId | None:
    """Return the type of a stream's events; the only type of a method is the default."""
    keys = {entry.media_type: entry.type for entry in documented if entry.type is not None}
    return keys.get(MEDIA_TYPE) or next(iter(keys.values()), None)


def wrap_event(event: ServerSentEvent, key: TypeId, method: Method, definitions: Definitions) -> BodyCheck:
    """Return the check of an event: of its data, or of all its fields, as its type requires."""
    if _is_event_type(key, definitions):
        return BodyCheck(key, dump(_list_event_fields(event)))
    return _wrap_response(event.data, key, method, definitions)


def _is_event_type(key: TypeId, definitions: Definitions) -> bool:
    """Return True if a type describes the fields of an event, so that `data` is a string."""
    declared = get_properties(key, definitions)
    if "data" not in declared or not declared.keys() <= {"data", "event", "id", "retry"}:
        return False
    return isinstance(resolve_refs(declared["data"].node, definitions).shape, String)


def _list_event_fields(event: ServerSentEvent) -> dict[str, Json]:
    texts = {"data": event.data, "event": event.event, "id": event.id}
    declared: dict[str, Json] = {
        name: text.decode(errors="replace") for name, text in texts.items() if text is not None
    }
    return declared if event.retry is None else {**declared, "retry": event.retry}


def _is_json_text(text: bytes) -> bool:
    try:
        parse(text)
    except MalformedText:
        return False
    return True


def _format_documented(documented: list[StatusBody]) -> str:
    return " or ".join(dict.fromkeys("no body" if _is_empty(body) else body.media_type for body in documented))


# requests


def classify_request(exchange: Exchange, match: RouteMatch, definitions: Definitions) -> BodyClass:
    """Classify the request of an exchange: parameters and body together."""
    method = match.route.method
    body = exchange.request
    if "request" in exchange.unrecorded:
        return SkippedBody("the recording lacks the request body")
    if body is not None and method.body and not _has_json_type(body):
        return SkippedBody(f"the request body is {body.media_type}")
    try:
        content: Json = parse(body.text) if body is not None and method.body else {}
    except MalformedText as error:
        return Mismatch(MALFORMED, f"the request body is not JSON: {error.finding.message}", "", Outcome.VIOLATING)
    parameters = read_parameters(exchange, match, definitions)
    if method.body not in ("", "*"):
        declared = get_properties(method.request, definitions)[method.body]
        sent: dict[str, Json] = {method.body: content} if body is not None or declared.required else {}
        return BodyCheck(method.request, dump({**parameters, **sent}), f"/{escape_token(method.body)}")
    if not isinstance(content, dict):
        return BodyCheck(method.request, dump(content))
    return BodyCheck(method.request, dump({**content, **parameters}))


def _has_json_type(body: RecordedBody) -> bool:
    return body.media_type in ("", "application/json") or body.media_type.endswith("+json")
