"""Whom a request is meant for: a name that somebody else's DNS made ours is refused (DNS rebinding)."""

from __future__ import annotations

from ipaddress import ip_address

from aiohttp import web

from wirelock.serve.proxy.answers import problem


def is_named(request: web.BaseRequest, ours: str) -> bool:
    """Whether the header `Host` is an address, a name of this machine, the name that is listened on, or missing."""
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


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
