"""The policy for adding our upstream credentials to the requests of clients."""

from __future__ import annotations

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.serve.net.listen import ListenAddress
from wirelock.serve.net.upstream import Upstream

CREDENTIALS_EXPOSED = Code("CREDENTIALS_EXPOSED", Severity.ERROR, fatal=True)
_HINT = "listen on 127.0.0.1, or require client certificates (--tls-certificate, --tls-key, --tls-authority)"


def check_credential_policy(upstream: Upstream, address: ListenAddress, *alternatives: str) -> Diagnostic | None:
    """Return a diagnostic if clients of `address` could use our credentials without authentication.

    Credentials are added only for local clients and for clients with a certificate. TLS without client certificates
    does not authenticate the caller. `alternatives` are added to the hint.
    """
    if not upstream.has_credentials or address.is_restricted:
        return None
    message = f"every client that reaches {address} could call the server with our credentials"
    return Diagnostic(CREDENTIALS_EXPOSED, Location(), message, ", or ".join((_HINT, *alternatives)))
