"""Where the service listens, and with which certificates."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

import grpc

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.words import visible
from wirelock.serve.tls import NO_TLS, TlsFiles

LISTEN_INVALID = Code("LISTEN_INVALID", Severity.ERROR, fatal=True)
LISTEN_FAILED = Code("LISTEN_FAILED", Severity.ERROR, fatal=True)
ADDRESS = "127.0.0.1:50051"


@dataclass(frozen=True, slots=True)
class Listen:
    """An address to listen on; `credentials` are None without TLS."""

    address: str
    credentials: grpc.ServerCredentials | None = None

    @property
    def host(self) -> str:
        """The host of the address."""
        return self.address.rpartition(":")[0]

    @property
    def exposed(self) -> bool:
        """Whether others than this machine can reach it without TLS."""
        try:
            local = ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            local = self.host == "localhost"
        return not local and self.credentials is None


def listen(address: str, tls: TlsFiles = NO_TLS) -> Listen | Diagnostic:
    """The address (`127.0.0.1:50051`, `[::1]:50051`; port 0 is any free one), with TLS where there is a certificate.

    With an authority, clients must show a certificate that it signed.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535 or (":" in host and host[0] != "["):
        hint = f"an address is a host and a port: {ADDRESS}"
        return Diagnostic(LISTEN_INVALID, Location(), f"{visible(address)} is no address to listen on", hint)
    if not tls.certificate and not tls.key and not tls.authority:
        return Listen(address)
    if not tls.certificate or not tls.key:
        hint = "TLS needs a certificate and its key; the authority of clients comes on top"
        return Diagnostic(LISTEN_INVALID, Location(), "the certificate or its key is missing", hint)
    try:
        return Listen(address, _credentials(tls))
    except OSError as error:
        hint = "they are PEM files: the certificate, its key, and the authority of clients"
        return Diagnostic(LISTEN_INVALID, Location(), f"the files for TLS cannot be used: {error}", hint)


def _credentials(tls: TlsFiles) -> grpc.ServerCredentials:
    pair = Path(tls.key).read_bytes(), Path(tls.certificate).read_bytes()
    authority = Path(tls.authority).read_bytes() if tls.authority else None
    return grpc.ssl_server_credentials([pair], authority, require_client_auth=authority is not None)


def bind(server: grpc.aio.Server, where: Listen) -> int | Diagnostic:
    """Take the address; gives the port, or why it cannot be had."""
    try:
        if where.credentials is not None:
            return server.add_secure_port(where.address, where.credentials)
        return server.add_insecure_port(where.address)
    except RuntimeError:
        hint = "is something else listening there? another port: --listen 127.0.0.1:0 takes any that is free"
        return Diagnostic(LISTEN_FAILED, Location(), f"cannot listen on {visible(where.address)}", hint)
