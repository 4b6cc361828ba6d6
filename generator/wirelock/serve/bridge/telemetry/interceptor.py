"""What observers are told of a bridge: every call of its services, and every request that a call makes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import aclosing
from typing import Any

import grpc
from yarl import URL

from wirelock.serve.bridge.hooks import Handler, Told, untold
from wirelock.serve.bridge.telemetry.call_events import (
    Ended,
    Followed,
    Kind,
    Observer,
    Request,
    Response,
    Started,
    current,
    enter,
)
from wirelock.serve.bridge.telemetry.call_status import code_of, findings_of

Context = grpc.aio.ServicerContext[Any, Any]


class Observed:
    """Watches a bridge for observers.

    Only names that a handler is registered for reach them, so that what they count by stays bounded.
    """

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)

    def watched(self, service: str, method: str, handler: Handler) -> Handler:
        """A handler of one request whose calls are observed."""
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

    def requested(self, verb: str, url: URL, headers: MutableMapping[str, str]) -> Told:
        """Observe a request of the current call; outside of one it is nobody's."""
        call = current()
        if call is None:
            return untold
        request = Request(verb, str(url), url.host or "", url.port or 0, headers)
        call.requested(request)
        began = time.perf_counter()
        return lambda status, error: call.responded(Response(request, time.perf_counter() - began, status, error))


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
                _end(call, _since(began), context, error)
                raise
            # the answer need not wait until it is written down
            asyncio.get_running_loop().call_soon(_answered, call, _since(began), context)
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
                _end(call, _since(began), context, error)
                raise
            _end(call, _since(began), context, None)

        return answer


def _since(began: float) -> float:
    return time.perf_counter() - began


def _answered(call: Followed, seconds: float, context: Context) -> None:
    call.sent()
    _end(call, seconds, context, None)


def _end(call: Followed, seconds: float, context: Context, error: BaseException | None) -> None:
    code = code_of(context, error)
    failed = isinstance(error, Exception)
    call.ended(Ended(code, seconds, context.details() or "", findings_of(context)) if failed else Ended(code, seconds))
