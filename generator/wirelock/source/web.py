"""Download of documents from URLs that the user passes."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.source.documents import MAX_BYTES, SOURCE_TOO_LARGE

SOURCE_UNREACHABLE = Code("SOURCE_UNREACHABLE", Severity.ERROR, fatal=True)
TIMEOUT_SECONDS = 30.0
"""The maximum wait for data from a server."""


class _SameHost(HTTPRedirectHandler):
    """Follows redirects only within one host and between http and https."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if new.scheme not in ("http", "https") or new.hostname != old.hostname:
            raise HTTPError(req.full_url, code, f"unsupported redirect to {newurl}", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str) -> bytes | Diagnostic:
    """Return the response body of a GET request to an http or https URL, at most 64 MiB."""
    location = Location(url)
    if not url.startswith(("http://", "https://")):
        return Diagnostic(
            SOURCE_UNREACHABLE, location, "only http and https URLs are supported", "save the document to a file"
        )
    try:
        request = Request(url, headers={"Accept": "application/json, application/yaml, */*;q=0.5"})
        with build_opener(_SameHost).open(request, timeout=TIMEOUT_SECONDS) as response:
            content: bytes = response.read(MAX_BYTES + 1)
    except HTTPError as error:
        hint = "open the URL in a browser, or save the document to a file"
        return Diagnostic(SOURCE_UNREACHABLE, location, f"the server responds {error.code}: {error.reason}", hint)
    except (URLError, OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        hint = "check the URL, or save the document to a file"
        return Diagnostic(SOURCE_UNREACHABLE, location, f"cannot reach the server: {reason}", hint)
    if len(content) > MAX_BYTES:
        message = f"the document is larger than {MAX_BYTES // 2**20} MiB"
        return Diagnostic(SOURCE_TOO_LARGE, location, message, "split the document")
    return content
