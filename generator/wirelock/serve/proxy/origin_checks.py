"""Checks of the headers Host and Origin against requests that a foreign web page makes a browser send."""

from __future__ import annotations

from ipaddress import ip_address

from aiohttp import web

from wirelock.serve.proxy.problems import build_problem


def has_allowed_host(request: web.BaseRequest, listen_host: str) -> bool:
    """Return True if `Host` is an IP address, a name of this machine, the name of the listen address, or missing.

    Any other name may resolve to this machine through the DNS of an attacker (DNS rebinding).
    """
    host = _strip_port(request.headers.get("Host", "")).lower()
    if host in ("", "localhost", listen_host.lower()) or host.endswith(".localhost"):
        return True
    try:
        ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def reject_host(request: web.BaseRequest) -> web.Response:
    """Return the response to a request with a foreign `Host` (RFC 9110, 15.5.20)."""
    detail = f"this server is not {request.headers.get('Host', '')}; use localhost or its IP address"
    return build_problem(421, "misdirected request", detail)


def is_cross_origin(request: web.BaseRequest) -> bool:
    """Return True if a page of another origin caused the request (RFC 6454, 7; Fetch Metadata, 2.3).

    Another port of this machine is another origin of the same site. Programs other than browsers send neither header.
    """
    own = f"{request.scheme}://{request.headers.get('Host', '')}".lower()
    origins = request.headers.getall("Origin", ())
    return any(origin.lower() != own for origin in origins) or _is_cross_site(request)


def reject_cross_origin_call(request: web.BaseRequest) -> web.Response:
    """Return the response to a page of another origin that calls the server with the credentials of the proxy."""
    detail = (
        f"the request comes from a page of {_describe_origin(request)};"
        " the proxy adds its credentials only to requests of its own origin"
    )
    return build_problem(403, "cross-origin request rejected", detail)


def reject_cross_origin_view(request: web.BaseRequest) -> web.Response:
    """Return the response to a page of another origin that requests the live page."""
    detail = f"the request comes from a page of {_describe_origin(request)}; open this address directly"
    return build_problem(403, "cross-origin request rejected", detail)


def _describe_origin(request: web.BaseRequest) -> str:
    return request.headers.get("Origin", "another site")


def _is_cross_site(request: web.BaseRequest) -> bool:
    sites = request.headers.getall("Sec-Fetch-Site", ())
    return not {site.strip().lower() for site in sites} <= {"same-origin", "none"}


def _strip_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
