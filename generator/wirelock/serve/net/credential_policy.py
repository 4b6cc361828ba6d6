"""To whom the credentials for the server are lent."""

from __future__ import annotations

from wirelock.diagnostics import Diagnostic, Location
from wirelock.serve.net.listen import LISTEN_INVALID, Listen
from wirelock.serve.net.upstream import Upstream

_GUARDS = "listen on 127.0.0.1, or want certificates of clients (--tls-certificate, --tls-key, --tls-authority)"


def lent(upstream: Upstream, where: Listen, *others: str) -> Diagnostic | None:
    """Why nobody may call a server through an address; None if who can may use our credentials, or there are none.

    They are lent to this machine, and to those who show a certificate: TLS alone tells nobody from anybody. `others`
    are further ways out, for the hint.
    """
    if not upstream.has_credentials or where.is_guarded:
        return None
    words = f"whoever reaches {where} would call the server with our credentials"
    return Diagnostic(LISTEN_INVALID, Location(), words, ", or ".join((_GUARDS, *others)))
