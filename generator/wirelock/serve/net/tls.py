"""Files for TLS connections."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files for one side of a connection: the authority of the peer, our certificate, and its key."""

    authority: str = ""
    certificate: str = ""
    key: str = ""


NO_TLS = TlsFiles()


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """TLS files for the listener and for the upstream."""

    listen: TlsFiles = NO_TLS
    upstream: TlsFiles = NO_TLS


NO_TLS_CONFIG = TlsConfig()
