"""Methods of services: request message, response contents, and the response message of the RPC."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from wirelock.diagnostics import Code, Severity
from wirelock.naming import to_pascal_case
from wirelock.openapi.bodies import MediaType, OperationResponse
from wirelock.openapi.documents import DescriptionReader, DocumentNode
from wirelock.openapi.files import EMPTY, format_source
from wirelock.openapi.operations import Operation
from wirelock.openapi.parameters import ImportedParameter
from wirelock.openapi.schemas import RewriteReference, SchemaRewriter, split_node
from wirelock.runtime.json.text import Json

MEDIA_TYPE_UNSUPPORTED = Code("MEDIA_TYPE_UNSUPPORTED", Severity.WARNING)
WEBSOCKET_UNSUPPORTED = Code("WEBSOCKET_UNSUPPORTED", Severity.WARNING)
JSON, EVENT_STREAM = "application/json", "text/event-stream"
BuildSchema = Callable[[RewriteReference], Json]
_ANNOTATIONS = frozenset({"description", "summary", "title", "$comment", "deprecated"})
_TEXT: Json = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
_BYTES: Json = {"type": "string", "contentEncoding": "base64"}
_DATA: Json = {"type": "object", "required": ["data"], "properties": {"data": _BYTES, "media_type": {"type": "string"}}}
_WEBSOCKET = re.compile(r"\bwebsocket connection\b", re.IGNORECASE)
_MAX_ALL_OF_DEPTH = 20


@dataclass(frozen=True, slots=True)
class ResponseContent:
    """One alternative of a response: a schema (`source`), a single value (`const`), text, or no body."""

    media_type: str
    source: str = ""
    const: tuple[Json, ...] = ()


@dataclass(slots=True)
class ImportedMethod:
    """One method of a service.

    `contents` are the alternatives of its responses by status; `own_schemas` the name and content of schemas that only
    this method uses, by source; `inline_content` the text or bytes that the response message holds, if any.
    """

    operation: Operation
    name: str
    package: str
    request: str = EMPTY
    body: str = ""
    request_media_type: str = ""
    response: str = EMPTY
    inline_content: ResponseContent | None = None
    contents: dict[str, list[ResponseContent]] = field(default_factory=dict[str, "list[ResponseContent]"])
    own_schemas: dict[str, tuple[str, BuildSchema]] = field(default_factory=dict[str, "tuple[str, BuildSchema]"])

    @property
    def is_streaming(self) -> bool:
        """True if the response is an event stream."""
        return any(
            content.media_type == EVENT_STREAM and content.source == self.response for content in self._iter_contents()
        )

    def _iter_contents(self) -> Iterator[ResponseContent]:
        for contents in self.contents.values():
            yield from contents


def derive_method_name(operation: Operation) -> str:
    """Return the name of a method: the operation's id in PascalCase, or else its verb and path."""
    verb, path = operation.declared
    return to_pascal_case(operation.id or f"{verb} {path.replace('{', ' by ')}")


