"""Conversion of responses of HTTP libraries; the libraries are recognized by attributes and never imported."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol, cast

from wirelock.traffic.http.exchange import Exchange, Headers, RecordedBody, get_header, parse_media_type
from wirelock.traffic.secrets import redact_url

_NO_REQUEST = "the response has no request: it was not received by a client"
_UNREAD = "the body of the response was not read: call read() or await read() first"


class _LibraryHeaders(Protocol):
    """Headers of any library."""

    def items(self) -> Iterable[tuple[str, str]]: ...


class _LibraryRequest(Protocol):
    """`httpx.Request`, `requests.PreparedRequest` or `aiohttp.RequestInfo`."""

    method: str
    url: object
    headers: _LibraryHeaders


class _BufferedResponse(Protocol):
    """`httpx.Response`, also of the test client of Starlette, or `requests.Response`."""

    status_code: int
    headers: _LibraryHeaders
    content: bytes
    request: Any


class _AsyncResponse(Protocol):
    """`aiohttp.ClientResponse`, which does not keep the body of its request."""

    status: int
    headers: _LibraryHeaders
    request_info: _LibraryRequest

    def read(self) -> Coroutine[Any, Any, bytes]: ...


def to_exchange(response: object) -> Exchange:
    """Return the exchange of a response; raises TypeError for other objects, ValueError if its body was not read."""
    for attributes, adapt in _ADAPTERS:
        if all(hasattr(response, name) for name in attributes):
            return adapt(response)
    name = f"{type(response).__module__}.{type(response).__qualname__}"
    raise TypeError(f"expected a response of httpx, requests or aiohttp, got {name}")


def build_exchange(
    method: str,
    url: str,
    status: int,
    request: tuple[Headers, bytes | None],
    response: tuple[Headers, bytes | None],
) -> Exchange:
    """Return an exchange without a recording name; a body is None if it was not kept, b"" if there was none."""
    sides = {"request": request, "response": response}
    return Exchange(
        "",
        0,
        method.upper(),
        redact_url(url),
        status,
        _build_body(*request),
        _build_body(*response),
        request[0],
        tuple(side for side, (_, content) in sides.items() if content is None),
    )


def lower_names(headers: Iterable[tuple[str, str]]) -> Headers:
    """Return headers with names in lower case."""
    return tuple((name.lower(), value) for name, value in headers)


def has_announced_body(headers: Headers) -> bool:
    """Return True if the headers of a request announce a body (RFC 9112, 6.3)."""
    return get_header(headers, "content-length") not in ("", "0") or get_header(headers, "transfer-encoding") != ""


def read_request_body(request: Any) -> bytes | None:
    """Return the body of an httpx request, or None if it was a stream."""
    return _read_or_none(lambda: request.content)


def _build_body(headers: Headers, content: bytes | None) -> RecordedBody | None:
    return RecordedBody(content, parse_media_type(get_header(headers, "content-type"))) if content else None


def _convert_httpx(response: Any) -> Exchange:
    try:
        request = response.request
    except RuntimeError as error:  # httpx raises it if there is no request
        raise TypeError(_NO_REQUEST) from error
    return _convert_buffered(response, request, read_request_body(request))


def _convert_requests(response: Any) -> Exchange:
    if response.request is None:
        raise TypeError(_NO_REQUEST)
    return _convert_buffered(response, response.request, _encode_requests_body(response.request.body))


def _convert_buffered(response: _BufferedResponse, request: _LibraryRequest, request_body: bytes | None) -> Exchange:
    body = _read_or_none(lambda: response.content)
    if body is None:
        raise ValueError(_UNREAD)
    sent = lower_names(request.headers.items()), request_body
    received = lower_names(response.headers.items()), body
    return build_exchange(request.method, str(request.url), response.status_code, sent, received)


def _convert_aiohttp(response: _AsyncResponse) -> Exchange:
    request = response.request_info
    headers = lower_names(request.headers.items())
    sent = headers, None if has_announced_body(headers) else b""
    received = lower_names(response.headers.items()), _get_awaited_body(response)
    return build_exchange(request.method, str(request.url), response.status, sent, received)


def _get_awaited_body(response: _AsyncResponse) -> bytes:
    """Return a body that was awaited before, so that the coroutine ends without waiting."""
    reading = response.read()
    try:
        reading.send(None)
    except StopIteration as end:
        return cast("bytes", end.value)
    except Exception as error:
        raise ValueError(_UNREAD) from error
    reading.close()
    raise ValueError(_UNREAD)


def _encode_requests_body(body: object) -> bytes | None:
    """Return the request body of the library requests, or None for a consumed file or generator."""
    match body:
        case None:
            return b""
        case str():
            return body.encode()
        case bytes():
            return body
        case _:
            return None


def _read_or_none(content: Callable[[], bytes]) -> bytes | None:
    """Return a body, or None if it was not read; httpx and requests raise RuntimeError then."""
    try:
        return content()
    except RuntimeError:
        return None


_ADAPTERS: tuple[tuple[tuple[str, ...], Callable[[Any], Exchange]], ...] = (
    (("status_code", "iter_raw"), _convert_httpx),
    (("status_code", "iter_content"), _convert_requests),
    (("status", "request_info"), _convert_aiohttp),
)
