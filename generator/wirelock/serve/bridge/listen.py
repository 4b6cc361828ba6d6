"""The bridge's listen address, with its TLS credentials for gRPC."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import grpc

from wirelock.diagnostics import Diagnostic
from wirelock.serve.net.listen import (
    ListenAddress,
    diagnose_listen_failure,
    diagnose_tls_files,
    parse_listen_address,
)
from wirelock.serve.net.tls import NO_TLS, TlsFiles


@dataclass(frozen=True, slots=True)
class GrpcListenAddress:
    """A listen address for gRPC; `credentials` are None without TLS."""

    address: ListenAddress
    credentials: grpc.ServerCredentials | None = None

    @property
    def host(self) -> str:
        """The host of the address."""
        return self.address.host

    @property
    def is_exposed(self) -> bool:
        """True if remote clients can connect without TLS."""
        return not self.address.is_loopback and self.credentials is None


def parse_grpc_listen_address(address: str, tls: TlsFiles = NO_TLS) -> GrpcListenAddress | Diagnostic:
    """Parse a host and a port (127.0.0.1:50051, [::1]:50051; port 0 is any free port), and load the TLS files.

    With an authority, clients must present a certificate signed by it.
    """
    parsed = parse_listen_address(address, tls, _reject_password)  # loads the files too, since gRPC reports no errors
    if isinstance(parsed, Diagnostic):
        return parsed
    try:
        return GrpcListenAddress(parsed, _load_credentials(tls) if tls.certificate else None)
    except OSError as error:
        return diagnose_tls_files(error)


def _load_credentials(tls: TlsFiles) -> grpc.ServerCredentials:
    """Load the credentials of the server; raises OSError."""
    pair = Path(tls.key).read_bytes(), Path(tls.certificate).read_bytes()
    authority = Path(tls.authority).read_bytes() if tls.authority else None
    return grpc.ssl_server_credentials([pair], authority, require_client_auth=authority is not None)


def _reject_password() -> str:
    raise OSError("the key is encrypted, and gRPC does not support passwords")


def bind(server: grpc.aio.Server, listen: GrpcListenAddress) -> int | Diagnostic:
    """Bind a server to an address; return the port, or a diagnostic if it cannot be bound."""
    try:
        if listen.credentials is not None:
            return server.add_secure_port(str(listen.address), listen.credentials)
        return server.add_insecure_port(str(listen.address))
    except RuntimeError:
        return diagnose_listen_failure(listen.address)
