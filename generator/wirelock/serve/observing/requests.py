"""aiohttp's hooks that tell of every request to the upstream that an observed call makes."""

from __future__ import annotations

import time
from types import SimpleNamespace

import aiohttp

from wirelock.serve.observing.following import Request, Response, current


def request_hooks() -> aiohttp.TraceConfig:
    """Hooks for a `ClientSession`; a request outside of an observed call is nobody's."""
    hooks = aiohttp.TraceConfig()
    hooks.on_request_start.append(_start)
    hooks.on_request_end.append(_end)
    hooks.on_request_exception.append(_exception)
    return hooks


async def _start(_: aiohttp.ClientSession, own: SimpleNamespace, params: aiohttp.TraceRequestStartParams) -> None:
    call = current()
    own.call = call
    if call is not None:
        url = params.url
        own.request = Request(params.method, str(url), url.host or "", url.port or 0, params.headers)
        call.requested(own.request)
        own.began = time.perf_counter()


async def _end(_: aiohttp.ClientSession, own: SimpleNamespace, params: aiohttp.TraceRequestEndParams) -> None:
    if own.call is not None:
        own.call.responded(Response(own.request, time.perf_counter() - own.began, params.response.status))


async def _exception(
    _: aiohttp.ClientSession, own: SimpleNamespace, params: aiohttp.TraceRequestExceptionParams
) -> None:
    if own.call is not None:
        error = type(params.exception).__name__
        own.call.responded(Response(own.request, time.perf_counter() - own.began, 0, error))
