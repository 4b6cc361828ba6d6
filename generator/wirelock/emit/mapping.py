"""mapping.json: the facts by which JSON and protobuf correspond, for clients in any language.

Our own codec runs on this file and on nothing else, which keeps it complete.
"""

from __future__ import annotations

import json
from typing import assert_never

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.emit.contract import Emitted
from wirelock.ir import Method, StatusBody, Style, TypeId
from wirelock.lower.plan import (
    EnumType,
    Field,
    FreeForm,
    MapOf,
    Message,
    MessageType,
    Repeated,
    Rpc,
    Scalar,
    ServicePlan,
    ValueShape,
)
from wirelock.version import VERSION

FORMAT = 1
Facts = dict[str, object]


def emit(build: Build) -> Emitted:
    """The one file `mapping.json` of the generated package."""
    path = f"{build.config.generated}/{build.config.package}/mapping.json"
    text = json.dumps(mapping(build), indent=1, ensure_ascii=False) + "\n"
    return Emitted((Artifact(path, text.encode(), "mapping"),))


def mapping(build: Build) -> Facts:
    """The content of mapping.json as plain values."""
    files = build.proto.files
    return {
        "format": FORMAT,
        "generator": f"wirelock {VERSION}",
        "protoPackage": build.config.proto_package,
        "unknownFields": build.config.unknown_fields,
        "types": {
            type_name(key): {"message": shape.name, "schema": str(key)}
            for key, shape in sorted(build.proto.roots.items())
        },
        "messages": {m.name: _message(m) for file in files for m in file.messages},
        "enums": {
            enum.name: {
                "values": [
                    {"json": value.json, "name": value.name, "number": value.number}
                    for value in enum.values
                    if value.json is not None
                ]
            }
            for file in files
            for enum in file.enums
        },
        "services": {
            f"{file.package}.{service.name}": _service(service) for file in files for service in file.services
        },
    }


def type_name(key: TypeId) -> str:
    """A named type as users write it: `session/sessionInfo`, with `#/$defs/name` behind it inside a file."""
    name = key.file.removesuffix(".schema.json")
    return f"{name}#{key.pointer}" if key.pointer else name


def _message(message: Message) -> Facts:
    facts: Facts = {"form": message.form, "fields": [_field(field) for field in message.fields]}
    if message.form == "object":
        facts["unknown"] = "refused" if message.closed else "kept" if message.extra else "dropped"
    if message.extra is not None:
        facts["rest"] = _field(message.extra)
    if message.explicit_fields is not None:
        facts["explicitFields"] = {"name": message.explicit_fields.name, "number": message.explicit_fields.number}
    if message.form == "union":
        facts["oneof"] = oneof_name(message)
        facts["rule"] = message.rule
        facts["branches"] = [
            {
                "field": branch.field,
                "types": list(branch.types),
                "tags": [{"path": list(path), "values": list(values)} for path, values in branch.tags],
            }
            for branch in message.branches
        ]
    return facts


def oneof_name(message: Message) -> str:
    """The name of a union message's oneof: `kind`, unless a field is called so."""
    return "kind_" if any(field.name == "kind" for field in message.fields) else "kind"


def _field(field: Field) -> Facts:
    return {
        "json": field.json,
        "name": field.name,
        "number": field.number,
        "type": _type(field.shape),
        "required": field.required,
        "nullable": field.nullable,
        "explicit": field.explicit,
    }


def _type(shape: ValueShape) -> Facts:
    match shape:
        case Scalar(name):
            return {"kind": name}
        case EnumType(name):
            return {"kind": "enum", "enum": name}
        case MessageType(name):
            return {"kind": "message", "message": name}
        case FreeForm(holds):
            return {"kind": holds}
        case Repeated(item):
            return {"kind": "list", "items": _type(item)}
        case MapOf(value):
            return {"kind": "map", "values": _type(value)}
        case _:
            assert_never(shape)


def _service(service: ServicePlan) -> Facts:
    return {rpc.name: _rpc(rpc) for rpc in service.rpcs}


def _rpc(rpc: Rpc) -> Facts:
    method = rpc.method
    facts: Facts = {"request": rpc.request, "response": rpc.response}
    if method.verb:
        facts["http"] = {
            "method": method.verb,
            "path": method.path,
            "body": method.body,
            "responseBody": method.response_body or rpc.response_body,
        }
        facts["responses"] = [_status(body) for body in method.responses]
    facts |= _bindings(method)
    return facts


def _bindings(method: Method) -> Facts:
    facts: Facts = {}
    if method.places:
        facts["in"] = dict(method.places)
    if method.styles:
        facts["styles"] = {prop: _style(style) for prop, style in method.styles}
    if method.state is not None:
        facts["state"] = {"key": method.state.key, "value": method.state.value, "header": method.state.header}
    if method.stream:
        facts["stream"] = method.stream
    return facts


def _style(style: Style) -> Facts:
    stated: Facts = {"name": style.name, "style": style.style, "explode": style.explode, "content": style.content}
    return {key: value for key, value in stated.items() if value not in ("", None)}


def _status(body: StatusBody) -> Facts:
    facts: Facts = {"status": body.status}
    if body.type is not None:
        facts |= {"mediaType": body.media_type, "type": type_name(body.type)}
    elif body.const is not None:
        facts |= {"mediaType": body.media_type, "const": json.loads(body.const)}
    elif body.text:
        facts |= {"mediaType": body.media_type, "text": True}
    return facts
