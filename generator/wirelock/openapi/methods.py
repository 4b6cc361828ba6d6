"""Operations to methods: what the request message is, what each status answers with, and which answer the RPC has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from wirelock.diagnostics import Code, Severity
from wirelock.naming import pascal
from wirelock.openapi.bodies import Answer, Media
from wirelock.openapi.documents import At, Library
from wirelock.openapi.files import EMPTY, source_of
from wirelock.openapi.operations import Operation
from wirelock.openapi.parameters import Parameter
from wirelock.openapi.schemas import Link, Rewriter, key_of
from wirelock.runtime.json.text import Json

MEDIA_TYPE_UNSUPPORTED = Code("MEDIA_TYPE_UNSUPPORTED", Severity.WARNING)
WEBSOCKET_UNSUPPORTED = Code("WEBSOCKET_UNSUPPORTED", Severity.WARNING)
JSON, EVENTS = "application/json", "text/event-stream"
Maker = Callable[[Link], Json]
_WORDS = frozenset({"description", "summary", "title", "$comment", "deprecated"})
_TEXT: Json = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
_BYTES: Json = {"type": "string", "contentEncoding": "base64"}
_DATA: Json = {"type": "object", "required": ["data"], "properties": {"data": _BYTES, "media_type": {"type": "string"}}}
_SOCKET = re.compile(r"\bwebsocket connection\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Form:
    """One form of an answer; `source` names its schema, `const` holds its only value, neither is text or no body."""

    media_type: str
    source: str = ""
    const: tuple[Json, ...] = ()


@dataclass(slots=True)
class Method:
    """One method of a service; `pieces` are the schemas that only it has, by source, with the word for each.

    `bare` is the answer that the response carries as a text or as bytes, if it has no schema.
    """

    operation: Operation
    name: str
    package: str
    request: str = EMPTY
    body: str = ""
    request_media: str = ""
    response: str = EMPTY
    bare: Form | None = None
    forms: dict[str, list[Form]] = field(default_factory=dict[str, "list[Form]"])
    pieces: dict[str, tuple[str, Maker]] = field(default_factory=dict[str, "tuple[str, Maker]"])

    @property
    def streams(self) -> bool:
        """Whether the response is a stream of events."""
        return any(form.media_type == EVENTS and form.source == self.response for form in self._all_forms())

    def _all_forms(self) -> Iterator[Form]:
        for forms in self.forms.values():
            yield from forms


def method_words(operation: Operation) -> str:
    """The method's name: the operation's id in PascalCase, or the verb and the words of the path."""
    return pascal(operation.id or f"{operation.raw[0]} {operation.raw[1].replace('{', ' by ')}")


class Methods:
    """Makes methods of one description."""

    def __init__(self, library: Library, rewriter: Rewriter) -> None:
        self._library = library
        self._rewriter = rewriter

    def method(self, operation: Operation, name: str, package: str) -> Method:
        """The method of an operation."""
        method = Method(operation, name, package)
        self._ask(method)
        for answer in operation.answers:
            method.forms[answer.status] = self._forms(answer, method)
        method.response = self._response(method)
        self._say_lost(method)
        if _is_socket(operation):
            hint = "the method is imported as it is documented; speak WebSocket by hand"
            self._library.report(WEBSOCKET_UNSUPPORTED, operation.at, f"{name} opens a WebSocket", hint)
        return method

    # requests

    def _ask(self, method: Method) -> None:
        """Settle the request message: a body alone is the message; otherwise parameters and body are its fields."""
        operation = method.operation
        media = _preferred(operation.body.media) if operation.body else None
        if media is not None and not _carries_json(media.type):
            method.request_media = media.type
            self._lost(media, f"the request of {method.name} is {media.type}, which is sent by hand")
        if (
            media is not None
            and operation.body
            and not operation.parameters
            and self._is_flat(media, operation.body.required)
        ):
            method.request, method.body = self._schema(method, "Request", media), "*"
        elif media is not None or operation.parameters:
            method.body = "body" if media else ""
            method.request = self._piece(method, "Request", self._request(operation, media))

    def _is_flat(self, media: Media, required: bool) -> bool:
        """Whether the properties of a body can be the properties of the message; an absent body equals `{}`."""
        if media.schema is None or not _carries_json(media.type):
            return False
        schema = self._library.followed(media.schema)
        return schema is not None and self._is_record(schema, 0) and (required or not _demands(schema))

    def _is_record(self, schema: At, depth: int) -> bool:
        value = schema.table
        if {"anyOf", "oneOf", "enum", "const"} & value.keys() or depth > 20:
            return False
        if "allOf" in value:
            branches = [self._library.followed(branch) for branch in self._library.items(schema, "allOf")]
            return all(branch is not None and self._is_record(branch, depth + 1) for branch in branches)
        return value.get("type", "object") == "object" and bool(value.get("properties"))

    def _request(self, operation: Operation, media: Media | None) -> Maker:
        def make(link: Link) -> Json:
            properties = {p.property: self._parameter(p, link) for p in operation.parameters}
            required: list[Json] = [p.property for p in operation.parameters if p.required]
            if media is not None and operation.body:
                properties["body"] = _described(self._body(media, link), operation.body.description)
                required += ["body"] if operation.body.required else []
            return {"type": "object", **({"required": required} if required else {}), "properties": properties}

        return make

    def _parameter(self, parameter: Parameter, link: Link) -> Json:
        schema: Json = {"type": "string"}
        if parameter.schema is not None:
            schema = self._rewriter.rewritten(parameter.schema, link)
        schema = _described(schema, parameter.description)
        return {**schema, "deprecated": True} if parameter.deprecated and isinstance(schema, dict) else schema

    def _body(self, media: Media, link: Link) -> Json:
        if media.schema is not None and (_carries_json(media.type) or _is_form(media.type)):
            return self._rewriter.rewritten(media.schema, link)
        return True if _carries_json(media.type) else {"type": "string"} if media.type.startswith("text/") else _BYTES

    # answers

    def _forms(self, answer: Answer, method: Method) -> list[Form]:
        if not answer.media:
            return [Form("")]
        several = len(answer.media) > 1
        return [self._form(answer, media, method, several) for media in answer.media]

    def _form(self, answer: Answer, media: Media, method: Method, several: bool) -> Form:
        const = _constant(media)
        if const:
            return Form(media.type, const=const)
        if _carries_json(media.type) or media.type == EVENTS:
            main = answer.status == "200" and (media.type == JSON or not several)
            role = "Response" if main else f"Response{answer.status[0].upper()}{answer.status[1:]}"
            words = pascal(media.type.replace("/", " ")) if several and not main else ""
            return Form(_stated(media.type), self._schema(method, role + words, media))
        return Form(_stated(media.type))

    def _response(self, method: Method) -> str:
        """What the RPC gives back: the first answer of success that has a schema, in JSON rather than as events."""
        good = [form for status, forms in method.forms.items() if status.startswith("2") for form in forms]
        good = good or method.forms.get("default", [])
        described = sorted((form for form in good if form.source), key=lambda form: form.media_type == EVENTS)
        if described:
            return described[0].source
        plain = next((form for form in good if form.media_type and not form.const), None)
        if plain is None:
            return EMPTY
        method.bare = plain
        content = _TEXT if plain.media_type.startswith("text/") else _DATA
        return self._piece(method, "Response", lambda _: content)

    def _say_lost(self, method: Method) -> None:
        """Name the answers that are neither described nor text, nor the bytes that the response carries."""
        for answer in method.operation.answers:
            for media, form in zip(answer.media, method.forms[answer.status], strict=False):
                is_carried = form.source or form.const or form is method.bare or media.type.startswith("text/")
                if not is_carried:
                    words = f"{method.name} answers {answer.status} with {media.type}, which no message carries"
                    self._lost(media, words)

    def _schema(self, method: Method, role: str, media: Media) -> str:
        """The source of a body's schema: that of the component it names, or a piece of the method's own."""
        at = media.schema
        if at is None:
            return self._piece(method, role, lambda _: True)
        if at.reference is not None and at.table.keys() <= {"$ref", *_WORDS}:
            target = self._library.resolve(at, at.reference)
            if target is not None and not key_of(target)[1]:
                return source_of(key_of(target)[0], self._library.entry.path)
        return self._piece(method, role, lambda link: self._rewriter.rewritten(at, link))

    def _piece(self, method: Method, role: str, make: Maker) -> str:
        source = f"{method.operation.key} {role}"
        method.pieces[source] = (f"{method.name}{role}", make)
        return source

    def _lost(self, media: Media, message: str) -> None:
        hint = "wirelock carries JSON, text and event streams"
        self._library.report(MEDIA_TYPE_UNSUPPORTED, media.where, message, hint)


def _preferred(media: tuple[Media, ...]) -> Media:
    """The form that a client sends: JSON where there is a choice."""
    return next((one for one in media if _carries_json(one.type)), media[0])


def _carries_json(media_type: str) -> bool:
    return media_type in (JSON, "*/*", "application/*") or media_type.endswith(("+json", "/json"))


def _is_form(media_type: str) -> bool:
    return media_type in ("application/x-www-form-urlencoded", "multipart/form-data")


def _stated(media_type: str) -> str:
    return {"*/*": JSON, "application/*": JSON, "text/*": "text/plain"}.get(media_type, media_type)


def _demands(schema: At) -> bool:
    value = schema.table
    return bool(value.get("required")) or "allOf" in value


def _constant(media: Media) -> tuple[Json, ...]:
    """The only value that a JSON body has, if its schema says so of a scalar."""
    schema = media.schema.table if media.schema else {}
    if media.type != JSON:
        return ()
    stated: Any = [schema["const"]] if "const" in schema else schema.get("enum")
    values = cast("list[object]", stated) if isinstance(stated, list) else []
    return tuple(one for one in values if isinstance(one, str | bool | int)) if len(values) == 1 else ()


def _described(schema: Json, words: str) -> Json:
    if not words or not isinstance(schema, dict) or "description" in schema:
        return schema
    return {**schema, "description": words}


def _is_socket(operation: Operation) -> bool:
    documented = any(answer.status == "101" for answer in operation.answers)
    told = operation.raw[0] == "get" and bool(_SOCKET.search(operation.description))  # RFC 6455 section 4.1: GET
    return documented or told or operation.at.table.get("x-websocket") is True
