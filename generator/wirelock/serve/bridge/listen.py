"""Where the service listens, and with which certificates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import grpc

from wirelock.diagnostics import Diagnostic
from wirelock.serve.net import listen as addresses
from wirelock.serve.net.tls import NO_TLS, TlsFiles


@dataclass(frozen=True, slots=True)
class Listen:
    """An address to listen on; `credentials` are None without TLS."""

    address: addresses.Listen
    credentials: grpc.ServerCredentials | None = None

    @property
    def host(self) -> str:
        """The host of the address."""
        return self.address.host

    @property
    def exposed(self) -> bool:
        """Whether others than this machine can reach it without TLS."""
        return not self.address.is_loopback and self.credentials is None


def listen(address: str, tls: TlsFiles = NO_TLS) -> Listen | Diagnostic:
    """The address (`127.0.0.1:50051`, `[::1]:50051`; port 0 is any free one), with TLS where there is a certificate.

    With an authority, clients must show a certificate that it signed.
    """
    where = addresses.listening(address, tls, _no_password)  # which tries the files: gRPC says nothing of them
    if isinstance(where, Diagnostic):
        return where
    try:
        return Listen(where, _credentials(tls) if tls.certificate else None)
    except OSError as error:
        return addresses.unusable(error)


def _credentials(tls: TlsFiles) -> grpc.ServerCredentials:
    """What gRPC listens with; raises OSError."""
    pair = Path(tls.key).read_bytes(), Path(tls.certificate).read_bytes()
    authority = Path(tls.authority).read_bytes() if tls.authority else None
    return grpc.ssl_server_credentials([pair], authority, require_client_auth=authority is not None)


def _no_password() -> str:
    raise OSError("the key asks for a password, which gRPC cannot be given")


def bind(server: grpc.aio.Server, where: Listen) -> int | Diagnostic:
    """Take the address; gives the port, or why it cannot be had."""
    try:
        if where.credentials is not None:
            return server.add_secure_port(str(where.address), where.credentials)
        return server.add_insecure_port(str(where.address))
    except RuntimeError:
        return addresses.not_listening(where.address)
