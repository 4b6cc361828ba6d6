"""Markdown documentation: the JSON counterpart of each message and field, and the endpoints of each service."""

from __future__ import annotations

import json

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.emit.contract import EmitResult
from wirelock.emit.render import escape_markdown, format_code, format_header, render
from wirelock.ir import StatusBody
from wirelock.lower.plan import Enum, Field, MapOf, Message, ProtoFile, Repeated, Rpc, Scalar, ServicePlan, ValueShape

Row = dict[str, str]
_FORMS = {
    "object": "JSON object",
    "list": "JSON array, held by the field `items`",
    "map": "JSON object with arbitrary keys, held by the field `entries`",
    "tuple": "JSON array with one field per position",
    "box": "JSON value, held by the field `value`",
}


def emit(build: Build) -> EmitResult:
    """Emit one page per proto file, and an index."""
    top = format_header(build.config.schemas)
    folder = f"{build.config.generated}/docs"
    files = [_describe_file(file) for file in build.proto.files]
    texts = {f"{folder}/{file['page']}": render("docs/package.md.j2", header=top, file=file) for file in files}
    name = build.config.proto_package
    texts[f"{folder}/index.md"] = render(
        "docs/index.md.j2", header=top, name=name, files=files, package=build.config.package
    )
    return EmitResult(tuple(Artifact(path, text.encode(), "docs") for path, text in sorted(texts.items())))


def _describe_file(file: ProtoFile) -> dict[str, object]:
    return {
        "page": file.path.removesuffix(".proto").replace("/", ".") + ".md",
        "path": file.path,
        "package": file.package,
        "services": [_describe_service(service) for service in file.services],
        "messages": [_describe_message(message) for message in file.messages],
        "enums": [_describe_enum(enum) for enum in file.enums],
    }


# messages


def _describe_message(message: Message) -> dict[str, object]:
    return {
        "name": message.short_name,
        "description": escape_markdown(message.description),
        "deprecated": message.deprecated,
        "schema": format_code(message.json_type.name if message.json_type else _format_source(message)),
        "form": _describe_form(message),
        "rest": _describe_other_properties(message),
        "rows": [_describe_field(field, message) for field in message.all_fields],
        "reserved": ", ".join([*map(str, message.reserved_numbers), *map(format_code, message.reserved_names)]),
    }


def _format_source(message: Message) -> str:
    return f"{message.source.file}#{message.source.pointer}"


def _describe_form(message: Message) -> str:
    if message.form == "union":
        return f"union of JSON values, held by the oneof `{message.oneof_name}`; {message.rule}"
    return _FORMS[message.form]


def _describe_other_properties(message: Message) -> str:
    if message.form != "object":
        return ""
    if message.closed:
        return "Other properties are not allowed."
    if message.extra is not None:
        return f"Other properties are stored in `{message.extra.name}`."
    return "Other properties are reported and dropped."


def _describe_field(field: Field, message: Message) -> Row:
    synthetic = field in (message.extra, message.explicit_fields)
    return {
        "name": format_code(field.name),
        "number": str(field.number),
        "json": format_code(field.json) if field.json else "",
        "type": format_code(field.proto_type),
        "presence": "" if synthetic or message.form == "union" else _describe_presence(field),
        "notes": _join_notes(field),
    }


def _describe_presence(field: Field) -> str:
    presence = "required" if field.required else "optional"
    return f"{presence}, may be null" if field.nullable else presence


def _join_notes(field: Field) -> str:
    base64 = "base64 in JSON" if _is_bytes(field.shape) else ""
    marks = (base64, "**deprecated**" if field.deprecated else "")
    parts = [escape_markdown(field.description), *map(escape_markdown, field.notes), *marks]
    return "; ".join(part.rstrip(".") for part in parts if part)


def _is_bytes(shape: ValueShape) -> bool:
    match shape:
        case Scalar(name) | Repeated(Scalar(name)) | MapOf(Scalar(name)):
            return name == "bytes"
        case _:
            return False


def _describe_enum(enum: Enum) -> dict[str, object]:
    rows = [(format_code(value.name), str(value.number), _format_json_value(value.json)) for value in enum.values]
    return {"name": enum.short_name, "description": escape_markdown(enum.description), "rows": rows}


def _format_json_value(value: str | None) -> str:
    return "not in JSON" if value is None else format_code(json.dumps(value, ensure_ascii=False))


# services


def _describe_service(service: ServicePlan) -> dict[str, object]:
    rpcs = [_describe_rpc(rpc) for rpc in service.rpcs]
    return {"name": service.name, "description": escape_markdown(service.description), "rpcs": rpcs}


def _describe_rpc(rpc: Rpc) -> dict[str, object]:
    method = rpc.method
    return {
        "name": rpc.name,
        "description": escape_markdown(method.description),
        "deprecated": method.deprecated,
        "http": format_code(f"{method.verb} {method.path}") if method.verb else _describe_state(rpc),
        "request": _describe_body(rpc.request, "" if method.body == "*" else method.body),
        "response": _describe_body(rpc.response, method.response_body) + (" stream" if method.stream else ""),
        "responses": [(body.status, _describe_response(body)) for body in method.responses],
        "parameters": [(format_code(name), location) for name, location in method.parameter_locations],
    }


def _describe_body(message: str, property: str) -> str:
    """Describe a message, and the property that is the HTTP body if the whole message is not."""
    name = format_code(message.rpartition(".")[2])
    return f"{name} (body: {format_code(property)})" if property else name


def _describe_state(rpc: Rpc) -> str:
    state = rpc.method.state
    return "none" if state is None else f"none; later calls send the header {format_code(state.header)}"


def _describe_response(body: StatusBody) -> str:
    if body.type is not None:
        return format_code(body.type.name)
    if body.const is not None:
        return f"always {format_code(body.const)}"
    return f"text ({format_code(body.media_type)})" if body.text else "no body"
