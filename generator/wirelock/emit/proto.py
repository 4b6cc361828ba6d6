"""The `.proto` files, printed from the plan.

They are printed twice: with plain paths for `proto/`, and with the Python package as path prefix for protoc's Python
output, because a plain `model.proto` in the default descriptor pool would clash with the file of another project.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.emit.contract import EmitResult
from wirelock.emit.render import format_header, quote_proto, render
from wirelock.ir import Method, ParameterStyle
from wirelock.lower.descriptions import format_type
from wirelock.lower.plan import (
    Enum,
    Field,
    Message,
    ProtoFile,
    Rpc,
    ServicePlan,
    ValueShape,
)

OPTIONS = "wirelock/options.proto"


def emit(build: Build) -> EmitResult:
    """Emit the files in `proto/`, and `wirelock/options.proto` if a method needs it."""
    folder = build.config.proto
    texts = print_protos(build, PrintOptions())
    return EmitResult(tuple(Artifact(f"{folder}/{path}", text.encode(), "proto") for path, text in texts.items()))


@dataclass(frozen=True, slots=True)
class PrintOptions:
    """Options of a print: a path prefix, and whether methods have the option `wirelock.binding`."""

    prefix: str = ""
    with_binding: bool = True


def print_protos(build: Build, options: PrintOptions) -> dict[str, str]:
    """Return the text of every file by path."""
    texts = {options.prefix + file.path: _print_file(file, build, options) for file in build.proto.files}
    if options.with_binding and any(_needs_binding(file) for file in build.proto.files):
        texts[OPTIONS] = render("proto/options.proto.j2", header=format_header(build.config.schemas))
    return texts


def _print_file(file: ProtoFile, build: Build, options: PrintOptions) -> str:
    return render(
        "proto/file.proto.j2",
        header=format_header("/".join(part for part in (build.config.schemas, file.folder) if part)),
        package=file.package,
        imports=sorted(_iter_imports(file, options)),
        services=[_build_service(service, file, options) for service in file.services],
        messages=[_build_message(message, file) for message in file.messages],
        enums=[_build_enum(enum) for enum in file.enums],
    )


def _iter_imports(file: ProtoFile, options: PrintOptions) -> Iterator[str]:
    yield from (options.prefix + path for path in file.imports)
    if any(rpc.method.verb for service in file.services for rpc in service.rpcs):
        yield "google/api/annotations.proto"
    types = {_format_type(field.shape, file) for message in file.messages for field in message.all_fields}
    if any("google.protobuf." in type for type in types):
        yield "google/protobuf/struct.proto"
    if options.with_binding and _needs_binding(file):
        yield OPTIONS


def _needs_binding(file: ProtoFile) -> bool:
    return any(_has_binding(rpc.method) for service in file.services for rpc in service.rpcs)


def _has_binding(method: Method) -> bool:
    return method.state is not None or bool(method.parameter_locations) or bool(method.stream)


# messages


def _build_message(message: Message, file: ProtoFile) -> dict[str, object]:
    return {
        "name": message.short_name,
        "description": message.description,
        "deprecated": message.deprecated,
        "reserved": _format_reserved(message.reserved_numbers, message.reserved_names),
        "oneof": message.oneof_name if message.form == "union" else "",
        "fields": [_build_field(field, message, file) for field in message.all_fields],
    }


def _build_field(field: Field, message: Message, file: ProtoFile) -> dict[str, object]:
    label = "optional " if field.explicit and message.form != "union" else ""
    options = [f"json_name = {quote_proto(field.json_name)}"] if field.json_name else []
    options += ["deprecated = true"] if field.deprecated else []
    return {
        "description": field.description,
        "declaration": f"{label}{_format_type(field.shape, file)} {field.name} = {field.number}",
        "options": ", ".join(options),
    }


def _build_enum(enum: Enum) -> dict[str, object]:
    return {
        "name": enum.short_name,
        "description": enum.description,
        "deprecated": enum.deprecated,
        "reserved": _format_reserved(enum.reserved_numbers, enum.reserved_names),
        "members": enum.values,
    }


def _format_reserved(numbers: tuple[int, ...], names: tuple[str, ...]) -> list[str]:
    lines = [", ".join(map(str, numbers))] if numbers else []
    return [*lines, ", ".join(f'"{name}"' for name in names)] if names else lines


def _format_type(shape: ValueShape, file: ProtoFile) -> str:
    return format_type(shape, lambda name: _format_name(name, file))


def _format_name(name: str, file: ProtoFile) -> str:
    """Return a type name as a file refers to it: short in its own package, absolute where protoc would misread it."""
    package, _, short = name.rpartition(".")
    if package == file.package:
        return short
    first = name.partition(".")[0]
    return f".{name}" if first in file.package.split(".")[1:] else name


# services


def _build_service(service: ServicePlan, file: ProtoFile, options: PrintOptions) -> dict[str, object]:
    return {
        "name": service.name,
        "description": service.description,
        "rpcs": [_build_rpc(rpc, service, file, options) for rpc in service.rpcs],
    }


def _build_rpc(rpc: Rpc, service: ServicePlan, file: ProtoFile, options: PrintOptions) -> dict[str, object]:
    response = _format_rpc_type(rpc.response, service, file)
    return {
        "name": rpc.name,
        "description": rpc.method.description,
        "deprecated": rpc.method.deprecated,
        "request": _format_rpc_type(rpc.request, service, file),
        "response": f"stream {response}" if rpc.method.stream else response,
        "http": _format_http(rpc),
        "binding": _format_binding(rpc.method) if options.with_binding else [],
    }


def _format_rpc_type(name: str, service: ServicePlan, file: ProtoFile) -> str:
    """Return a message name as a service refers to it: absolute if a method has the same name, which hides it."""
    return f".{name}" if any(rpc.name == name.rpartition(".")[2] for rpc in service.rpcs) else _format_name(name, file)


def _format_http(rpc: Rpc) -> list[str]:
    """Return the lines of the option `google.api.http` (google/api/http.proto)."""
    if not rpc.method.verb:
        return []
    lines = [f"{rpc.method.verb.lower()}: {quote_proto(rpc.path)}"]
    lines += [f"body: {quote_proto(rpc.body)}"] if rpc.body else []
    return [*lines, f"response_body: {quote_proto(rpc.response_body)}"] if rpc.response_body else lines


def _format_binding(method: Method) -> list[str]:
    """Return the lines of the option `wirelock.binding`: facts that HttpRule has no place for, in JSON names."""
    lines = [
        f"places: {{ key: {quote_proto(key)} value: {quote_proto(location)} }}"
        for key, location in method.parameter_locations
    ]
    lines += [
        f"styles: {{ key: {quote_proto(key)} value: {{ {_format_style(style)} }} }}"
        for key, style in method.parameter_styles
    ]
    if method.state is not None:
        facts = (("key", method.state.key), ("value", method.state.value), ("header", method.state.header))
        lines.append("state: { " + " ".join(f"{name}: {quote_proto(value)}" for name, value in facts) + " }")
    return [*lines, f"stream: {quote_proto(method.stream)}"] if method.stream else lines


def _format_style(style: ParameterStyle) -> str:
    facts = (("name", style.name), ("style", style.style), ("content", style.content))
    fields = [f"{name}: {quote_proto(value)}" for name, value in facts if value]
    return " ".join([*fields, *([] if style.explode is None else [f"explode: {str(style.explode).lower()}"])])
