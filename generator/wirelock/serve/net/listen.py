"""Listen addresses, and diagnostics for those that cannot be used."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.serve.net.errors import describe_os_error
from wirelock.serve.net.tls import NO_TLS, TlsFiles

LISTEN_INVALID = Code("LISTEN_INVALID", Severity.ERROR, fatal=True)
LISTEN_FAILED = Code("LISTEN_FAILED", Severity.ERROR, fatal=True)


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A host, a port and a TLS context to listen with; port 0 means any free port."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """True if only local clients can connect."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_restricted(self) -> bool:
        """True if only local clients, or clients with a certificate, can connect."""
        return self.is_loopback or (self.tls is not None and self.tls.verify_mode is ssl.CERT_REQUIRED)


def parse_listen_address(
    address: str, tls: TlsFiles = NO_TLS, password: Callable[[], str] | None = None
) -> ListenAddress | Diagnostic:
    """Parse a host and a port (127.0.0.1:4097, [::1]:4097, localhost:0), and load the TLS files.

    With an authority, clients must present a certificate signed by it. `password` returns the password of the key or
    raises OSError; without it, OpenSSL asks on the terminal.
    """
    host, colon, port = address.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not colon or not bare or not port.isdecimal() or int(port) > 65535 or (":" in host and host[0] != "["):
        hint = "use a host and a port, for example 127.0.0.1:4097 or [::1]:4097"
        return Diagnostic(LISTEN_INVALID, Location(), f"{escape_unprintable(address)} is not a listen address", hint)
    if tls != NO_TLS and not (tls.certificate and tls.key):
        hint = "give both --tls-certificate and --tls-key; --tls-authority is additional"
        return Diagnostic(LISTEN_INVALID, Location(), "the certificate or its key is missing", hint)
    try:
        return ListenAddress(bare, int(port), _build_tls_context(tls, password) if tls.certificate else None)
    except OSError as error:  # includes ssl.SSLError
        return diagnose_tls_files(error)


def diagnose_tls_files(error: OSError) -> Diagnostic:
    """Return a diagnostic for TLS files that cannot be loaded."""
    hint = "check the PEM files: the certificate, its key, and the authority of client certificates"
    return Diagnostic(LISTEN_INVALID, Location(), f"the TLS files cannot be used: {error}", hint)


def _build_tls_context(tls: TlsFiles, password: Callable[[], str] | None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tls.authority or None)
    context.load_cert_chain(tls.certificate, tls.key, password)
    if tls.authority:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def diagnose_listen_failure(address: ListenAddress, error: OSError | None = None) -> Diagnostic:
    """Return a diagnostic for an address that cannot be bound; without an error, bind again to find the reason."""
    reason = error if error is not None and error.errno else _find_bind_error(address) or error
    message = f"cannot listen on {escape_unprintable(str(address))}"
    hint = f"stop the process that uses the port, or take any free port: --listen {address.host}:0"
    if reason is None:
        return Diagnostic(LISTEN_FAILED, Location(), message, hint)
    if isinstance(reason, socket.gaierror) or reason.errno == errno.EADDRNOTAVAIL:
        hint = "use an address of this machine: 127.0.0.1, or 0.0.0.0 for all its addresses"
    return Diagnostic(LISTEN_FAILED, Location(), f"{message}: {describe_os_error(reason)}", hint)


def _find_bind_error(address: ListenAddress) -> OSError | None:
    """Return the system's error for an address; gRPC does not pass it on."""
    try:
        for family, kind, protocol, _, target in socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM
        ):
            with socket.socket(family, kind, protocol) as probe:
                probe.bind(target)
    except OSError as error:
        return error
    return None
