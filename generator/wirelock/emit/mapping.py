"""mapping.json: the correspondence of JSON and protobuf, for clients in any language.

The codec of the runtime uses only this file, which ensures that it is complete.
"""

from __future__ import annotations

import json
from typing import assert_never

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.emit.contract import EmitResult
from wirelock.ir import Method, ParameterStyle, StatusBody
from wirelock.lower.plan import (
    EnumType,
    Field,
    MapOf,
    Message,
    MessageType,
    Repeated,
    Rpc,
    Scalar,
    ServicePlan,
    StructValue,
    ValueShape,
)
from wirelock.version import VERSION

FORMAT = 1
Facts = dict[str, object]


def emit(build: Build) -> EmitResult:
    """Emit `mapping.json`."""
    path = f"{build.config.package_folder}/mapping.json"
    text = json.dumps(build_mapping(build), indent=1, ensure_ascii=False) + "\n"
    return EmitResult((Artifact(path, text.encode(), "mapping"),))


def build_mapping(build: Build) -> Facts:
    """Return the content of mapping.json."""
    files = build.proto.files
    return {
        "format": FORMAT,
        "generator": f"wirelock {VERSION}",
        "protoPackage": build.config.proto_package,
        "unknownFields": build.config.unknown_fields,
        "types": {
            key.name: {"message": shape.name, "schema": str(key)} for key, shape in sorted(build.proto.roots.items())
        },
        "messages": {m.name: _map_message(m) for file in files for m in file.messages},
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
            f"{file.package}.{service.name}": _map_service(service) for file in files for service in file.services
        },
    }


def _map_message(message: Message) -> Facts:
    facts: Facts = {"form": message.form, "fields": [_map_field(field) for field in message.fields]}
    if message.form == "object":
        facts["unknown"] = "refused" if message.closed else "kept" if message.extra else "dropped"
    if message.extra is not None:
        facts["rest"] = _map_field(message.extra)
    if message.explicit_fields is not None:
        facts["explicitFields"] = {"name": message.explicit_fields.name, "number": message.explicit_fields.number}
    if message.form == "union":
        facts["oneof"] = message.oneof_name
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


def _map_field(field: Field) -> Facts:
    return {
        "json": field.json,
        "name": field.name,
        "number": field.number,
        "type": _map_type(field.shape),
        "required": field.required,
        "nullable": field.nullable,
        "explicit": field.explicit,
    }


def _map_type(shape: ValueShape) -> Facts:
    match shape:
        case Scalar(name):
            return {"kind": name}
        case EnumType(name):
            return {"kind": "enum", "enum": name}
        case MessageType(name):
            return {"kind": "message", "message": name}
        case StructValue(kind):
            return {"kind": kind}
        case Repeated(item):
            return {"kind": "list", "items": _map_type(item)}
        case MapOf(value):
            return {"kind": "map", "values": _map_type(value)}
        case _:
            assert_never(shape)


def _map_service(service: ServicePlan) -> Facts:
    return {rpc.name: _map_rpc(rpc) for rpc in service.rpcs}


def _map_rpc(rpc: Rpc) -> Facts:
    method = rpc.method
    facts: Facts = {"request": rpc.request, "response": rpc.response}
    if method.verb:
        facts["http"] = {
            "method": method.verb,
            "path": method.path,
            "body": method.body,
            "responseBody": method.response_body or rpc.response_body,
        }
        facts["responses"] = [_map_response(body) for body in method.responses]
    facts |= _map_bindings(method)
    return facts


def _map_bindings(method: Method) -> Facts:
    facts: Facts = {}
    if method.parameter_locations:
        facts["in"] = dict(method.parameter_locations)
    if method.parameter_styles:
        facts["styles"] = {prop: _map_style(style) for prop, style in method.parameter_styles}
    if method.state is not None:
        facts["state"] = {"key": method.state.key, "value": method.state.value, "header": method.state.header}
    if method.stream:
        facts["stream"] = method.stream
    return facts


def _map_style(style: ParameterStyle) -> Facts:
    facts: Facts = {"name": style.name, "style": style.style, "explode": style.explode, "content": style.content}
    return {key: value for key, value in facts.items() if value not in ("", None)}


def _map_response(body: StatusBody) -> Facts:
    facts: Facts = {"status": body.status}
    if body.type is not None:
        facts |= {"mediaType": body.media_type, "type": body.type.name}
    elif body.const is not None:
        facts |= {"mediaType": body.media_type, "const": json.loads(body.const)}
    elif body.text:
        facts |= {"mediaType": body.media_type, "text": True}
    return facts
