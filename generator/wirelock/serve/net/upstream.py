"""The one server that is dialled: its address, who we say we are, and the pool of connections to it."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

import aiohttp

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import visible
from wirelock.serve.net.connections import Connector, probing
from wirelock.serve.net.errors import reason
from wirelock.serve.net.tls import NO_TLS, TlsFiles
from wirelock.traffic.redaction.credentials import UNKNOWN, Echoes, echoes

UPSTREAM_INVALID = Code("UPSTREAM_INVALID", Severity.ERROR, fatal=True)
UPSTREAM_CREDENTIALS = Code("UPSTREAM_CREDENTIALS", Severity.ERROR, fatal=True)
UPSTREAM_UNREACHABLE = Code("UPSTREAM_UNREACHABLE", Severity.ERROR, fatal=True)
TOKEN, USER, PASSWORD = "WIRELOCK_UPSTREAM_TOKEN", "WIRELOCK_UPSTREAM_USER", "WIRELOCK_UPSTREAM_PASSWORD"
CONNECT_SECONDS = 10.0
LONGEST_FIELD = 2**16
"""How many bytes a header field or a request's target may have."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A server as it is dialled: `url` has no trailing slash, and `authorization` is the header's value or "".

    `known` is what must not be shown of an answer: those credentials, should the server repeat them.
    """

    url: str
    authorization: str = ""
    tls: ssl.SSLContext | None = None
    shows_certificate: bool = False
    known: Echoes = field(default=UNKNOWN, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", echoes((), self.authorization))

    @property
    def has_credentials(self) -> bool:
        """Whether the server is shown who we are, whoever it is that makes us ask."""
        return bool(self.authorization) or self.shows_certificate

    @property
    def host(self) -> str:
        """What goes into the header `Host`: the host, and its port where the address has one."""
        return urlsplit(self.url).netloc


def upstream(address: str, environment: Mapping[str, str], tls: TlsFiles = NO_TLS) -> Upstream | Diagnostic:
    """The server that an address and the environment name.

    Credentials come from the environment alone: a token (`Bearer`, RFC 6750), or a user and a password (`Basic`,
    RFC 7617), never from the address, which is shown.
    """
    parts = _parts(address)
    if parts is None:
        hint = "an address is a scheme, a host and perhaps a port and a path: http://127.0.0.1:4096"
        return Diagnostic(UPSTREAM_INVALID, Location(), f"{visible(address)} is no address of a server", hint)
    if parts.username is not None:
        hint = f"put them into the environment: {USER} and {PASSWORD}, or {TOKEN}"
        return Diagnostic(UPSTREAM_CREDENTIALS, Location(), "the address of the server holds credentials", hint)
    authorization = _authorization(environment)
    if isinstance(authorization, Diagnostic):
        return authorization
    context = _context(tls) if parts.scheme == "https" else None
    if isinstance(context, Diagnostic):
        return context
    return Upstream(address.rstrip("/"), authorization, context, context is not None and bool(tls.certificate))


def _parts(address: str) -> SplitResult | None:
    """The parts of an address; None if it is none of a server."""
    try:
        parts = urlsplit(address)
        if parts.port == 0:  # to read a port that is none raises
            return None
        (parts.hostname or "").encode("idna")  # as resolvers do: what has no such form, none of them takes
    except ValueError:
        return None
    if any(char <= " " or char in "?#" for char in address):
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def _authorization(environment: Mapping[str, str]) -> str | Diagnostic:
    token, user, password = (environment.get(name, "") for name in (TOKEN, USER, PASSWORD))
    if token and (user or password):
        hint = f"unset {TOKEN}, or {USER} and {PASSWORD}"
        return Diagnostic(UPSTREAM_CREDENTIALS, Location(), "there are a token and a password for the server", hint)
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in token):
        hint = "a token is one line of printable characters"
        return Diagnostic(UPSTREAM_CREDENTIALS, Location(), f"{TOKEN} holds a control character", hint)
    if ":" in user:
        hint = "a user has none (RFC 7617): what comes behind it would be taken for the password"
        return Diagnostic(UPSTREAM_CREDENTIALS, Location(), f"{USER} holds a colon", hint)
    if token:
        return f"Bearer {token}"
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}" if user or password else ""


def _context(tls: TlsFiles) -> ssl.SSLContext | Diagnostic:
    try:
        context = ssl.create_default_context(cafile=tls.authority or None)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key or None)
    except (OSError, ssl.SSLError) as error:
        hint = "they are PEM files: the authority's certificates, our certificate, and its key"
        return Diagnostic(UPSTREAM_INVALID, Location(), f"the files for TLS cannot be used: {error}", hint)
    return context


def connected(upstream: Upstream, seconds: float | None = None) -> aiohttp.ClientSession:
    """A pool of kept connections to the server, to be used as a context.

    Redirects are not followed unless asked for, cookies are not kept, bodies stay as they are encoded, no proxy of the
    environment is used, and nothing is sent twice. The pool has no limit, callers have
    `Places`. `seconds` bound a whole call, None leaves that to the caller.
    """
    session = aiohttp.ClientSession(
        connector=Connector(limit=0, ssl=upstream.tls if upstream.tls else True, socket_factory=probing),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS),
        headers={"Authorization": upstream.authorization} if upstream.authorization else None,
        trust_env=False,
        max_line_size=LONGEST_FIELD,
        max_field_size=LONGEST_FIELD,
    )
    # a DELETE that is sent again when its answer got lost says 404; there is no public switch
    session._retry_connection = False  # pyright: ignore[reportPrivateUsage]
    return session


def unreachable(upstream: Upstream, error: Exception) -> Diagnostic:
    """Why the server cannot be reached, for people."""
    hint = "is it running, and is this its address?"
    return Diagnostic(UPSTREAM_UNREACHABLE, Location(), f"{upstream.url} cannot be reached: {reason(error)}", hint)
