"""Instrumentation that reports each call of a bridge, and each request of a call, to observers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import aclosing
from typing import Any

import grpc
from yarl import URL

from wirelock.serve.bridge.hooks import Handler, OnRequestEnd, ignore_request_end
from wirelock.serve.bridge.telemetry.call_events import (
    CallEnded,
    CallObserverFactory,
    CallObservers,
    CallStarted,
    RpcType,
    UpstreamRequest,
    UpstreamResponse,
    get_current_call,
    set_current_call,
)
from wirelock.serve.bridge.telemetry.call_status import extract_findings, get_status_code

Context = grpc.aio.ServicerContext[Any, Any]


class Interceptor:
    """Instrumentation with an observer for each call.

    Only methods with a registered handler are reported, so the label values of metrics are bounded.
    """

    def __init__(self, factories: Sequence[CallObserverFactory]) -> None:
        self._factories = tuple(factories)

    def wrap_handler(self, service: str, method: str, handler: Handler) -> Handler:
        """Return a handler whose calls are observed."""
        serializers = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        untyped: Any = handler  # the stubs only declare synchronous handlers
        if handler.response_streaming:
            stream = _MethodInterceptor(service, method, "server_stream", self._factories)
            return grpc.unary_stream_rpc_method_handler(stream.wrap_stream(untyped.unary_stream), **serializers)
        unary = _MethodInterceptor(service, method, "unary", self._factories)
        return grpc.unary_unary_rpc_method_handler(unary.wrap_unary(untyped.unary_unary), **serializers)

    def start_request(self, verb: str, url: URL, headers: MutableMapping[str, str]) -> OnRequestEnd:
        """Report a request to the observers of the current call; outside of a call, do nothing."""
        call = get_current_call()
        if call is None:
            return ignore_request_end
        request = UpstreamRequest(verb, str(url), url.host or "", url.port or 0, headers)
        call.on_request(request)
        began = time.perf_counter()
        return lambda status, error: call.on_response(
            UpstreamResponse(request, time.perf_counter() - began, status, error)
        )


class _MethodInterceptor:
    """Wrappers for the handlers of one method."""

    def __init__(self, service: str, method: str, rpc_type: RpcType, factories: Sequence[CallObserverFactory]) -> None:
        self._service = service
        self._method = method
        self._rpc_type: RpcType = rpc_type
        self._factories = factories

    def _start_call(self, context: Context) -> CallObservers:
        metadata = tuple(context.invocation_metadata() or ())
        started = CallStarted(self._service, self._method, self._rpc_type, context.peer(), metadata)
        call = CallObservers([factory(started) for factory in self._factories])
        set_current_call(call)
        return call

    def wrap_unary(self, inner: Callable[[Any, Context], Awaitable[Any]]) -> Callable[[Any, Context], Awaitable[Any]]:
        """Wrap a handler with one response."""

        async def handle(request: Any, context: Context) -> Any:
            began = time.perf_counter()
            call = self._start_call(context)
            try:
                response = await inner(request, context)
            except BaseException as error:
                _end_call(call, time.perf_counter() - began, context, error)
                raise
            # reports the end after the response, so that observers do not delay it
            asyncio.get_running_loop().call_soon(_end_unary_call, call, time.perf_counter() - began, context)
            return response

        return handle

    def wrap_stream(self, inner: Callable[[Any, Context], AsyncGenerator[Any, None]]) -> Callable[[Any, Context], Any]:
        """Wrap a handler with a stream of responses, an asynchronous generator.

        A client that disconnects while a message is sent leaves the generator suspended; closing it ends the call.
        """

        async def handle(request: Any, context: Context) -> AsyncIterator[Any]:
            began = time.perf_counter()
            call = self._start_call(context)
            try:
                async with aclosing(inner(request, context)) as messages:
                    async for message in messages:
                        yield message
                        call.on_message_sent()
            except BaseException as error:
                _end_call(call, time.perf_counter() - began, context, error)
                raise
            _end_call(call, time.perf_counter() - began, context, None)

        return handle


def _end_unary_call(call: CallObservers, seconds: float, context: Context) -> None:
    call.on_message_sent()
    _end_call(call, seconds, context, None)


def _end_call(call: CallObservers, seconds: float, context: Context, error: BaseException | None) -> None:
    code = get_status_code(context, error)
    if isinstance(error, Exception):
        call.on_end(CallEnded(code, seconds, context.details() or "", extract_findings(context)))
    else:
        call.on_end(CallEnded(code, seconds))
