"""Lowering of a TypeGraph and a ledger to the proto plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wirelock.config import Config
from wirelock.diagnostics import Diagnostic, sort_unique
from wirelock.ir import Method, Service, TypeGraph, TypeId
from wirelock.lower.class_names import ClassName, get_module_name
from wirelock.lower.import_cycles import check_protos
from wirelock.lower.ledger.ledger import Ledger, Scope, get_package
from wirelock.lower.ledger.relocation import assign_names, relocate, retire
from wirelock.lower.ledger.renames import RenameHint, SchemaOrigin, find_moves, is_named
from wirelock.lower.messages import Lowering
from wirelock.lower.plan import (
    EnumType,
    MapOf,
    Message,
    MessageType,
    ProtoFile,
    ProtoPlan,
    Repeated,
    Rpc,
    Scalar,
    ServicePlan,
    StructValue,
    ValueShape,
    get_proto_package,
)
from wirelock.path_templates import rename_variables


def plan_protos(
    graph: TypeGraph, config: Config, ledger: Ledger, roots: Sequence[TypeId] = ()
) -> tuple[ProtoPlan, Ledger, tuple[Diagnostic, ...]]:
    """Return the proto plan, the ledger with all new numbers, and diagnostics.

    Types of requests and responses, and those in `roots`, get a message even if they are scalars.
    """
    exchanged = (key for s in graph.services for m in s.methods for key in (m.request, m.response))
    needed = tuple(dict.fromkeys((*exchanged, *roots)))
    first = Lowering(graph.definitions, config, ledger, None)
    first.run(needed)
    taken = _get_taken_names(graph, config, ledger, {package for package, _ in first.requested_names.values()})
    origins = _collect_origins(first)
    moves, unused_hints = find_moves(origins, _collect_rename_hints(graph), ledger)
    names = assign_names(origins, moves, ledger, taken)
    ledger = relocate(ledger, origins, moves, names)
    final = Lowering(graph.definitions, config, ledger, names)
    final.run(needed)
    files = _build_files(graph, config, final)
    diagnostics = sort_unique((*unused_hints, *final.diagnostics, *check_protos(files)))
    messages, enums = final.builder.message_scopes, final.builder.enum_scopes
    updated = Ledger(_retire_missing(ledger.messages, messages), _retire_missing(ledger.enums, enums), ledger.classes)
    return ProtoPlan(files, final.roots), updated, diagnostics


def _get_taken_names(
    graph: TypeGraph, config: Config, ledger: Ledger, packages: Iterable[str]
) -> Mapping[str, tuple[str, ...]]:
    """Return the names of services and of classes without a message, by package; messages do not use them."""
    services = [(get_proto_package(config, service.package), service.name) for service in graph.services]
    classes = [ClassName.parse(name) for name in ledger.classes]
    return {
        package: (
            *(name for owner, name in services if owner == package),
            *(name.name for name in classes if name.module == get_module_name(package, config)),
        )
        for package in packages
    }


def _collect_origins(first: Lowering) -> dict[str, SchemaOrigin]:
    """Return the schema origins of the first run, by id."""
    enums, requests = first.builder.enums, first.builder.requests
    return {
        id: SchemaOrigin(id, package, name, "enums" if full in enums else "messages", requests.get(full, ()))
        for id, (package, name) in first.requested_names.items()
        for full in (f"{package}.{id}",)
    }


def _collect_rename_hints(graph: TypeGraph) -> tuple[RenameHint, ...]:
    """Return the rename hints of named types; a hint inside a property renames the property."""
    return tuple(
        RenameHint(key, definition.node.extensions.renamed_from, definition.node.location)
        for key, definition in graph.definitions.items()
        if definition.node.extensions.renamed_from and is_named(str(key))
    )


def _retire_missing(old: Mapping[str, Scope], new: Mapping[str, Scope]) -> dict[str, Scope]:
    """Return the new scopes, and the old ones that are no longer in use with every number reserved."""
    retired = {name: retire(scope) for name, scope in old.items() if name not in new}
    return {**retired, **new}


def _build_files(graph: TypeGraph, config: Config, lowering: Lowering) -> tuple[ProtoFile, ...]:
    builder = lowering.builder
    folders = {get_proto_package(config, key.package): key.package for key in graph.definitions}
    files: list[ProtoFile] = []
    for package in sorted({get_package(name) for name in (*builder.messages, *builder.enums)}):
        messages = tuple(message for name, message in builder.messages.items() if get_package(name) == package)
        enums = tuple(enum for name, enum in builder.enums.items() if get_package(name) == package)
        services = tuple(
            _build_service(service, lowering)
            for service in graph.services
            if get_proto_package(config, service.package) == package
        )
        rpcs = [rpc for service in services for rpc in service.rpcs]
        used = {get_package(name) for message in messages for name in _get_type_names(message)}
        used |= {get_package(name) for rpc in rpcs for name in (rpc.request, rpc.response)}
        imports = tuple(_get_path(other, config) for other in sorted(used - {package}))
        path = _get_path(package, config)
        files.append(ProtoFile(path, package, folders[package], imports, messages, enums, services))
    return tuple(files)


def _get_path(package: str, config: Config) -> str:
    rest = package.removeprefix(config.proto_package).strip(".") or package
    return rest.replace(".", "/") + ".proto"


def _get_type_names(message: Message) -> set[str]:
    return {name for field in message.all_fields for name in _get_shape_names(field.shape)}


def _get_shape_names(shape: ValueShape) -> tuple[str, ...]:
    match shape:
        case EnumType(name) | MessageType(name):
            return (name,)
        case Repeated(item) | MapOf(item):
            return _get_shape_names(item)
        case Scalar() | StructValue():
            return ()


def _build_service(service: Service, lowering: Lowering) -> ServicePlan:
    rpcs = tuple(_build_rpc(method, lowering) for method in service.methods)
    return ServicePlan(service.name, service.package, rpcs, service.description)


def _build_rpc(method: Method, lowering: Lowering) -> Rpc:
    request = lowering.builder.messages[lowering.roots[method.request].name]
    response = lowering.builder.messages[lowering.roots[method.response].name]
    request_names = {field.json: field.name for field in request.fields}
    response_names = {field.json: field.name for field in response.fields}
    single_field = response.fields[0].name if response.form in ("list", "map", "box") else ""
    return Rpc(
        method.name,
        request.name,
        response.name,
        method,
        rename_variables(method.path, request_names.__getitem__),
        method.body if method.body in ("", "*") else request_names[method.body],
        single_field or response_names.get(method.response_body, ""),
    )
