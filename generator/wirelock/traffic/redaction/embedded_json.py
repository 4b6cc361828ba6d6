"""Texts inside of documents: they may be documents themselves, or have parts of some in them, as logs do."""

from __future__ import annotations

import re
from functools import partial

from wirelock.runtime.json.text import Json, MalformedText, dump, parse
from wirelock.traffic.redaction.json_values import Secrets, kept_of, redact
from wirelock.traffic.redaction.texts import without_assigned
from wirelock.traffic.secrets import REDACTED

_NAME = re.compile(r"(?P<quote>(?:\\\\\\|\\)?[\"'])(?P<name>[\w.-]++)(?P=quote)\s*+:\s*+")
"""`"name":` with quotes as they are, or escaped once or twice; as it is written in Python, too."""
_NUMBER = re.compile(r"-?[0-9][0-9.eE+-]*+")


def inside(text: str, secrets: Secrets) -> str:
    """A text of a document without secrets: as JSON if it is some, otherwise without what looks like parts of it.

    That is a member of an object, and `NAME=value` as in every other text.
    """
    if text.lstrip()[:1] in ("{", "[", '"'):
        try:
            root: list[Json] = [parse(text)]
            return dump(root[0]).decode() if redact(root, secrets, partial(inside, secrets=secrets)) else text
        except MalformedText:
            pass
        except ValueError:  # half of a surrogate pair, which cannot be written
            return REDACTED
    clean = secrets.clean(text)
    return without_assigned(_without_members(clean)) if ":" in clean or "=" in clean else clean


def _without_members(text: str) -> str:
    """A text without the values of names that sound secret; where such a value is no single one, nothing of it."""
    parts: list[str] = []
    end = 0
    for name in _NAME.finditer(text):
        kept, at = kept_of(name["name"]), name.end()
        if kept == "none" or at < end:
            continue
        if text[at : at + 1] in ("{", "["):
            return REDACTED
        number = _NUMBER.match(text, at)
        if text.startswith(name["quote"], at):
            begun = at + len(name["quote"])
            parts += [text[end:begun], REDACTED]
            end = _end(text, begun, name["quote"])
        elif number and kept == "all":
            parts += [text[end:at], "0"]
            end = number.end()
    return "".join([*parts, text[end:]])


def _end(text: str, begun: int, quote: str) -> int:
    """Where a text in these quotes ends; one without an end goes to that of the whole, so that it is read once."""
    at = text.find(quote, begun)
    while at > 0 and text[at - 1] == "\\":  # the quote of a text further inside
        at = text.find(quote, at + len(quote))
    return len(text) if at < 0 else at
