"""The `.proto` files, printed from the plan.

They are printed twice: with bare names for `proto/`, and with the Python package before names and imports for protoc's
Python output, since a bare `model.proto` in the default descriptor pool would clash with anybody else's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.emit.contract import Emitted
from wirelock.emit.mapping import oneof_name
from wirelock.emit.render import header, proto_string, render
from wirelock.ir import Method, Style
from wirelock.lower.plan import (
    Enum,
    EnumType,
    Field,
    FreeForm,
    MapOf,
    Message,
    MessageType,
    ProtoFile,
    Repeated,
    Rpc,
    Scalar,
    ServicePlan,
    ValueShape,
)
from wirelock.lower.proto import all_fields

OPTIONS = "wirelock/options.proto"
_FREE_FORM = {"any": "google.protobuf.Value", "object": "google.protobuf.Struct", "array": "google.protobuf.ListValue"}


def emit(build: Build) -> Emitted:
    """The files below `proto/`, and our own options if a method needs them."""
    folder = build.config.proto
    texts = printed(build, Dress())
    return Emitted(tuple(Artifact(f"{folder}/{path}", text.encode(), "proto") for path, text in texts.items()))


@dataclass(frozen=True, slots=True)
class Dress:
    """How files are printed: what stands before their names, and whether our own options are in them."""

    prefix: str = ""
    own_options: bool = True


def printed(build: Build, dress: Dress) -> dict[str, str]:
    """The text of every file by path."""
    texts = {dress.prefix + file.path: _file(file, build, dress) for file in build.proto.files}
    if dress.own_options and any(_needs_options(file) for file in build.proto.files):
        texts[OPTIONS] = render("proto/options.proto.j2", header=header(build.config.schemas))
    return texts


def _file(file: ProtoFile, build: Build, dress: Dress) -> str:
    return render(
        "proto/file.proto.j2",
        header=header("/".join(part for part in (build.config.schemas, file.folder) if part)),
        package=file.package,
        imports=sorted(_imports(file, dress)),
        services=[_service(service, file, dress) for service in file.services],
        messages=[_message(message, file) for message in file.messages],
        enums=[_enum(enum) for enum in file.enums],
    )


def _imports(file: ProtoFile, dress: Dress) -> Iterator[str]:
    yield from (dress.prefix + path for path in file.imports)
    if any(rpc.method.verb for service in file.services for rpc in service.rpcs):
        yield "google/api/annotations.proto"
    words = {_type(field.shape, file) for message in file.messages for field in all_fields(message)}
    if any("google.protobuf." in word for word in words):
        yield "google/protobuf/struct.proto"
    if dress.own_options and _needs_options(file):
        yield OPTIONS


def _needs_options(file: ProtoFile) -> bool:
    return any(_is_bound(rpc.method) for service in file.services for rpc in service.rpcs)


def _is_bound(method: Method) -> bool:
    return method.state is not None or bool(method.places) or bool(method.stream)


# messages


def _message(message: Message, file: ProtoFile) -> dict[str, object]:
    synthetic = [field for field in (message.extra, message.explicit_fields) if field is not None]
    return {
        "name": message.short_name,
        "description": message.description,
        "deprecated": message.deprecated,
        "reserved": _reserved(message.reserved_numbers, message.reserved_names),
        "oneof": oneof_name(message) if message.form == "union" else "",
        "fields": [_field(field, message, file) for field in (*message.fields, *synthetic)],
    }


def _field(field: Field, message: Message, file: ProtoFile) -> dict[str, object]:
    label = "optional " if field.explicit and message.form != "union" else ""
    options = [f"json_name = {proto_string(field.json_name)}"] if field.json_name else []
    options += ["deprecated = true"] if field.deprecated else []
    return {
        "description": field.description,
        "declaration": f"{label}{_type(field.shape, file)} {field.name} = {field.number}",
        "options": ", ".join(options),
    }


def _enum(enum: Enum) -> dict[str, object]:
    return {
        "name": enum.short_name,
        "description": enum.description,
        "deprecated": enum.deprecated,
        "reserved": _reserved(enum.reserved_numbers, enum.reserved_names),
        "members": enum.values,
    }


def _reserved(numbers: tuple[int, ...], names: tuple[str, ...]) -> list[str]:
    lines = [", ".join(map(str, numbers))] if numbers else []
    return [*lines, ", ".join(f'"{name}"' for name in names)] if names else lines


def _type(shape: ValueShape, file: ProtoFile) -> str:
    match shape:
        case Scalar("null"):
            return "google.protobuf.NullValue"
        case Scalar(name):
            return name
        case EnumType(name) | MessageType(name):
            return _name(name, file)
        case FreeForm(holds):
            return _FREE_FORM[holds]
        case Repeated(item):
            return f"repeated {_type(item, file)}"
        case MapOf(value):
            return f"map<string, {_type(value, file)}>"
        case _:
            assert_never(shape)


def _name(name: str, file: ProtoFile) -> str:
    """A name as it stands in a file: short in its own package; with a dot before it where it could be misread."""
    package, _, short = name.rpartition(".")
    if package == file.package:
        return short
    first = name.partition(".")[0]
    return f".{name}" if first in file.package.split(".")[1:] else name


# services


def _service(service: ServicePlan, file: ProtoFile, dress: Dress) -> dict[str, object]:
    return {
        "name": service.name,
        "description": service.description,
        "rpcs": [_rpc(rpc, service, file, dress) for rpc in service.rpcs],
    }


def _rpc(rpc: Rpc, service: ServicePlan, file: ProtoFile, dress: Dress) -> dict[str, object]:
    response = _sent(rpc.response, service, file)
    return {
        "name": rpc.name,
        "description": rpc.method.description,
        "deprecated": rpc.method.deprecated,
        "request": _sent(rpc.request, service, file),
        "response": f"stream {response}" if rpc.method.stream else response,
        "http": _http(rpc),
        "binding": _binding(rpc.method) if dress.own_options else [],
    }


def _sent(name: str, service: ServicePlan, file: ProtoFile) -> str:
    """A message's name as a service says it: in full where a method is called so too, which protoc would find first."""
    return f".{name}" if any(rpc.name == name.rpartition(".")[2] for rpc in service.rpcs) else _name(name, file)


def _http(rpc: Rpc) -> list[str]:
    """The lines of `google.api.http` (google/api/http.proto)."""
    if not rpc.method.verb:
        return []
    lines = [f"{rpc.method.verb.lower()}: {proto_string(rpc.path)}"]
    lines += [f"body: {proto_string(rpc.body)}"] if rpc.body else []
    return [*lines, f"response_body: {proto_string(rpc.response_body)}"] if rpc.response_body else lines


def _binding(method: Method) -> list[str]:
    """The lines of our own option: what an HttpRule cannot say, in JSON property names."""
    lines = [f"places: {{ key: {proto_string(key)} value: {proto_string(place)} }}" for key, place in method.places]
    lines += [f"styles: {{ key: {proto_string(key)} value: {{ {_style(style)} }} }}" for key, style in method.styles]
    if method.state is not None:
        facts = (("key", method.state.key), ("value", method.state.value), ("header", method.state.header))
        lines.append("state: { " + " ".join(f"{name}: {proto_string(value)}" for name, value in facts) + " }")
    return [*lines, f"stream: {proto_string(method.stream)}"] if method.stream else lines


def _style(style: Style) -> str:
    stated = (("name", style.name), ("style", style.style), ("content", style.content))
    words = [f"{name}: {proto_string(value)}" for name, value in stated if value]
    return " ".join([*words, *([] if style.explode is None else [f"explode: {str(style.explode).lower()}"])])
