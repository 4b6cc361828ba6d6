"""Where the proxy listens."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.words import visible

LISTEN_FAILED = Code("LISTEN_FAILED", Severity.ERROR, fatal=True)


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the proxy listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def listening(address: str) -> Listen | Diagnostic:
    """A host and a port, as in 127.0.0.1:4097, [::1]:4097 or localhost:0."""
    host, colon, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        hint = "give a host and a port: 127.0.0.1:4097"
        return Diagnostic(LISTEN_FAILED, Location(), f"{visible(address)} is no address to listen on", hint)
    return Listen(host, int(port))
