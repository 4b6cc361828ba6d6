"""Whom a request is meant for, and which page asks: what a browser is made to send by somebody else is refused."""

from __future__ import annotations

from ipaddress import ip_address

from aiohttp import web

from wirelock.serve.proxy.problems import problem


def is_named(request: web.BaseRequest, ours: str) -> bool:
    """Whether the header `Host` is an address, a name of this machine, the name that is listened on, or missing.

    Any other may be a name that somebody else's DNS made ours (DNS rebinding).
    """
    host = _without_port(request.headers.get("Host", "")).lower()
    if host in ("", "localhost", ours.lower()) or host.endswith(".localhost"):
        return True
    try:
        ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def misdirected(request: web.BaseRequest) -> web.Response:
    """The answer to a request that is meant for somebody else (RFC 9110, 15.5.20)."""
    words = f"this is not {request.headers.get('Host', '')}; call it localhost, or by its address"
    return problem(421, "misdirected request", words)


def is_foreign(request: web.BaseRequest) -> bool:
    """Whether a page from elsewhere makes a browser ask (RFC 6454, 7; Fetch Metadata, 2.3); programs do not say.

    A page of another port of this machine is from elsewhere, although it is of the same site.
    """
    own = f"{request.scheme}://{request.headers.get('Host', '')}".lower()
    origins = request.headers.getall("Origin", ())
    return any(origin.lower() != own for origin in origins) or _is_of_another(request)


def not_lent(request: web.BaseRequest) -> web.Response:
    """The answer to a page from elsewhere that would call the server with our credentials."""
    words = f"a page of {_asking(request)} asks, and the credentials of this proxy are not lent to pages from elsewhere"
    return problem(403, "the request is not passed on", words)


def not_shown(request: web.BaseRequest) -> web.Response:
    """The answer to a page from elsewhere that asks for what passes here."""
    words = f"a page of {_asking(request)} asks; open this address by hand"
    return problem(403, "what passes is shown to no page from elsewhere", words)


def _asking(request: web.BaseRequest) -> str:
    return request.headers.get("Origin", "another site")


def _is_of_another(request: web.BaseRequest) -> bool:
    sites = request.headers.getall("Sec-Fetch-Site", ())
    return not {site.strip().lower() for site in sites} <= {"same-origin", "none"}


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
