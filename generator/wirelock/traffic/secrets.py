"""Secrets: names of properties and parameters that indicate one, and texts that look like one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

from wirelock.runtime.json.text import Json

REDACTED = "[redacted]"
Secrecy = Literal["none", "texts", "all"]
"""The hidden part of a value: `texts` for plural names, which often are counts (`tokens`), `all` for others."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET = frozenset(
    (
        *("apikey", "auth", "authorization", "bearer", "cookie", "credential", "jwt", "key", "otp", "passcode"),
        *("passphrase", "passwd", "password", "pwd", "secret", "signature", "token"),
    )
)
_LOOKS_SECRET = re.compile(
    r"\b(?:Bearer|Basic)\s++\S++"
    r"|\b(?i:(?:proxy-)?authorization|(?:set-)?cookie)[ \t]*+:[ \t]*+[^\r\n\"']++"
    r"|(?<![\w-])eyJ[\w-]{8,}+\.[\w-]++\.[\w-]*+"
    r"|\b(?:(?:sk|pk|rk)[-_]|gh[opsru]_|github_pat_|glpat-|xox[abprs]-|npm_|pypi-|AKIA|ASIA|AIza)[\w-]{12,}+"
    r"|(?<=://)[^\s/?#@:]*+:[^\s/?#@]*+(?=@)"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*",
    re.DOTALL,
)
"""HTTP credentials, JSON Web Tokens, keys with prefixes of large vendors, users in URLs, and PEM keys.

The pattern never backtracks and never starts inside a word, so a search takes linear time.
"""

_USER = re.compile(r"\A((?:[^:/?#]+:)?//)[^/?#]*@")
_PARAMETER = re.compile(r"[?&;#](?P<name>[^=?&;#\s\"']++)=")
"""The start of a parameter's value, in a query, a fragment, or a URL inside of either."""
_VALUE = re.compile(r"[^&#]*+")
_VALUE_IN_TEXT = re.compile(r"'?[^&#\s\"']*+")
"""A URL in a text ends at a blank or a quote; a quote at the start belongs to the value."""
_OF_PARAMETERS = frozenset(("code",))
"""Secret only as a parameter: an OAuth code (RFC 6749, 4.1.2) is a secret, an error code is not."""
_MAX_CACHED_NAME = 64
"""Longer names are not cached."""

_SUSPICIOUS = re.compile(r"[\s:=@_-]|eyJ|A[KSI]")
"""Every text with a credential contains one of these, and most words do not."""


def classify_name(name: str) -> Secrecy:
    """Return the secrecy of a property by the words of its name (`apiKey`, `SOME_TOKEN`)."""
    message = {word.lower() for word in _WORD.findall(name)}
    if not _SECRET.isdisjoint(message):
        return "all"
    return "texts" if any(word.endswith("s") and word[:-1] in _SECRET for word in message) else "none"


def classify_pair(pair: Mapping[str, Json]) -> Secrecy:
    """Return the secrecy of `value` in an object with a name and a value, the form of recorded headers."""
    declared = pair.get("name", pair.get("key"))
    return classify_name(declared) if "value" in pair and isinstance(declared, str) else "none"


def redact_value(value: Json, secrecy: Secrecy) -> Json:
    """Return a single value, or its replacement if it is secret."""
    if isinstance(value, str):
        return REDACTED if secrecy != "none" else redact_credentials(value)
    return REDACTED if secrecy == "all" and isinstance(value, int | float) else value


def redact_url(url: str) -> str:
    """Return a URL without user and password, and with `[redacted]` for secrets in query and fragment."""
    return _redact_parameters(_USER.sub(r"\1", url), _VALUE)


def redact_credentials(text: str) -> str:
    """Return a text without credentials and without secret parameters of URLs."""
    if not _SUSPICIOUS.search(text):
        return text
    return _LOOKS_SECRET.sub(REDACTED, _redact_parameters(_USER.sub(r"\1", text), _VALUE_IN_TEXT))


def _redact_parameters(text: str, values: re.Pattern[str]) -> str:
    parts: list[str] = []
    end = 0
    for match in _PARAMETER.finditer(text):
        secrecy = _classify_parameter(match["name"])
        if secrecy == "none" or match.start() < end:
            continue
        value = values.match(text, match.end())
        if value and _is_hidden(secrecy, value[0]):
            parts += [text[end : match.end()], REDACTED]
            end = value.end()
    return "".join([*parts, text[end:]]) if parts else text


def _is_hidden(secrecy: Secrecy, value: str) -> bool:
    """Return True if a parameter's value is hidden; booleans stay, and so do numbers of plural names."""
    return value not in ("true", "false") and not (secrecy == "texts" and value.isdecimal())


def _classify_parameter(name: str) -> Secrecy:
    return _cached_parameter_secrecy(name) if len(name) <= _MAX_CACHED_NAME else _compute_parameter_secrecy(name)


def _compute_parameter_secrecy(name: str) -> Secrecy:
    """Return the secrecy of a parameter by its name, percent-encoded or not, in any case."""
    plain = unquote(name)
    if plain.lower() in _OF_PARAMETERS or classify_name(plain.lower()) == "all":
        return "all"
    return classify_name(plain)


_cached_parameter_secrecy = lru_cache(4096)(_compute_parameter_secrecy)
