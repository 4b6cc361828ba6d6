"""The interceptor of grpc.aio that tells observers of every call of the described services."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from typing import Any, TypeAlias

import grpc

from wirelock.serve.observing.following import Ended, Followed, Kind, Observer, Started, enter
from wirelock.serve.observing.outcomes import code_of, findings_of

Context = grpc.aio.ServicerContext[Any, Any]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"  # generic in its stubs only
Continuation: TypeAlias = "Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]"


class Observed(grpc.aio.ServerInterceptor):
    """Observes calls with one request; those of other services (reflection, health) are let through unseen.

    Only names that a handler is registered for reach the observers, so that what they count by stays bounded.
    """

    def __init__(self, services: Collection[str], observers: Sequence[Observer]) -> None:
        self._services = frozenset(services)
        self._observers = tuple(observers)
        self._known: dict[str, tuple[Handler, Handler]] = {}

    async def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """The handler that is registered, with its calls observed."""
        handler = await continuation(handler_call_details)
        name: str = handler_call_details.method
        known = self._known.get(name)
        if known is not None and known[0] is handler:
            return known[1]
        service, _, method = name.removeprefix("/").rpartition("/")
        if handler is None or service not in self._services or handler.request_streaming:
            return handler
        observed = self._observed(handler, service, method)
        self._known[name] = handler, observed
        return observed

    def _observed(self, handler: Handler, service: str, method: str) -> Handler:
        how = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        plain: Any = handler  # the stubs know the handlers of threads only
        if handler.response_streaming:
            stream = _Watch(service, method, "server_stream", self._observers).stream(plain.unary_stream)
            return grpc.unary_stream_rpc_method_handler(stream, **how)
        unary = _Watch(service, method, "unary", self._observers).unary(plain.unary_unary)
        return grpc.unary_unary_rpc_method_handler(unary, **how)


class _Watch:
    """The calls of one method."""

    def __init__(self, service: str, method: str, kind: Kind, observers: Sequence[Observer]) -> None:
        self._service = service
        self._method = method
        self._kind: Kind = kind
        self._observers = observers

    def _begun(self, context: Context) -> Followed:
        metadata = tuple(context.invocation_metadata() or ())
        started = Started(self._service, self._method, self._kind, context.peer(), metadata)
        call = Followed([observer(started) for observer in self._observers])
        enter(call)
        return call

    def unary(self, inner: Callable[[Any, Context], Awaitable[Any]]) -> Callable[[Any, Context], Awaitable[Any]]:
        """A handler with one response, observed."""

        async def answer(request: Any, context: Context) -> Any:
            began = time.perf_counter()
            call = self._begun(context)
            try:
                response = await inner(request, context)
            except BaseException as error:
                _end(call, began, context, error)
                raise
            call.sent()
            _end(call, began, context, None)
            return response

        return answer

    def stream(self, inner: Callable[[Any, Context], AsyncGenerator[Any, None]]) -> Callable[[Any, Context], Any]:
        """A handler with many responses, an asynchronous generator, observed.

        A client that goes while a message is under way leaves the generator where it is: closing it ends the call.
        """

        async def answer(request: Any, context: Context) -> AsyncIterator[Any]:
            began = time.perf_counter()
            call = self._begun(context)
            try:
                async with aclosing(inner(request, context)) as messages:
                    async for message in messages:
                        yield message
                        call.sent()
            except BaseException as error:
                _end(call, began, context, error)
                raise
            _end(call, began, context, None)

        return answer


def _end(call: Followed, began: float, context: Context, error: BaseException | None) -> None:
    seconds = time.perf_counter() - began
    code = code_of(context, error)
    failed = isinstance(error, Exception) and not isinstance(error, asyncio.CancelledError)
    call.ended(Ended(code, seconds, context.details() or "", findings_of(context)) if failed else Ended(code, seconds))