class MethodBuilder:
    """Builds the methods of a description."""

    def __init__(self, reader: DescriptionReader, rewriter: SchemaRewriter) -> None:
        self._reader = reader
        self._rewriter = rewriter

    def build(self, operation: Operation, name: str, package: str) -> ImportedMethod:
        """Build the method of an operation."""
        method = ImportedMethod(operation, name, package)
        self._build_request(method)
        for response in operation.responses:
            method.contents[response.status] = self._build_contents(response, method)
        method.response = self._choose_response(method)
        self._report_unsupported_contents(method)
        if _is_websocket(operation):
            message = f"{name} opens a WebSocket, which wirelock cannot call"
            hint = "the method is imported as documented; use a WebSocket client for its messages"
            self._reader.report(WEBSOCKET_UNSUPPORTED, operation.node, message, hint)
        return method

    # requests

    def _build_request(self, method: ImportedMethod) -> None:
        """Set the request message: the body alone, or a message with parameters and body as its fields."""
        operation = method.operation
        media_type = _choose_media_type(operation.body.media_types) if operation.body else None
        if media_type is not None and not _is_json(media_type.name):
            method.request_media_type = media_type.name
            message = f"the request of {method.name} has the media type {media_type.name}, which wirelock cannot send"
            self._report_unsupported(media_type, message)
        if (
            media_type is not None
            and operation.body
            and not operation.parameters
            and self._can_be_message(media_type, operation.body.required)
        ):
            method.request, method.body = self._find_or_add_schema(method, "Request", media_type), "*"
        elif media_type is not None or operation.parameters:
            method.body = "body" if media_type else ""
            build_schema = self._make_request_schema_builder(operation, media_type)
            method.request = self._add_own_schema(method, "Request", build_schema)

    def _can_be_message(self, media_type: MediaType, required: bool) -> bool:
        """Return True if a body can be the request message itself; an absent body then equals `{}`."""
        if media_type.schema is None or not _is_json(media_type.name):
            return False
        schema = self._reader.dereference(media_type.schema)
        return schema is not None and self._is_object_schema(schema, 0) and (required or not _may_require(schema))

    def _is_object_schema(self, schema: DocumentNode, depth: int) -> bool:
        keywords = schema.members
        if {"anyOf", "oneOf", "enum", "const"} & keywords.keys() or depth > _MAX_ALL_OF_DEPTH:
            return False
        if "allOf" in keywords:
            branches = [self._reader.dereference(branch) for branch in self._reader.iter_items(schema, "allOf")]
            return all(branch is not None and self._is_object_schema(branch, depth + 1) for branch in branches)
        return keywords.get("type", "object") == "object" and bool(keywords.get("properties"))

    def _make_request_schema_builder(self, operation: Operation, media_type: MediaType | None) -> BuildSchema:
        def build_schema(rewrite_reference: RewriteReference) -> Json:
            properties = {p.property: self._build_parameter_schema(p, rewrite_reference) for p in operation.parameters}
            required: list[Json] = [p.property for p in operation.parameters if p.required]
            if media_type is not None and operation.body:
                schema = self._build_body_schema(media_type, rewrite_reference)
                properties["body"] = _add_description(schema, operation.body.description)
                required += ["body"] if operation.body.required else []
            return {"type": "object", **({"required": required} if required else {}), "properties": properties}

        return build_schema

    def _build_parameter_schema(self, parameter: ImportedParameter, rewrite_reference: RewriteReference) -> Json:
        schema: Json = {"type": "string"}
        if parameter.schema is not None:
            schema = self._rewriter.rewrite(parameter.schema, rewrite_reference)
        schema = _add_description(schema, parameter.description)
        return {**schema, "deprecated": True} if parameter.deprecated and isinstance(schema, dict) else schema

    def _build_body_schema(self, media_type: MediaType, rewrite_reference: RewriteReference) -> Json:
        if media_type.schema is not None and (_is_json(media_type.name) or _is_form(media_type.name)):
            return self._rewriter.rewrite(media_type.schema, rewrite_reference)
        if _is_json(media_type.name):
            return True
        return {"type": "string"} if media_type.name.startswith("text/") else _BYTES

    # responses

    def _build_contents(self, response: OperationResponse, method: ImportedMethod) -> list[ResponseContent]:
        if not response.media_types:
            return [ResponseContent("")]
        return [self._build_content(response, media_type, method) for media_type in response.media_types]

    def _build_content(
        self, response: OperationResponse, media_type: MediaType, method: ImportedMethod
    ) -> ResponseContent:
        const = _find_constant(media_type)
        if const:
            return ResponseContent(media_type.name, const=const)
        if not _is_json(media_type.name) and media_type.name != EVENT_STREAM:
            return ResponseContent(_resolve_wildcard(media_type.name))
        is_single = len(response.media_types) == 1
        is_main = response.status == "200" and (media_type.name == JSON or is_single)
        role = "Response" if is_main else f"Response{response.status[0].upper()}{response.status[1:]}"
        suffix = "" if is_single or is_main else to_pascal_case(media_type.name.replace("/", " "))
        return ResponseContent(
            _resolve_wildcard(media_type.name), self._find_or_add_schema(method, role + suffix, media_type)
        )

    def _choose_response(self, method: ImportedMethod) -> str:
        """Return the response message of the RPC: the first success with a schema, JSON before event streams."""
        successes = [
            content for status, contents in method.contents.items() if status.startswith("2") for content in contents
        ]
        successes = successes or method.contents.get("default", [])
        with_schema = [content for content in successes if content.source]
        if with_schema:
            return min(with_schema, key=lambda content: content.media_type == EVENT_STREAM).source
        inline = next((content for content in successes if content.media_type and not content.const), None)
        if inline is None:
            return EMPTY
        method.inline_content = inline
        schema = _TEXT if inline.media_type.startswith("text/") else _DATA
        return self._add_own_schema(method, "Response", lambda _: schema)

    def _report_unsupported_contents(self, method: ImportedMethod) -> None:
        """Report contents that have no schema and that the response message cannot hold."""
        for response in method.operation.responses:
            for media_type, content in zip(response.media_types, method.contents[response.status], strict=False):
                is_supported = (
                    content.source
                    or content.const
                    or content is method.inline_content
                    or media_type.name.startswith("text/")
                )
                if not is_supported:
                    message = (
                        f"{method.name} responds {response.status} with {media_type.name}, which no message can hold"
                    )
                    self._report_unsupported(media_type, message)

    def _find_or_add_schema(self, method: ImportedMethod, role: str, media_type: MediaType) -> str:
        """Return the source of a body's schema: the component that it refers to, or a schema of the method's own."""
        schema = media_type.schema
        if schema is None:
            return self._add_own_schema(method, role, lambda _: True)
        if schema.reference is not None and schema.members.keys() <= {"$ref", *_ANNOTATIONS}:
            target = self._reader.resolve(schema, schema.reference)
            if target is not None:
                key, rest = split_node(target)
                if not rest:
                    return format_source(key, self._reader.entry.path)
        return self._add_own_schema(
            method, role, lambda rewrite_reference: self._rewriter.rewrite(schema, rewrite_reference)
        )

    def _add_own_schema(self, method: ImportedMethod, role: str, build_schema: BuildSchema) -> str:
        source = f"{method.operation.key} {role}"
        method.own_schemas[source] = (f"{method.name}{role}", build_schema)
        return source

    def _report_unsupported(self, media_type: MediaType, message: str) -> None:
        hint = "supported are JSON, text and event streams; send or read this body without wirelock"
        self._reader.report(MEDIA_TYPE_UNSUPPORTED, media_type.node, message, hint)


