"""Redaction of plain text and of broken JSON, in linear time."""

from __future__ import annotations

import json
import re

from wirelock.runtime.json.errors import STRING
from wirelock.traffic.redaction.json_values import Clean, classify_property
from wirelock.traffic.secrets import REDACTED

_ASSIGNED = re.compile(r"(?<![\w.-])(?P<name>[\w.-]++)(?:\\*+[\"'])?[ \t]*+[:=]++>?[ \t]*+")
"""`NAME=`, `name: ` and `'name' => ` before a value."""
_VALUE = re.compile(
    r"(?P<quote>\\++[\"'])[^\"'\r\n]*+[\"']?"
    r"|(?P<mark>[\"'])(?:\\[^\r\n]|(?!(?P=mark))[^\\\r\n])*+(?P=mark)?"
    r"|[^\s,;&<>\"'{}\[\]]++"
)
"""A value with or without quotes, which may be escaped, up to the end of its line."""
_NO_SECRETS = frozenset(("", "0", "true", "false", "null", "none", "nil", "undefined", REDACTED))
_PROPERTY = re.compile(
    rf"(?P<name>{STRING})(?:(?P<is>\s*+:\s*+)(?P<value>{STRING}|-?[0-9][0-9.eE+-]*+|[\[{{])?)?", re.DOTALL
)
"""A JSON string, with the value if it is a name."""

_DECODER = json.JSONDecoder(strict=False)


class RedactionError(Exception):
    """Raised when the end of a secret cannot be found."""


def redact_plain_text(text: str, clean: Clean) -> str:
    """Redact credentials and the values of secret names."""
    return redact_assignments(clean(text))


def redact_assignments(text: str) -> str:
    """Redact the values of secret names; values such as null stay."""
    parts: list[str] = []
    end = 0
    for name in _ASSIGNED.finditer(text):
        secrecy, at = classify_property(name["name"]), name.end()
        if secrecy == "none" or name.start() < end or (secrecy == "texts" and text[at : at + 1].isdigit()):
            continue
        value = _VALUE.match(text, at)
        if value and value[0].strip("\\\"'").lower() not in _NO_SECRETS:
            quote = value["quote"] or value["mark"] or ""
            parts += [text[end:at], quote, REDACTED, quote]
            end = value.end()
    return "".join([*parts, text[end:]]) if parts else text


def redact_broken_json(text: str, clean: Clean) -> str:
    """Redact text that should be JSON and is not; raises RedactionError."""

    def redact_match(match: re.Match[str]) -> str:
        return _redact_property(match, clean)

    return redact_plain_text(_PROPERTY.sub(redact_match, text), clean)


def _redact_property(match: re.Match[str], clean: Clean) -> str:
    name = _redact_string(match["name"], clean)
    if not match["is"]:
        return name
    value, secrecy = match["value"] or "", classify_property(_decode_string(match["name"]))
    if value and value in "[{" and secrecy != "none":
        raise RedactionError
    if value.startswith('"'):
        value = _redact_string(value, clean) if secrecy == "none" or value == '""' else f'"{REDACTED}"'
    elif value and secrecy == "all" and value not in "[{":
        value = "0"
    return name + match["is"] + value


def _redact_string(text: str, clean: Clean) -> str:
    plain = _decode_string(text)
    return text if clean(plain) == plain else f'"{REDACTED}"'


def _decode_string(text: str) -> str:
    if "\\" not in text:
        return text.strip('"')
    try:
        return str(_DECODER.decode(text))
    except ValueError:
        return text
