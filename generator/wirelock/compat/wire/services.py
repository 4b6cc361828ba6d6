"""Rules about services and their methods: that they stay, with their types, streams and HTTP paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from google.protobuf.descriptor_pb2 import MethodDescriptorProto, MethodOptions

from wirelock.compat.rule import rule
from wirelock.compat.wire.change import Fault, WireRule
from wirelock.compat.wire.differences import (
    Differences,
    gone_from_file,
    gone_from_package,
    methods,
)
from wirelock.compat.wire.http import http_calls, is_kept


@rule("SERVICE_NO_DELETE", "FILE")
def service_no_delete(found: Differences) -> Iterator[Fault]:
    """A service stays in its file.

    Clients generated from the file are gone, and whoever imports them by file stops compiling.

    What to do: keep the *.service.json in its package, deprecate its methods first, or accept the break with a reason.
    """
    for service, home in gone_from_file(found, lambda side: side.services):
        if home:
            hint = "code that imports it by file stops compiling: keep it in its file"
            yield Fault(service.name, f"service {service.local} moved from {service.file.name} to {home}", hint)
        else:
            yield Fault(service.name, f"service {service.local} was deleted from {service.file.name}", _GONE)


@rule("PACKAGE_SERVICE_NO_DELETE", "PACKAGE")
def package_service_no_delete(found: Differences) -> Iterator[Fault]:
    """A service stays in its package, in whichever file.

    Clients that call it get UNIMPLEMENTED, and code generated from the package loses its client.

    What to do: keep the *.service.json in its package, deprecate its methods first, or accept the break with a reason.
    """
    for service in gone_from_package(found, lambda side: side.services):
        yield Fault(service.name, f"service {service.local} was deleted from package {service.file.package}", _GONE)


@rule("RPC_NO_DELETE", "FILE", "PACKAGE")
def rpc_no_delete(found: Differences) -> Iterator[Fault]:
    """A method stays in its service.

    Clients that call it get UNIMPLEMENTED, and code written against it stops compiling.

    What to do: keep the method and mark it deprecated, or accept the break with a reason.
    """
    for pair in found.services:
        kept = methods(pair.new)
        for name, method in methods(pair.old).items():
            if name not in kept:
                yield Fault(method.name, f"{method.label} was deleted", "keep the method, deprecated")


@rule("RPC_SAME_REQUEST_TYPE", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def rpc_same_request_type(found: Differences) -> Iterator[Fault]:
    """A method keeps the type of its request.

    Old clients send the old message, and it is read as the new one.

    What to do: change the message by compatible steps, or add a method.
    """
    yield from _changes(found, "its request type", lambda method: method.input_type[1:], _TYPE)


@rule("RPC_SAME_RESPONSE_TYPE", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def rpc_same_response_type(found: Differences) -> Iterator[Fault]:
    """A method keeps the type of its response.

    Old clients read the new message as the old one.

    What to do: change the message by compatible steps, or add a method.
    """
    yield from _changes(found, "its response type", lambda method: method.output_type[1:], _TYPE)


@rule("RPC_SAME_CLIENT_STREAMING", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def rpc_same_client_streaming(found: Differences) -> Iterator[Fault]:
    """A method keeps taking one request, or a stream of them.

    The two are different calls: clients and servers of different versions do not understand each other.

    What to do: add a method for the other form.
    """
    yield from _changes(found, "its request", lambda method: _stream(method.client_streaming), _STREAM)


@rule("RPC_SAME_SERVER_STREAMING", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def rpc_same_server_streaming(found: Differences) -> Iterator[Fault]:
    """A method keeps giving one response, or a stream of them.

    The two are different calls: clients and servers of different versions do not understand each other.

    What to do: add a method for the other form.
    """
    yield from _changes(found, "its response", lambda method: _stream(method.server_streaming), _STREAM)


@rule("RPC_SAME_IDEMPOTENCY_LEVEL", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def rpc_same_idempotency_level(found: Differences) -> Iterator[Fault]:
    """A method keeps its idempotency level.

    Clients and proxies repeat, or send as GET, what is said to have no side effects.

    What to do: keep the option; a method with other effects is another method.
    """
    yield from _changes(
        found, "its idempotency_level", _idempotency, "keep the option; other effects need another method"
    )


@rule("RPC_SAME_HTTP_RULE", "WIRE_JSON")
def rpc_same_http_rule(found: Differences) -> Iterator[Fault]:
    """A method keeps the HTTP verbs and paths that it is called by, with where its body and its response go.

    HTTP clients know a method by nothing else. They do not see what a path's variables are called, but what they send
    for one must not be taken for another. A path beside the old ones, or the first one of a method, breaks nobody.

    What to do: keep the path, and add the new one as a method of its own. The rule is ours, not buf's.
    """
    for pair in found.methods:
        new = http_calls(pair.new.proto)
        for line in http_calls(pair.old.proto):
            if not is_kept(line, new):
                now = " and ".join(new) or "no HTTP call at all"
                hint = "HTTP clients call the old path: keep it, and add the new one as a method of its own"
                yield Fault(pair.new.name, f"{pair.new.label} is no longer {line} but {now}", hint)


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

_GONE = "put the service back; to retire it, deprecate its methods first"
_TYPE = "change the message by compatible steps, or add a method"
_STREAM = "the two are different calls: add a method for the other form"


def _changes(found: Differences, what: str, of: Callable[[MethodDescriptorProto], str], hint: str) -> Iterator[Fault]:
    """The methods on both sides of which something differs."""
    for pair in found.methods:
        old, new = of(pair.old.proto), of(pair.new.proto)
        if old != new:
            yield Fault(pair.new.name, f"{pair.new.label} changed {what} from {old} to {new}", hint)


def _stream(streaming: bool) -> str:
    return "a stream" if streaming else "one message"


def _idempotency(method: MethodDescriptorProto) -> str:
    return MethodOptions.IdempotencyLevel.Name(method.options.idempotency_level)