def _choose_media_type(media_types: tuple[MediaType, ...]) -> MediaType:
    """Return the media type that clients send: JSON if there is one, else the first."""
    return next((media_type for media_type in media_types if _is_json(media_type.name)), media_types[0])


def _is_json(media_type: str) -> bool:
    return media_type in (JSON, "*/*", "application/*") or media_type.endswith(("+json", "/json"))


def _is_form(media_type: str) -> bool:
    return media_type in ("application/x-www-form-urlencoded", "multipart/form-data")


def _resolve_wildcard(media_type: str) -> str:
    return {"*/*": JSON, "application/*": JSON, "text/*": "text/plain"}.get(media_type, media_type)


def _may_require(schema: DocumentNode) -> bool:
    """Return True if a schema requires a property, or has branches that might."""
    return bool(schema.members.get("required")) or "allOf" in schema.members


def _find_constant(media_type: MediaType) -> tuple[Json, ...]:
    """Return the only scalar that a JSON body can be, if its schema has a `const` or an `enum` of one value."""
    schema = media_type.schema.members if media_type.schema else {}
    if media_type.name != JSON:
        return ()
    enum: Any = [schema["const"]] if "const" in schema else schema.get("enum")
    values = cast("list[object]", enum) if isinstance(enum, list) else []
    return tuple(value for value in values if isinstance(value, str | bool | int)) if len(values) == 1 else ()


def _add_description(schema: Json, description: str) -> Json:
    if not description or not isinstance(schema, dict) or "description" in schema:
        return schema
    return {**schema, "description": description}


def _is_websocket(operation: Operation) -> bool:
    has_upgrade = any(response.status == "101" for response in operation.responses)
    is_get = operation.declared[0] == "get"  # RFC 6455 section 4.1
    is_described = is_get and bool(_WEBSOCKET.search(operation.description))
    return has_upgrade or is_described or operation.node.members.get("x-websocket") is True
