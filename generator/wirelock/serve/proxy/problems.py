"""Error responses of the proxy itself as problem documents (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from aiohttp import web

from wirelock.diagnostics import Diagnostic
from wirelock.runtime.json.formatting import escape_unprintable

_MEDIA_TYPE = "application/problem+json"


def build_problem(status: int, title: str, detail: str, diagnostics: Iterable[Diagnostic] = ()) -> web.Response:
    """Return a problem document; the findings of a violating exchange become its member `findings`."""
    value: dict[str, object] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": escape_unprintable(detail),
    }
    findings = [_format_finding(diagnostic) for diagnostic in diagnostics]
    value |= {"findings": findings} if findings else {}
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    return web.Response(status=status, text=text, content_type=_MEDIA_TYPE)


def _format_finding(diagnostic: Diagnostic) -> dict[str, str]:
    members = {
        "code": diagnostic.code.id,
        "message": diagnostic.message,
        "part": diagnostic.exchange.part if diagnostic.exchange else "",
        "pointer": diagnostic.location.pointer,
        "schema": diagnostic.schema_location,
        "rpc": diagnostic.rpc,
        "hint": diagnostic.hint,
    }
    return {name: escape_unprintable(value) for name, value in members.items() if value}
