"""Usage of types by services: who writes them and who reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from wirelock.compat.method_ids import get_request_id, get_response_id
from wirelock.ir import TypeGraph, TypeId, find_reachable_types


class Usage(StrEnum):
    """The usage of a type. A type that no service refers to may be used for anything."""

    REQUEST = "requests"
    RESPONSE = "responses"
    BOTH = "requests and responses"
    UNKNOWN = "no service"

    @property
    def written_by_clients(self) -> bool:
        """True if old clients may write the type, so that old documents must stay valid."""
        return self is not Usage.RESPONSE

    @property
    def read_by_clients(self) -> bool:
        """True if old clients may read the type, so that new documents must be valid under the old schema."""
        return self is not Usage.REQUEST


def find_usages(graphs: Iterable[TypeGraph]) -> Mapping[TypeId, Usage]:
    """Return the usage of each type that a service reaches, and of each method's request and response ids."""
    usages: dict[TypeId, Usage] = {}
    for graph in graphs:
        for service in graph.services:
            _record_usage(usages, Usage.REQUEST, (get_request_id(service, method) for method in service.methods))
            _record_usage(usages, Usage.RESPONSE, (get_response_id(service, method) for method in service.methods))
        methods = [method for service in graph.services for method in service.methods]
        _record_usage(usages, Usage.REQUEST, find_reachable_types(graph, [method.request for method in methods]))
        _record_usage(
            usages,
            Usage.RESPONSE,
            find_reachable_types(graph, [key for method in methods for key in method.response_types]),
        )
    return usages


def _record_usage(usages: dict[TypeId, Usage], usage: Usage, keys: Iterable[TypeId]) -> None:
    for key in keys:
        usages[key] = usage if usages.get(key, usage) is usage else Usage.BOTH
