"""Checks across files: cycles of references, and conflicts between services."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator, Mapping

from wirelock.diagnostics import Diagnostic
from wirelock.ir import Definition, Node, Ref, Service, TypeId, Union
from wirelock.parse.codes import REFERENCE_CYCLE, SERVICE_CONFLICT
from wirelock.path_templates import replace_variables

Definitions = Mapping[TypeId, Definition]
_CYCLE_HINT = "replace one of these references by a schema with a type"


def find_reference_cycles(definitions: Definitions) -> Iterator[Diagnostic]:
    """Yield a diagnostic for the first type that is only a reference to itself (core, section 9.4.1)."""
    acyclic: set[TypeId] = set()
    for key in definitions:
        path: list[TypeId] = []
        if _has_cycle(key, definitions, path, acyclic):
            cycle = " -> ".join(str(step) for step in path[path.index(path[-1]) :])
            location = definitions[key].node.location
            yield Diagnostic(REFERENCE_CYCLE, location, f"the type is only a reference to itself: {cycle}", _CYCLE_HINT)
            return


def _has_cycle(key: TypeId, definitions: Definitions, path: list[TypeId], acyclic: set[TypeId]) -> bool:
    path.append(key)
    if key in path[:-1]:
        return True
    if key not in acyclic:
        for target in _iter_direct_targets(definitions[key].node):
            if target in definitions and _has_cycle(target, definitions, path, acyclic):
                return True
        acyclic.add(key)
    path.pop()
    return False


def _iter_direct_targets(node: Node) -> Iterator[TypeId]:
    """Yield the types that a node refers to for the same instance."""
    match node.shape:
        case Ref(target):
            yield target
        case Union(branches):
            for branch in branches:
                yield from _iter_direct_targets(branch)
        case _:
            return


def find_service_conflicts(services: Iterable[Service]) -> Iterator[Diagnostic]:
    """Yield diagnostics for duplicate service names and routes, and for method names that are Python keywords."""
    names: dict[tuple[str, str], Service] = {}
    routes: dict[tuple[str, str], str] = {}
    for service in services:
        other = names.setdefault((service.package, service.name), service)
        if other is not service:
            message = f"the service name {service.name} is already used by {other.location.file}"
            yield Diagnostic(SERVICE_CONFLICT, service.location, message, "rename one of the services")
        for method in service.methods:
            name = f"{service.name}.{method.name}"
            route = (method.verb, replace_variables(method.path, lambda _: "{}"))
            taken = routes.setdefault(route, name) if method.verb else name
            if taken != name:
                message = f"the route {method.verb} {method.path} is already used by {taken}"
                yield Diagnostic(SERVICE_CONFLICT, method.location, message, "remove one of them, or change its path")
            if keyword.iskeyword(method.name):
                message = f"the method name {method.name} is a Python keyword"
                yield Diagnostic(SERVICE_CONFLICT, method.location, message, "rename the method")
