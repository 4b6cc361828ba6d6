"""What single files cannot know: references that only lead back to themselves, services in each other's way."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping

from wirelock.diagnostics import Diagnostic
from wirelock.ir import Definition, Node, Ref, Service, TypeId, Union
from wirelock.parse.codes import REFERENCE_CYCLE, SERVICE_CONFLICT

Definitions = Mapping[TypeId, Definition]
_PARAMETER = re.compile(r"\{[^{}]*\}")
_TO_OURSELVES = "a reference has to lead to something that says what a value is"


def circles(definitions: Definitions) -> Iterator[Diagnostic]:
    """Types that are nothing but references to each other, also by way of a union (core, section 9.4.1)."""
    settled: set[TypeId] = set()
    for key in definitions:
        path: list[TypeId] = []
        if _leads_back(key, definitions, path, settled):
            words = " -> ".join(str(step) for step in path[path.index(path[-1]) :])
            where = definitions[key].node.where
            yield Diagnostic(REFERENCE_CYCLE, where, f"the type is only a reference to itself: {words}", _TO_OURSELVES)
            return


def _leads_back(key: TypeId, definitions: Definitions, path: list[TypeId], settled: set[TypeId]) -> bool:
    path.append(key)
    if key in path[:-1]:
        return True
    if key not in settled:
        for target in _here(definitions[key].node):
            if target in definitions and _leads_back(target, definitions, path, settled):
                return True
        settled.add(key)
    path.pop()
    return False


def _here(node: Node) -> Iterator[TypeId]:
    """The types that a node is, without anything around them."""
    match node.shape:
        case Ref(target):
            yield target
        case Union(branches):
            for branch in branches:
                yield from _here(branch)
        case _:
            return


def between(services: Iterable[Service]) -> Iterator[Diagnostic]:
    """Services of one name in one package, methods of one route, and names that generated Python cannot say."""
    names: dict[tuple[str, str], Service] = {}
    routes: dict[tuple[str, str], str] = {}
    for service in services:
        other = names.setdefault((service.package, service.name), service)
        if other is not service:
            words = f"{service.name} is also the service of {other.where.file}"
            yield Diagnostic(SERVICE_CONFLICT, service.where, words, "give one of them another name")
        for method in service.methods:
            said = f"{service.name}.{method.name}"
            route = (method.verb, _PARAMETER.sub("{}", method.path))
            taken = routes.setdefault(route, said) if method.verb else said
            if taken != said:
                words = f"{method.verb} {method.path} is also the route of {taken}"
                yield Diagnostic(
                    SERVICE_CONFLICT, method.where, words, "describe one of them, or tell their paths apart"
                )
            if keyword.iskeyword(method.name):
                words = f"{method.name} is a word of Python's, and no method of a class there can have it"
                yield Diagnostic(SERVICE_CONFLICT, method.where, words, "give the method another name")
