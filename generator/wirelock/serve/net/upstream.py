"""The upstream server: its address, our credentials for it, and its connection pool."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

import aiohttp

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.serve.net.connections import Connector, open_keepalive_socket
from wirelock.serve.net.errors import describe_error
from wirelock.serve.net.tls import NO_TLS, TlsFiles
from wirelock.traffic.redaction.credentials import NO_CREDENTIALS, KnownCredentials, find_credentials

UPSTREAM_INVALID = Code("UPSTREAM_INVALID", Severity.ERROR, fatal=True)
UPSTREAM_CREDENTIALS = Code("UPSTREAM_CREDENTIALS", Severity.ERROR, fatal=True)
UPSTREAM_UNREACHABLE = Code("UPSTREAM_UNREACHABLE", Severity.ERROR, fatal=True)
TOKEN, USER, PASSWORD = "WIRELOCK_UPSTREAM_TOKEN", "WIRELOCK_UPSTREAM_USER", "WIRELOCK_UPSTREAM_PASSWORD"
CONNECT_SECONDS = 10.0
MAX_FIELD_BYTES = 2**16
"""Bytes of a header field, and of a request's target."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A server to connect to: `url` has no trailing slash; `authorization` is the value of the header, or "".

    `known_credentials` finds our credentials in text that the server sends back, so that they can be redacted.
    """

    url: str
    authorization: str = ""
    tls: ssl.SSLContext | None = None
    has_certificate: bool = False
    known_credentials: KnownCredentials = field(default=NO_CREDENTIALS, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known_credentials", find_credentials((), self.authorization))

    @property
    def has_credentials(self) -> bool:
        """True if every request to the server carries our credentials or our certificate."""
        return bool(self.authorization) or self.has_certificate

    @property
    def host_header(self) -> str:
        """The value of the header `Host`: the host, with the port if the address has one."""
        return urlsplit(self.url).netloc


def resolve_upstream(address: str, environment: Mapping[str, str], tls: TlsFiles = NO_TLS) -> Upstream | Diagnostic:
    """Return the server at an address, with the credentials of the environment.

    The credentials are a token (`Bearer`, RFC 6750), or a user and a password (`Basic`, RFC 7617). The address must not
    contain any, because it is logged.
    """
    parts = _parse_address(address)
    if parts is None:
        hint = "use a scheme and a host, optionally a port and a path: http://127.0.0.1:4096"
        message = f"{escape_unprintable(address)} is not a server address"
        return Diagnostic(UPSTREAM_INVALID, Location(), message, hint)
    if parts.username is not None:
        hint = f"set {USER} and {PASSWORD}, or {TOKEN}, in the environment instead"
        return Diagnostic(UPSTREAM_CREDENTIALS, Location(), "the server address contains credentials", hint)
    authorization = _build_authorization(environment)
    if isinstance(authorization, Diagnostic):
        return authorization
    context = _build_tls_context(tls) if parts.scheme == "https" else None
    if isinstance(context, Diagnostic):
        return context
    return Upstream(address.rstrip("/"), authorization, context, context is not None and bool(tls.certificate))


def _parse_address(address: str) -> SplitResult | None:
    """Return the parts of a server address, or None if it is invalid."""
    try:
        parts = urlsplit(address)
        if parts.port == 0:  # reading an invalid port raises ValueError
            return None
        (parts.hostname or "").encode("idna")  # resolvers reject a host without an IDNA form
    except ValueError:
        return None
    if any(char <= " " or char in "?#" for char in address):
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def _build_authorization(environment: Mapping[str, str]) -> str | Diagnostic:
    token, user, password = (environment.get(name, "") for name in (TOKEN, USER, PASSWORD))
    if token and (user or password):
        hint = f"unset {TOKEN}, or {USER} and {PASSWORD}"
        message = "the environment contains both a token and a password for the server"
        return Diagnostic(UPSTREAM_CREDENTIALS, Location(), message, hint)
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in token):
        hint = "use a token of printable characters on one line"
        return Diagnostic(UPSTREAM_CREDENTIALS, Location(), f"{TOKEN} contains a control character", hint)
    if ":" in user:
        hint = "use a user name without a colon: the server reads the text after the first colon as password (RFC 7617)"
        return Diagnostic(UPSTREAM_CREDENTIALS, Location(), f"{USER} contains a colon", hint)
    if token:
        return f"Bearer {token}"
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}" if user or password else ""


def _build_tls_context(tls: TlsFiles) -> ssl.SSLContext | Diagnostic:
    try:
        context = ssl.create_default_context(cafile=tls.authority or None)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key or None)
    except (OSError, ssl.SSLError) as error:
        hint = "check the PEM files: the certificates of the authority, our certificate, and its key"
        return Diagnostic(UPSTREAM_INVALID, Location(), f"the TLS files cannot be used: {error}", hint)
    return context


def open_session(upstream: Upstream, seconds: float | None = None) -> aiohttp.ClientSession:
    """Return a pool of persistent connections to the server, as a context manager.

    The session follows no redirects unless asked to, stores no cookies, decompresses no bodies, ignores proxy variables
    of the environment, and sends nothing twice. It does not limit connections; callers use a ConnectionLimiter.
    `seconds` limits each exchange; None means no limit.
    """
    session = aiohttp.ClientSession(
        connector=Connector(limit=0, ssl=upstream.tls if upstream.tls else True, socket_factory=open_keepalive_socket),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS),
        headers={"Authorization": upstream.authorization} if upstream.authorization else None,
        trust_env=False,
        max_line_size=MAX_FIELD_BYTES,
        max_field_size=MAX_FIELD_BYTES,
    )
    # aiohttp would repeat a DELETE whose response was lost, and return the 404 of the second; no public option exists
    session._retry_connection = False  # pyright: ignore[reportPrivateUsage]
    return session


def diagnose_unreachable(upstream: Upstream, error: Exception) -> Diagnostic:
    """Return a diagnostic for a server that cannot be reached."""
    hint = "check that the server is running, and that the address is correct"
    message = f"{upstream.url} cannot be reached: {describe_error(error)}"
    return Diagnostic(UPSTREAM_UNREACHABLE, Location(), message, hint)
