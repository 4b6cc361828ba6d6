"""Who writes and who reads a type: what the services of both states use it for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from wirelock.compat.method_ids import answers_of, requests_of
from wirelock.ir import TypeGraph, TypeId, reached


class Use(StrEnum):
    """What a type is for; a type that no service mentions may be for anything."""

    REQUEST = "requests"
    RESPONSE = "responses"
    BOTH = "requests and responses"
    UNKNOWN = "no service"

    @property
    def written_by_clients(self) -> bool:
        """Whether old clients may write it: then every document of before must stay valid."""
        return self is not Use.RESPONSE

    @property
    def read_by_clients(self) -> bool:
        """Whether old clients may read it: then every document of now must have been valid before."""
        return self is not Use.REQUEST


def uses(graphs: Iterable[TypeGraph]) -> Mapping[TypeId, Use]:
    """The use of every type that a service of one of the graphs reaches, and of what stands for a method itself."""
    found: dict[TypeId, Use] = {}
    for graph in graphs:
        for service in graph.services:
            _note(found, Use.REQUEST, (requests_of(service, method) for method in service.methods))
            _note(found, Use.RESPONSE, (answers_of(service, method) for method in service.methods))
        methods = [method for service in graph.services for method in service.methods]
        _note(found, Use.REQUEST, reached(graph, [method.request for method in methods]))
        _note(found, Use.RESPONSE, reached(graph, [key for method in methods for key in method.answers]))
    return found


def _note(found: dict[TypeId, Use], use: Use, keys: Iterable[TypeId]) -> None:
    for key in keys:
        found[key] = use if found.get(key, use) is use else Use.BOTH
