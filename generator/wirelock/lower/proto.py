"""TypeGraph and ledger to the proto plan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from wirelock.config import Config
from wirelock.diagnostics import Diagnostic, in_order
from wirelock.ir import Method, Service, TypeGraph, TypeId
from wirelock.lower.class_names import ClassName, module_of
from wirelock.lower.import_cycles import of_protos
from wirelock.lower.ledger.ledger import Ledger, Scope
from wirelock.lower.ledger.relocation import given_up, relocated, settled
from wirelock.lower.ledger.renames import Hint, Place, is_named, moves
from wirelock.lower.messages import Lowering
from wirelock.lower.plan import (
    EnumType,
    Field,
    FreeForm,
    MapOf,
    Message,
    MessageType,
    ProtoFile,
    ProtoPlan,
    Repeated,
    Rpc,
    Scalar,
    ServicePlan,
    ValueShape,
)
from wirelock.naming import snake

_PARAMETER = re.compile(r"\{([^{}=]+)(=\*\*)?\}")


def plan(
    graph: TypeGraph, config: Config, ledger: Ledger, roots: Sequence[TypeId] = ()
) -> tuple[ProtoPlan, Ledger, tuple[Diagnostic, ...]]:
    """The proto plan, the ledger with every new number in it, and what was lost or wrong.

    What services send and `roots` get a message of their own whatever they are.
    """
    sent = (key for s in graph.services for m in s.methods for key in (m.request, m.response))
    needed = tuple(dict.fromkeys((*sent, *roots)))
    first = Lowering(graph.definitions, config, ledger, None)
    first.run(needed)
    taken = _taken_names(graph, config, ledger, {package for package, _ in first.wanted.values()})
    places = _places(first)
    moved, unused = moves(places, _hints(graph), ledger)
    names = settled(places, moved, ledger, taken)
    ledger = relocated(ledger, places, moved, names)
    final = Lowering(graph.definitions, config, ledger, names)
    final.run(needed)
    files = _files(graph, config, final)
    found = in_order((*unused, *final.diagnostics, *of_protos(files)))
    messages, enums = final.numbering.scopes, final.numbering.enum_scopes
    kept = Ledger(_merge(ledger.messages, messages), _merge(ledger.enums, enums), ledger.classes)
    return ProtoPlan(files, final.roots), kept, found


def _taken_names(
    graph: TypeGraph, config: Config, ledger: Ledger, packages: Iterable[str]
) -> Mapping[str, tuple[str, ...]]:
    """The names that services and classes without a message take in each package; messages make way for them."""
    services = [(_package(config, service.package), service.name) for service in graph.services]
    classes = [ClassName.of(name) for name in ledger.classes]
    return {
        package: (
            *(name for owner, name in services if owner == package),
            *(one.name for one in classes if one.module == module_of(package, config)),
        )
        for package in packages
    }


def _places(first: Lowering) -> dict[str, Place]:
    """The schema places of a run before names are settled."""
    enums, wanted = first.numbering.enums, first.numbering.wanted
    return {
        source: Place(source, package, name, "enums" if full in enums else "messages", wanted.get(full, ()))
        for source, (package, name) in first.wanted.items()
        for full in (f"{package}.{source}",)
    }


def _hints(graph: TypeGraph) -> tuple[Hint, ...]:
    """The named types that state what they were; of a property it is the property that does."""
    return tuple(
        Hint(key, definition.node.hints.renamed_from, definition.node.where)
        for key, definition in graph.definitions.items()
        if definition.node.hints.renamed_from and is_named(str(key))
    )


def _merge(old: Mapping[str, Scope], new: Mapping[str, Scope]) -> dict[str, Scope]:
    """Scopes that are not in use any more stay, with every number reserved."""
    gone = {name: given_up(scope) for name, scope in old.items() if name not in new}
    return {**gone, **new}


def _files(graph: TypeGraph, config: Config, lowered: Lowering) -> tuple[ProtoFile, ...]:
    packages = {name.rpartition(".")[0] for name in (*lowered.numbering.messages, *lowered.numbering.enums)}
    folders = {_package(config, key.package): key.package for key in graph.definitions}
    files: list[ProtoFile] = []
    for package in sorted(packages):
        messages = tuple(m for name, m in lowered.numbering.messages.items() if name.rpartition(".")[0] == package)
        services = tuple(
            _service(service, lowered) for service in graph.services if _package(config, service.package) == package
        )
        enums = tuple(e for name, e in lowered.numbering.enums.items() if name.rpartition(".")[0] == package)
        used = {name.rpartition(".")[0] for message in messages for name in _names_in(message)}
        used |= {
            name.rpartition(".")[0]
            for service in services
            for rpc in service.rpcs
            for name in (rpc.request, rpc.response)
        }
        imports = tuple(_path(other, config) for other in sorted(used - {package}))
        files.append(ProtoFile(_path(package, config), package, folders[package], imports, messages, enums, services))
    return tuple(files)


def _package(config: Config, folder: str) -> str:
    parts = [config.proto_package, *(snake(part) for part in folder.split("/") if part)]
    return ".".join(part for part in parts if part)


def _path(package: str, config: Config) -> str:
    rest = package.removeprefix(config.proto_package).strip(".") or package
    return rest.replace(".", "/") + ".proto"


def all_fields(message: Message) -> tuple[Field, ...]:
    """The declared fields and the synthetic ones behind them."""
    return (*message.fields, *(field for field in (message.extra, message.explicit_fields) if field is not None))


def _names_in(message: Message) -> set[str]:
    return {name for field in all_fields(message) for name in _names(field.shape)}


def _names(shape: ValueShape) -> tuple[str, ...]:
    match shape:
        case EnumType(name) | MessageType(name):
            return (name,)
        case Repeated(item) | MapOf(item):
            return _names(item)
        case Scalar() | FreeForm():
            return ()


def _service(service: Service, lowered: Lowering) -> ServicePlan:
    rpcs = tuple(_rpc(method, lowered) for method in service.methods)
    return ServicePlan(service.name, service.package, rpcs, service.description)


def _rpc(method: Method, lowered: Lowering) -> Rpc:
    request = lowered.roots[method.request].name
    response = lowered.roots[method.response].name
    fields = {field.json: field.name for field in lowered.numbering.messages[request].fields}
    answers = {field.json: field.name for field in lowered.numbering.messages[response].fields}
    answer = lowered.numbering.messages[response]
    whole = answer.fields[0].name if answer.form in ("list", "map", "box") else ""
    return Rpc(
        method.name,
        request,
        response,
        method,
        _PARAMETER.sub(lambda match: "{" + fields[match[1]] + (match[2] or "") + "}", method.path),
        method.body if method.body in ("", "*") else fields[method.body],
        whole or answers.get(method.response_body, ""),
    )
