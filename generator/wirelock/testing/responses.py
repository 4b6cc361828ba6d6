"""Responses of HTTP libraries as exchanges; the libraries are known by their attributes and never imported."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol, cast

from wirelock.traffic.http.exchange import Body, Exchange, Headers, header, media_type
from wirelock.traffic.secrets import without_secrets

_BY_HAND = "the response has no request: it was made by hand"
_UNREAD = "the body of the response was not read: read it before, with read() or await read()"


class _Pairs(Protocol):
    """Headers of any of the libraries."""

    def items(self) -> Iterable[tuple[str, str]]: ...


class _Request(Protocol):
    """`httpx.Request`, `requests.PreparedRequest` or `aiohttp.RequestInfo`."""

    method: str
    url: object
    headers: _Pairs


class _Kept(Protocol):
    """`httpx.Response`, which is also what Starlette's test client gives, or `requests.Response`."""

    status_code: int
    headers: _Pairs
    content: bytes
    request: Any


class _Asynchronous(Protocol):
    """`aiohttp.ClientResponse`; it does not keep the body of its request."""

    status: int
    headers: _Pairs
    request_info: _Request

    def read(self) -> Coroutine[Any, Any, bytes]: ...


def exchange_of(response: object) -> Exchange:
    """A response with its request; raises TypeError for what is no response, ValueError where its body was not read."""
    for attributes, adapt in _ADAPTERS:
        if all(hasattr(response, name) for name in attributes):
            return adapt(response)
    words = f"{type(response).__module__}.{type(response).__qualname__} is no response of httpx, requests or aiohttp"
    raise TypeError(words)


def exchanged(
    method: str,
    url: str,
    status: int,
    request: tuple[Headers, bytes | None],
    response: tuple[Headers, bytes | None],
) -> Exchange:
    """An exchange without a name; a body is None where there was one that nobody kept, b"" where there was none."""
    sides = {"request": request, "response": response}
    return Exchange(
        "",
        0,
        method.upper(),
        without_secrets(url),
        status,
        _body(*request),
        _body(*response),
        request[0],
        tuple(side for side, (_, content) in sides.items() if content is None),
    )


def pairs(headers: Iterable[tuple[str, str]]) -> Headers:
    """Headers with their names in lower case."""
    return tuple((name.lower(), value) for name, value in headers)


def announced(headers: Headers) -> bool:
    """Whether the headers of a request say that it has a body (RFC 9112, 6.3)."""
    return header(headers, "content-length") not in ("", "0") or header(headers, "transfer-encoding") != ""


def sent_by(request: Any) -> bytes | None:
    """The body of a request of httpx, None if it was a stream."""
    return _or_none(lambda: request.content)


def _body(headers: Headers, content: bytes | None) -> Body | None:
    return Body(content, media_type(header(headers, "content-type"))) if content else None


def _of_httpx(response: Any) -> Exchange:
    try:
        request = response.request
    except RuntimeError as error:  # httpx's word for None
        raise TypeError(_BY_HAND) from error
    return _of_kept(response, request, sent_by(request))


def _of_requests(response: Any) -> Exchange:
    if response.request is None:
        raise TypeError(_BY_HAND)
    return _of_kept(response, response.request, _sent(response.request.body))


def _of_kept(response: _Kept, request: _Request, sent: bytes | None) -> Exchange:
    content = _or_none(lambda: response.content)
    if content is None:
        raise ValueError(_UNREAD)
    asked, answered = pairs(request.headers.items()), pairs(response.headers.items())
    return exchanged(request.method, str(request.url), response.status_code, (asked, sent), (answered, content))


def _of_aiohttp(response: _Asynchronous) -> Exchange:
    request = response.request_info
    asked, answered = pairs(request.headers.items()), pairs(response.headers.items())
    sent = None if announced(asked) else b""
    content = _read_before(response)
    return exchanged(request.method, str(request.url), response.status, (asked, sent), (answered, content))


def _read_before(response: _Asynchronous) -> bytes:
    """The body that was awaited before: then the coroutine ends without waiting for anything."""
    reading = response.read()
    try:
        reading.send(None)
    except StopIteration as end:
        return cast("bytes", end.value)
    except Exception as error:
        raise ValueError(_UNREAD) from error
    reading.close()
    raise ValueError(_UNREAD)


def _sent(body: object) -> bytes | None:
    """The body that requests sent; a file or a generator is used up."""
    match body:
        case None:
            return b""
        case str():
            return body.encode()
        case bytes():
            return body
        case _:
            return None


def _or_none(content: Callable[[], bytes]) -> bytes | None:
    """A body, None if it passed by unread, which httpx and requests call an error of this kind."""
    try:
        return content()
    except RuntimeError:
        return None


_ADAPTERS: tuple[tuple[tuple[str, ...], Callable[[Any], Exchange]], ...] = (
    (("status_code", "iter_raw"), _of_httpx),
    (("status_code", "iter_content"), _of_requests),
    (("status", "request_info"), _of_aiohttp),
)
