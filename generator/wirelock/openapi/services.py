"""Service files, from the methods of a description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from wirelock.ir import ParameterStyle
from wirelock.naming import to_pascal_case
from wirelock.openapi.files import EMPTY, SchemaFiles
from wirelock.openapi.methods import JSON, ImportedMethod, ResponseContent
from wirelock.runtime.json.text import Json


def make_service_name(package: str, messages: Sequence[str]) -> str:
    """Return the name of the service of a package, which differs from its message names."""
    name = f"{to_pascal_case(package)}Service"
    return f"{name}Api" if name in map(to_pascal_case, messages) else name


def build_service(name: str, description: str, methods: Sequence[ImportedMethod], files: SchemaFiles) -> Json:
    """Return the content of a service file."""
    head: dict[str, Json] = {"service": name}
    if description:
        head["description"] = description
    return {**head, "methods": {method.name: _build_method(method, files) for method in methods}}


def _build_method(method: ImportedMethod, files: SchemaFiles) -> Json:
    operation = method.operation
    value: dict[str, Json] = {"description": operation.description} if operation.description else {}
    if operation.deprecated:
        value["deprecated"] = True
    value["request"] = files.get_relative_path(method.request, method.package)
    main_response = files.get_relative_path(method.response, method.package)
    responses = {status: _build_response(contents, method, files) for status, contents in method.contents.items()}
    if responses.get("200") == main_response and not any(s[0] in "123d" for s in responses if s != "200"):
        del responses["200"]  # `response` implies it
    value["response"] = main_response
    if operation.verb:
        value["http"] = _build_http_rule(method)
    locations = {p.property: _build_location(p.location, p.style) for p in operation.parameters if p.location != "path"}
    if locations:
        value["in"] = locations
    if responses:
        value["responses"] = responses
    return {**value, "stream": "sse"} if method.is_streaming else value


def _build_http_rule(method: ImportedMethod) -> Json:
    value: dict[str, Json] = {method.operation.verb: method.operation.path}
    if method.body:
        value["body"] = method.body
    return {**value, "x-media-type": method.request_media_type} if method.request_media_type else value


def _build_location(location: str, style: ParameterStyle) -> Json:
    members: dict[str, Json] = {key: value for key, value in asdict(style).items() if value not in ("", None)}
    return {"place": location, **members} if members else location


def _build_response(contents: Sequence[ResponseContent], method: ImportedMethod, files: SchemaFiles) -> Json:
    alternatives = [_build_content(content, method, files) for content in contents]
    return alternatives[0] if len(alternatives) == 1 else alternatives


def _build_content(content: ResponseContent, method: ImportedMethod, files: SchemaFiles) -> Json:
    if content.const:
        rpc = files.get_relative_path(EMPTY, method.package)
        return {"const": content.const[0], **({"rpc": rpc} if method.response == EMPTY else {})}
    if content.source:
        schema = files.get_relative_path(content.source, method.package)
        return schema if content.media_type == JSON else {"schema": schema, "media_type": content.media_type}
    if not content.media_type:
        return None
    return {"text": True, **({"media_type": content.media_type} if content.media_type != "text/plain" else {})}
