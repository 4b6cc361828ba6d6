"""Texts without their secrets: what is no JSON, and what should be and is not. All of it takes linear time."""

from __future__ import annotations

import json
import re

from wirelock.runtime.json.errors import STRING
from wirelock.traffic.redaction.json_values import Clean, kept_of
from wirelock.traffic.secrets import REDACTED

_ASSIGNED = re.compile(r"(?<![\w.-])(?P<name>[\w.-]++)(?:\\*+[\"'])?[ \t]*+[:=]++>?[ \t]*+")
"""`NAME=`, `name: ` and `'name' => `, before a value."""
_VALUE = re.compile(
    r"(?P<quote>\\++[\"'])[^\"'\r\n]*+[\"']?"
    r"|(?P<mark>[\"'])(?:\\[^\r\n]|(?!(?P=mark))[^\\\r\n])*+(?P=mark)?"
    r"|[^\s,;&<>\"'{}\[\]]++"
)
"""A value in quotes, which may be escaped, or without; as far as its line goes."""
_NO_SECRETS = frozenset(("", "0", "true", "false", "null", "none", "nil", "undefined", REDACTED))
_PROPERTY = re.compile(
    rf"(?P<name>{STRING})(?:(?P<is>\s*+:\s*+)(?P<value>{STRING}|-?[0-9][0-9.eE+-]*+|[\[{{])?)?", re.DOTALL
)
"""A text in JSON, with what follows if it is a name."""

_DECODER = json.JSONDecoder(strict=False)


class Unredactable(Exception):
    """A text of which it cannot be told where its secrets end."""


def assigned(text: str, clean: Clean) -> str:
    """A text without credentials, and without the values of names that sound secret."""
    return without_assigned(clean(text))


def without_assigned(text: str) -> str:
    """A text without the values of names that sound secret; what says that there is no value stays."""
    parts: list[str] = []
    end = 0
    for name in _ASSIGNED.finditer(text):
        kept, at = kept_of(name["name"]), name.end()
        if kept == "none" or name.start() < end or (kept == "texts" and text[at : at + 1].isdigit()):
            continue
        value = _VALUE.match(text, at)
        if value and value[0].strip("\\\"'").lower() not in _NO_SECRETS:
            quote = value["quote"] or value["mark"] or ""
            parts += [text[end:at], quote, REDACTED, quote]
            end = value.end()
    return "".join([*parts, text[end:]]) if parts else text


def broken(text: str, clean: Clean) -> str:
    """The same of what should be JSON and is not; raises Unredactable."""

    def shown(found: re.Match[str]) -> str:
        return _property(found, clean)

    return assigned(_PROPERTY.sub(shown, text), clean)


def _property(found: re.Match[str], clean: Clean) -> str:
    name = _text(found["name"], clean)
    if not found["is"]:
        return name
    value, kept = found["value"] or "", kept_of(_decoded(found["name"]))
    if value and value in "[{" and kept != "none":
        raise Unredactable
    if value.startswith('"'):
        value = _text(value, clean) if kept == "none" or value == '""' else f'"{REDACTED}"'
    elif value and kept == "all" and value not in "[{":
        value = "0"
    return name + found["is"] + value


def _text(text: str, clean: Clean) -> str:
    plain = _decoded(text)
    return text if clean(plain) == plain else f'"{REDACTED}"'


def _decoded(text: str) -> str:
    if "\\" not in text:
        return text.strip('"')
    try:
        return str(_DECODER.decode(text))
    except ValueError:
        return text
