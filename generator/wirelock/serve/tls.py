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
