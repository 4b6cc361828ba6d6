"""Where something listens."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import visible
from wirelock.serve.net.tls import NO_TLS, TlsFiles

LISTEN_INVALID = Code("LISTEN_INVALID", Severity.ERROR, fatal=True)
LISTEN_FAILED = Code("LISTEN_FAILED", Severity.ERROR, fatal=True)


@dataclass(frozen=True, slots=True)
class Listen:
    """A host and a port to listen on, and the TLS that is spoken there; port 0 takes any that is free."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_guarded(self) -> bool:
        """Whether only this machine, or who shows a certificate that we asked for, is listened to."""
        return self.is_loopback or (self.tls is not None and self.tls.verify_mode is ssl.CERT_REQUIRED)


def listening(address: str, tls: TlsFiles = NO_TLS, password: Callable[[], str] | None = None) -> Listen | Diagnostic:
    """A host and a port, as in 127.0.0.1:4097, [::1]:4097 or localhost:0, with TLS where there is a certificate.

    With an authority, clients must show a certificate that it signed. `password` gives that of the key or raises
    OSError; without it people are asked.
    """
    host, colon, port = address.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not colon or not bare or not port.isdecimal() or int(port) > 65535 or (":" in host and host[0] != "["):
        hint = "an address is a host and a port: 127.0.0.1:4097, or [::1]:4097"
        return Diagnostic(LISTEN_INVALID, Location(), f"{visible(address)} is no address to listen on", hint)
    if tls != NO_TLS and not (tls.certificate and tls.key):
        hint = "TLS needs a certificate and its key; the authority of clients comes on top"
        return Diagnostic(LISTEN_INVALID, Location(), "the certificate or its key is missing", hint)
    try:
        return Listen(bare, int(port), _context(tls, password) if tls.certificate else None)
    except OSError as error:  # ssl.SSLError is one
        return unusable(error)


def unusable(error: OSError) -> Diagnostic:
    """The files for TLS are not what they should be."""
    hint = "they are PEM files: the certificate, its key, and the authority of clients"
    return Diagnostic(LISTEN_INVALID, Location(), f"the files for TLS cannot be used: {error}", hint)


def _context(tls: TlsFiles, password: Callable[[], str] | None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tls.authority or None)
    context.load_cert_chain(tls.certificate, tls.key, password)
    if tls.authority:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def not_listening(where: Listen, error: OSError | None = None) -> Diagnostic:
    """Why an address cannot be had: what the error says, or the system, which is asked where no error does."""
    reason = error if error is not None and error.errno else _refusal(where) or error
    words = f"cannot listen on {visible(str(where))}"
    hint = f"is something else listening there? another port: --listen {where.host}:0 takes any that is free"
    if reason is None:
        return Diagnostic(LISTEN_FAILED, Location(), words, hint)
    if isinstance(reason, socket.gaierror) or reason.errno == errno.EADDRNOTAVAIL:
        hint = "it is no address of this machine: 127.0.0.1 is one, and 0.0.0.0 stands for all that it has"
    return Diagnostic(LISTEN_FAILED, Location(), f"{words}: {_said(reason)}", hint)


def _refusal(where: Listen) -> OSError | None:
    """What the system says to the address; gRPC keeps that to itself."""
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as tried:
                tried.bind(address)
    except OSError as error:
        return error
    return None


def _said(error: OSError) -> str:
    """The system's words, without those that asyncio puts around them."""
    if error.errno and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno).lower()
    return visible(error.strerror or str(error)).lower()
