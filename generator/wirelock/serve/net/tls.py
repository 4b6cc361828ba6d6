"""The files that a connection with TLS needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files for a connection: who may sign the other side's certificate, and a certificate of our own."""

    authority: str = ""
    certificate: str = ""
    key: str = ""


NO_TLS = TlsFiles()


@dataclass(frozen=True, slots=True)
class TlsEnds:
    """The files for TLS at both ends of what is between a client and a server."""

    listen: TlsFiles = NO_TLS
    upstream: TlsFiles = NO_TLS


PLAIN = TlsEnds()
