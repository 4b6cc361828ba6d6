"""Markdown documents: for each message the cross-reference of proto and JSON, for each service its endpoints."""

from __future__ import annotations

import json

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.emit.contract import Emitted
from wirelock.emit.mapping import oneof_name, type_name
from wirelock.emit.render import code, header, markdown, render
from wirelock.ir import StatusBody
from wirelock.lower.plan import Enum, Field, MapOf, Message, ProtoFile, Repeated, Rpc, Scalar, ServicePlan, ValueShape
from wirelock.lower.proto import all_fields

Row = dict[str, str]
_FORMS = {
    "object": "JSON object",
    "list": "JSON array: the whole document is the field `items`",
    "map": "JSON object of free names: the whole document is the field `entries`",
    "tuple": "JSON array with a meaning for each position",
    "box": "any JSON value of the type of the field `value`",
}


def emit(build: Build) -> Emitted:
    """A page for each proto file, and an index."""
    top = header(build.config.schemas)
    folder = f"{build.config.generated}/docs"
    files = [_file(file) for file in build.proto.files]
    texts = {f"{folder}/{file['page']}": render("docs/package.md.j2", header=top, file=file) for file in files}
    name = build.config.proto_package
    texts[f"{folder}/index.md"] = render(
        "docs/index.md.j2", header=top, name=name, files=files, package=build.config.package
    )
    return Emitted(tuple(Artifact(path, text.encode(), "docs") for path, text in sorted(texts.items())))


def _file(file: ProtoFile) -> dict[str, object]:
    return {
        "page": file.path.removesuffix(".proto").replace("/", ".") + ".md",
        "path": file.path,
        "package": file.package,
        "services": [_service(service) for service in file.services],
        "messages": [_message(message) for message in file.messages],
        "enums": [_enum(enum) for enum in file.enums],
    }


# messages


def _message(message: Message) -> dict[str, object]:
    return {
        "name": message.short_name,
        "description": markdown(message.description),
        "deprecated": message.deprecated,
        "schema": code(type_name(message.json_type) if message.json_type else _inside(message)),
        "form": _form(message),
        "rest": _rest(message),
        "rows": [_row(field, message) for field in all_fields(message)],
        "reserved": ", ".join([*map(str, message.reserved_numbers), *map(code, message.reserved_names)]),
    }


def _inside(message: Message) -> str:
    return f"{message.source.file}#{message.source.pointer}"


def _form(message: Message) -> str:
    if message.form == "union":
        return f"one of several JSON values, in the oneof `{oneof_name(message)}`; told apart {message.rule}"
    return _FORMS[message.form]


def _rest(message: Message) -> str:
    if message.form != "object":
        return ""
    if message.closed:
        return "Other properties are not allowed."
    if message.extra is not None:
        return f"Other properties are kept in `{message.extra.name}`."
    return "Other properties are reported and not carried."


def _row(field: Field, message: Message) -> Row:
    synthetic = field in (message.extra, message.explicit_fields)
    return {
        "name": code(field.name),
        "number": str(field.number),
        "json": code(field.json) if field.json else "",
        "type": code(field.type_words),
        "presence": "" if synthetic or message.form == "union" else _presence(field),
        "notes": _notes(field),
    }


def _presence(field: Field) -> str:
    words = "required" if field.required else "optional"
    return f"{words}, may be null" if field.nullable else words


def _notes(field: Field) -> str:
    base64 = "base64 in JSON" if _is_bytes(field.shape) else ""
    marks = (base64, "**deprecated**" if field.deprecated else "")
    parts = [markdown(field.description), *map(markdown, field.notes), *marks]
    return "; ".join(part.rstrip(".") for part in parts if part)


def _is_bytes(shape: ValueShape) -> bool:
    match shape:
        case Scalar(name) | Repeated(Scalar(name)) | MapOf(Scalar(name)):
            return name == "bytes"
        case _:
            return False


def _enum(enum: Enum) -> dict[str, object]:
    rows = [(code(value.name), str(value.number), _spelling(value.json)) for value in enum.values]
    return {"name": enum.short_name, "description": markdown(enum.description), "rows": rows}


def _spelling(value: str | None) -> str:
    return "never in JSON" if value is None else code(json.dumps(value, ensure_ascii=False))


# services


def _service(service: ServicePlan) -> dict[str, object]:
    rpcs = [_rpc(rpc) for rpc in service.rpcs]
    return {"name": service.name, "description": markdown(service.description), "rpcs": rpcs}


def _rpc(rpc: Rpc) -> dict[str, object]:
    method = rpc.method
    return {
        "name": rpc.name,
        "description": markdown(method.description),
        "deprecated": method.deprecated,
        "http": code(f"{method.verb} {method.path}") if method.verb else _state(rpc),
        "request": _carried(rpc.request, "" if method.body == "*" else method.body),
        "response": _carried(rpc.response, method.response_body) + (" stream" if method.stream else ""),
        "answers": [(body.status, _answer(body)) for body in method.responses],
        "places": [(code(name), place) for name, place in method.places],
    }


def _carried(message: str, property: str) -> str:
    """A message, and which of its properties alone is the HTTP body."""
    name = code(message.rpartition(".")[2])
    return f"{name}, its {code(property)} is the body" if property else name


def _state(rpc: Rpc) -> str:
    state = rpc.method.state
    return "no request" if state is None else f"no request of its own; later calls send the header {code(state.header)}"


def _answer(body: StatusBody) -> str:
    if body.type is not None:
        return code(type_name(body.type))
    if body.const is not None:
        return f"always {code(body.const)}"
    return f"text ({code(body.media_type)})" if body.text else "no body"
