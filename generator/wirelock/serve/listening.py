"""Where something listens."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.words import visible

LISTEN_INVALID = Code("LISTEN_INVALID", Severity.ERROR, fatal=True)
LISTEN_FAILED = Code("LISTEN_FAILED", Severity.ERROR, fatal=True)


@dataclass(frozen=True, slots=True)
class Listen:
    """A host and a port to listen on; port 0 takes any that is free."""

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
    bare = host.removeprefix("[").removesuffix("]")
    if not colon or not bare or not port.isdecimal() or int(port) > 65535 or (":" in host and host[0] != "["):
        hint = "an address is a host and a port: 127.0.0.1:4097, or [::1]:4097"
        return Diagnostic(LISTEN_INVALID, Location(), f"{visible(address)} is no address to listen on", hint)
    return Listen(bare, int(port))


def not_listening(where: Listen, reason: str = "") -> Diagnostic:
    """Why an address cannot be had, as far as is known."""
    words = f"cannot listen on {visible(str(where))}"
    hint = f"is something else listening there? another port: --listen {where.host}:0 takes any that is free"
    return Diagnostic(LISTEN_FAILED, Location(), f"{words}: {reason}" if reason else words, hint)
