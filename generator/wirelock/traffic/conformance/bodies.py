"""What of an exchange is a JSON document of a described type, and what cannot be checked and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from wirelock.ir import Definition, Method, Record, StatusBody, Text, TypeId
from wirelock.lower.unions import follow
from wirelock.runtime.json.equality import equal
from wirelock.runtime.json.pointers import token
from wirelock.runtime.json.text import Json, MalformedText, dump, parse
from wirelock.traffic.conformance.codes import (
    BODY_MISSING,
    MALFORMED,
    MEDIA_TYPE_UNDOCUMENTED,
    STATUS_UNDOCUMENTED,
    VIOLATION,
)
from wirelock.traffic.conformance.outcomes import Checked, Fault, Held, Part, Skipped, Streamed
from wirelock.traffic.http.exchange import Body, Exchange
from wirelock.traffic.http.parameters import parameters, properties
from wirelock.traffic.http.router import Match
from wirelock.traffic.http.server_sent_events import MEDIA_TYPE, Event, events

Definitions = Mapping[TypeId, Definition]


# responses


def response_part(exchange: Exchange, match: Match, definitions: Definitions) -> Part:
    """What the response of an exchange is to be held against."""
    method = match.route.method
    if exchange.status == 0:
        return Skipped("the request was not answered")
    described = stated(method.responses, exchange.status)
    if not described:
        known = ", ".join(sorted({body.status for body in method.responses}))
        words = f"{method.name} answers {exchange.status}, which is not described"
        return Fault(STATUS_UNDOCUMENTED, words, f"described are {known}", "undocumented_status")
    if method.stream and exchange.status < 300 and not any(map(_is_empty, described)):
        if exchange.response is None:
            return Skipped("the recording does not hold the stream", "stream")
        if exchange.response.media_type in ("", MEDIA_TYPE):
            return _stream(exchange.response.text, described, method, definitions)
    if exchange.response is None:
        return _without_body(exchange, described)
    return _with_body(exchange.response, described, method, definitions)


def stated(bodies: Sequence[StatusBody], status: int) -> list[StatusBody]:
    """What is described for a status: by its number, else by its class, else by default."""
    for name in (str(status), f"{status // 100}XX", "default"):
        if found := [body for body in bodies if body.status == name]:
            return found
    return []


def _is_empty(body: StatusBody) -> bool:
    return body.type is None and body.const is None and not body.text


def _without_body(exchange: Exchange, described: list[StatusBody]) -> Part:
    if "response" in exchange.unrecorded:
        return Skipped("the recording does not hold the body")
    if any(map(_is_empty, described)):
        return Checked()
    words = f"the answer {exchange.status} has no body"
    return Fault(BODY_MISSING, words, f"described is {_listed(described)}", "violating")


def _with_body(body: Body, described: list[StatusBody], method: Method, definitions: Definitions) -> Part:
    fitting = [one for one in described if not _is_empty(one) and body.media_type in ("", one.media_type)]
    if not fitting:
        words = f"the answer is {body.media_type or 'a body of no known type'}, which is not described"
        return Fault(MEDIA_TYPE_UNDOCUMENTED, words, f"described is {_listed(described)}", "undocumented_media_type")
    chosen = fitting[0]
    if chosen.media_type == MEDIA_TYPE:
        return _stream(body.text, [chosen], method, definitions)
    if chosen.text:
        return Checked()
    if chosen.const is not None:
        return _constant(body.text, chosen.const)
    assert chosen.type is not None
    return _response(body.text, chosen.type, method, definitions)


def _constant(text: bytes, const: str) -> Part:
    try:
        same = equal(parse(text), json.loads(const))
    except MalformedText as error:
        return Fault(MALFORMED, error.finding.message, "the body must be JSON", "violating")
    words = f"the body is not {const}"
    return Checked() if same else Fault(VIOLATION, words, "the service file gives it as const", "violating")


def _response(text: bytes, key: TypeId, method: Method, definitions: Definitions) -> Held:
    """The body itself, or the response message around it where the body is one of its properties."""
    name = method.response_body
    if not name or key != method.response or not isinstance(follow(definitions[key].node, definitions).shape, Record):
        return Held(key, text)
    if not _is_text(text):  # wrapped, it might be JSON
        return Held(key, text)
    return Held(key, b"{" + json.dumps(name).encode() + b":" + text + b"}", f"/{token(name)}")


def _stream(text: bytes, described: Sequence[StatusBody], method: Method, definitions: Definitions) -> Part:
    key = event_type(described)
    if key is None:
        return Skipped("the events of the stream have no schema", "stream")
    held = tuple(event_part(event, key, method, definitions) for event in events(text))
    return Streamed(held) if held else Skipped("the stream holds no whole event", "stream")


def event_type(described: Sequence[StatusBody]) -> TypeId | None:
    """The type of the events of a stream; a service file need not say that the one type of a method is sent as such."""
    keys = {one.media_type: one.type for one in described if one.type is not None}
    return keys.get(MEDIA_TYPE) or next(iter(keys.values()), None)


def event_part(event: Event, key: TypeId, method: Method, definitions: Definitions) -> Held:
    """What an event is to be held against: its data alone, or the event with its fields, as its type wants."""
    if _is_of_fields(key, definitions):
        return Held(key, dump(_fields(event)))
    return _response(event.data, key, method, definitions)


def _is_of_fields(key: TypeId, definitions: Definitions) -> bool:
    """Whether a type is of the event with its fields rather than of its data: then it says that `data` is a text."""
    declared = properties(key, definitions)
    if "data" not in declared or not declared.keys() <= {"data", "event", "id", "retry"}:
        return False
    return isinstance(follow(declared["data"].node, definitions).shape, Text)


def _fields(event: Event) -> dict[str, Json]:
    texts = {"data": event.data, "event": event.event, "id": event.id}
    stated: dict[str, Json] = {name: text.decode(errors="replace") for name, text in texts.items() if text is not None}
    return stated if event.retry is None else {**stated, "retry": event.retry}


def _is_text(text: bytes) -> bool:
    try:
        parse(text)
    except MalformedText:
        return False
    return True


def _listed(described: list[StatusBody]) -> str:
    return " or ".join(dict.fromkeys("no body" if _is_empty(one) else one.media_type for one in described))


# requests


def request_part(exchange: Exchange, match: Match, definitions: Definitions) -> Part:
    """What the request of an exchange is to be held against: parameters and body together."""
    method = match.route.method
    body = exchange.request
    if "request" in exchange.unrecorded:
        return Skipped("the recording does not hold the request's body")
    if body is not None and method.body and not _is_json(body):
        return Skipped(f"the request's body is {body.media_type}")
    try:
        content: Json = parse(body.text) if body is not None and method.body else {}
    except MalformedText as error:
        return Fault(MALFORMED, f"the request's body is not JSON: {error.finding.message}", "", "violating")
    given = parameters(exchange, match, definitions)
    if method.body not in ("", "*"):
        stated = properties(method.request, definitions)[method.body]
        sent: dict[str, Json] = {method.body: content} if body is not None or stated.required else {}
        return Held(method.request, dump({**given, **sent}), f"/{token(method.body)}")
    if not isinstance(content, dict):
        return Held(method.request, dump(content))
    return Held(method.request, dump({**content, **given}))


def _is_json(body: Body) -> bool:
    return body.media_type in ("", "application/json") or body.media_type.endswith("+json")
