"""Rules about services and methods: they keep their types, streams and HTTP calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from google.protobuf.descriptor_pb2 import MethodDescriptorProto, MethodOptions

from wirelock.compat.rule import rule
from wirelock.compat.wire.change import RuleViolation, WireRule
from wirelock.compat.wire.differences import (
    DescriptorComparison,
    find_deleted_from_file,
    find_deleted_from_package,
    get_methods,
)
from wirelock.compat.wire.http import get_http_calls, is_kept


@rule("SERVICE_NO_DELETE", "FILE")
def service_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A service is not deleted from its file.

    Clients generated from the file are gone, and code that imports them by file stops compiling.

    What to do: keep the *.service.json in its package, deprecate its methods first, or accept the break with a reason.
    """
    for service, new_file in find_deleted_from_file(comparison, lambda index: index.services):
        if new_file:
            hint = "keep it in its file: code that imports the file stops compiling"
            yield RuleViolation(
                service.name, f"service {service.local_name} moved from {service.file.name} to {new_file}", hint
            )
        else:
            yield RuleViolation(
                service.name, f"service {service.local_name} was deleted from {service.file.name}", _DELETED_HINT
            )


@rule("PACKAGE_SERVICE_NO_DELETE", "PACKAGE")
def package_service_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A service is not deleted from its package.

    Clients that call it receive UNIMPLEMENTED, and code generated from the package loses its client.

    What to do: keep the *.service.json in its package, deprecate its methods first, or accept the break with a reason.
    """
    for service in find_deleted_from_package(comparison, lambda index: index.services):
        yield RuleViolation(
            service.name, f"service {service.local_name} was deleted from package {service.file.package}", _DELETED_HINT
        )


@rule("RPC_NO_DELETE", "FILE", "PACKAGE")
def rpc_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A method is not deleted from its service.

    Clients that call it receive UNIMPLEMENTED, and code that uses it stops compiling.

    What to do: keep the method and mark it as deprecated, or accept the break with a reason.
    """
    for pair in comparison.services:
        remaining = get_methods(pair.new)
        for name, method in get_methods(pair.old).items():
            if name not in remaining:
                yield RuleViolation(
                    method.name, f"{method.label} was deleted", "keep the method and mark it as deprecated"
                )


@rule("RPC_SAME_REQUEST_TYPE", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def rpc_same_request_type(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A method keeps its request type.

    The server reads the message of an old client as the new type.

    What to do: change the message in compatible steps, or add a method.
    """
    yield from _find_changes(comparison, "its request type", lambda method: method.input_type[1:], _TYPE_HINT)


@rule("RPC_SAME_RESPONSE_TYPE", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def rpc_same_response_type(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A method keeps its response type.

    Old clients read the new message as the old type.

    What to do: change the message in compatible steps, or add a method.
    """
    yield from _find_changes(comparison, "its response type", lambda method: method.output_type[1:], _TYPE_HINT)


@rule("RPC_SAME_CLIENT_STREAMING", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def rpc_same_client_streaming(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A method keeps taking a single request or a stream.

    The two are different calls: clients and servers of different versions do not understand each other.

    What to do: add a method for the other form.
    """
    yield from _find_changes(
        comparison, "its request", lambda method: _format_stream(method.client_streaming), _STREAM_HINT
    )


@rule("RPC_SAME_SERVER_STREAMING", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def rpc_same_server_streaming(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A method keeps returning a single response or a stream.

    The two are different calls: clients and servers of different versions do not understand each other.

    What to do: add a method for the other form.
    """
    yield from _find_changes(
        comparison, "its response", lambda method: _format_stream(method.server_streaming), _STREAM_HINT
    )


@rule("RPC_SAME_IDEMPOTENCY_LEVEL", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def rpc_same_idempotency_level(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A method keeps its idempotency level.

    Clients and proxies may retry methods without side effects, or send them as GET.

    What to do: keep the option, and add another method for other effects.
    """
    yield from _find_changes(
        comparison,
        "its idempotency_level",
        _get_idempotency,
        "keep the option, and add another method for other effects",
    )


@rule("RPC_SAME_HTTP_RULE", "WIRE_JSON")
def rpc_same_http_rule(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A method keeps its HTTP verbs and paths, and the fields of its body and response.

    HTTP clients identify a method by them. Names of path variables may change if no value is taken for another
    variable. Adding a path, or the first path of a method, breaks nothing.

    What to do: keep the path, and add the new one as a separate method. buf does not have this rule.
    """
    for pair in comparison.methods:
        calls = get_http_calls(pair.new.proto)
        for call in get_http_calls(pair.old.proto):
            if not is_kept(call, calls):
                new_calls = " and ".join(calls) or "none"
                hint = "keep the path for existing clients, and add the new one as a separate method"
                yield RuleViolation(
                    pair.new.name, f"{pair.new.label} changed its HTTP call from {call} to {new_calls}", hint
                )


RULES: tuple[WireRule, ...] = (
    service_no_delete,
    package_service_no_delete,
    rpc_no_delete,
    rpc_same_request_type,
    rpc_same_response_type,
    rpc_same_client_streaming,
    rpc_same_server_streaming,
    rpc_same_idempotency_level,
    rpc_same_http_rule,
)

_DELETED_HINT = "restore the service; to remove it later, deprecate its methods first"
_TYPE_HINT = "change the message in compatible steps, or add a method"
_STREAM_HINT = "add a method for the other form: the two are different calls"


def _find_changes(
    comparison: DescriptorComparison, label: str, get_property: Callable[[MethodDescriptorProto], str], hint: str
) -> Iterator[RuleViolation]:
    """Yield the methods in both states for which a property differs."""
    for pair in comparison.methods:
        old, new = get_property(pair.old.proto), get_property(pair.new.proto)
        if old != new:
            yield RuleViolation(pair.new.name, f"{pair.new.label} changed {label} from {old} to {new}", hint)


def _format_stream(streaming: bool) -> str:
    return "a stream" if streaming else "one message"


def _get_idempotency(method: MethodDescriptorProto) -> str:
    return MethodOptions.IdempotencyLevel.Name(method.options.idempotency_level)
