"""Documents from the web: only the address that was given, and only for documents that the user named."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.source.documents import MAX_BYTES, SOURCE_TOO_LARGE

SOURCE_UNREACHABLE = Code("SOURCE_UNREACHABLE", Severity.ERROR, fatal=True)
TIMEOUT = 30.0
"""Seconds that a server may be silent."""


class _SameHost(HTTPRedirectHandler):
    """Follows redirects within one host and between http and https alone."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if new.scheme not in ("http", "https") or new.hostname != old.hostname:
            raise HTTPError(req.full_url, code, f"it redirects to {newurl}", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(address: str) -> bytes | Diagnostic:
    """The body that an http or https address answers a GET with; at most 64 MiB."""
    where = Location(address)
    if not address.startswith(("http://", "https://")):
        return Diagnostic(SOURCE_UNREACHABLE, where, "only http and https addresses are read", "save it to a file")
    try:
        request = Request(address, headers={"Accept": "application/json, application/yaml, */*;q=0.5"})
        with build_opener(_SameHost).open(request, timeout=TIMEOUT) as answer:
            content: bytes = answer.read(MAX_BYTES + 1)
    except HTTPError as error:
        hint = "open the address in a browser, or save the document to a file"
        return Diagnostic(SOURCE_UNREACHABLE, where, f"the server answers {error.code}: {error.reason}", hint)
    except (URLError, OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        hint = "check the address, or save the document to a file"
        return Diagnostic(SOURCE_UNREACHABLE, where, f"cannot be reached: {reason}", hint)
    if len(content) > MAX_BYTES:
        words = f"the document is larger than {MAX_BYTES // 2**20} MiB"
        return Diagnostic(SOURCE_TOO_LARGE, where, words, "split it")
    return content
