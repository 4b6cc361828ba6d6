"""Redaction of strings in documents, which may be JSON or contain parts of it, as logs do."""

from __future__ import annotations

import re
from functools import partial

from wirelock.runtime.json.text import Json, MalformedText, dump, parse
from wirelock.traffic.redaction.json_values import SecretFinder, classify_property, redact
from wirelock.traffic.redaction.texts import redact_assignments
from wirelock.traffic.secrets import REDACTED

_NAME = re.compile(r"(?P<quote>(?:\\\\\\|\\)?[\"'])(?P<name>[\w.-]++)(?P=quote)\s*+:\s*+")
"""`"name":` with plain or once or twice escaped quotes, in JSON or Python syntax."""
_NUMBER = re.compile(r"-?[0-9][0-9.eE+-]*+")


def redact_text(text: str, secrets: SecretFinder) -> str:
    """Redact a string: as JSON if it is JSON, else its JSON members and assignments.

    Assignments are `NAME=value`, as in other texts.
    """
    if text.lstrip()[:1] in ("{", "[", '"'):
        try:
            root: list[Json] = [parse(text)]
            return dump(root[0]).decode() if redact(root, secrets, partial(redact_text, secrets=secrets)) else text
        except MalformedText:
            pass
        except ValueError:  # a lone surrogate cannot be written
            return REDACTED
    clean = secrets.clean(text)
    return redact_assignments(_redact_members(clean)) if ":" in clean or "=" in clean else clean


def _redact_members(text: str) -> str:
    """Redact the values of secret names; if such a value is an object or array, redact the whole text."""
    parts: list[str] = []
    end = 0
    for name in _NAME.finditer(text):
        secrecy, at = classify_property(name["name"]), name.end()
        if secrecy == "none" or at < end:
            continue
        if text[at : at + 1] in ("{", "["):
            return REDACTED
        number = _NUMBER.match(text, at)
        if text.startswith(name["quote"], at):
            begun = at + len(name["quote"])
            parts += [text[end:begun], REDACTED]
            end = _find_end(text, begun, name["quote"])
        elif number and secrecy == "all":
            parts += [text[end:at], "0"]
            end = number.end()
    return "".join([*parts, text[end:]])


def _find_end(text: str, begun: int, quote: str) -> int:
    """Return the end of a quoted text; an unterminated one ends with the text, so that it is read once."""
    at = text.find(quote, begun)
    while at > 0 and text[at - 1] == "\\":  # the quote of a nested text
        at = text.find(quote, at + len(quote))
    return len(text) if at < 0 else at
