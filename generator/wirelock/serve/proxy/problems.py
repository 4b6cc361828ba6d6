"""Answers of the proxy itself, where nothing can be passed on: problem documents (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from aiohttp import web

from wirelock.diagnostics import Diagnostic
from wirelock.runtime.json.formatting import visible

_MEDIA_TYPE = "application/problem+json"


def problem(status: int, title: str, detail: str, found: Iterable[Diagnostic] = ()) -> web.Response:
    """A problem document; with what was found, where it is about an exchange that is not as described."""
    value: dict[str, object] = {"type": "about:blank", "title": title, "status": status, "detail": visible(detail)}
    findings = [_finding(one) for one in found]
    value |= {"findings": findings} if findings else {}
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    return web.Response(status=status, text=text, content_type=_MEDIA_TYPE)


def _finding(diagnostic: Diagnostic) -> dict[str, str]:
    facts = {
        "code": diagnostic.code.id,
        "message": diagnostic.message,
        "part": diagnostic.exchange.part if diagnostic.exchange else "",
        "pointer": diagnostic.where.pointer,
        "schema": diagnostic.schema,
        "rpc": diagnostic.rpc,
        "hint": diagnostic.hint,
    }
    return {name: visible(words) for name, words in facts.items() if words}
