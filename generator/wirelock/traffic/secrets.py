"""What must not be shown: values of properties and parameters that sound secret, and texts that look it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

from wirelock.runtime.json.text import Json

REDACTED = "[redacted]"
Secrecy = Literal["none", "texts", "all"]
"""What is kept back: `texts` of names in the plural, which are often of counts (`tokens`), `all` of others."""
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
"""Credentials of HTTP, JSON Web Tokens, keys with the prefixes of the large vendors, users of URLs, and keys in PEM.

Nothing in it goes back over what it has read, and none of it begins in the middle of a word, so that searching takes
linear time whatever the text.
"""

_USER = re.compile(r"\A((?:[^:/?#]+:)?//)[^/?#]*@")
_PARAMETER = re.compile(r"[?&;#](?P<name>[^=?&;#\s\"']++)=")
"""Where the value of a parameter begins, in a query as well as in a fragment, and in a URL inside of either."""
_VALUE = re.compile(r"[^&#]*+")
_VALUE_IN_TEXT = re.compile(r"'?[^&#\s\"']*+")
"""In a text a URL ends where a blank or a quote is; a quote that begins a value belongs to it."""
_OF_PARAMETERS = frozenset(("code",))
"""What is secret as a parameter alone: a code of OAuth (RFC 6749, 4.1.2) is one, that of an error is none."""
_LONGEST_NAME = 64
"""Longer names are not remembered."""

_SUSPICIOUS = re.compile(r"[\s:=@_-]|eyJ|A[KSI]")
"""What stands in every text that holds a credential, and not in most words."""


def secrecy(name: str) -> Secrecy:
    """What a property of this name may not show: one of its words says so (`apiKey`, `SOME_TOKEN`)."""
    words = {word.lower() for word in _WORD.findall(name)}
    if not _SECRET.isdisjoint(words):
        return "all"
    return "texts" if any(word.endswith("s") and word[:-1] in _SECRET for word in words) else "none"


def of_pair(pair: Mapping[str, Json]) -> Secrecy:
    """What `value` may not show in an object that is a pair of a name and a value, as headers are recorded."""
    stated = pair.get("name", pair.get("key"))
    return secrecy(stated) if "value" in pair and isinstance(stated, str) else "none"


def shown(value: Json, kept: Secrecy) -> Json:
    """A single value, or what is shown in its place."""
    if isinstance(value, str):
        return REDACTED if kept != "none" else without_credentials(value)
    return REDACTED if kept == "all" and isinstance(value, int | float) else value


def without_secrets(url: str) -> str:
    """The URL without user and password, and with `[redacted]` in place of the secrets in its query and fragment."""
    return _without_parameters(_USER.sub(r"\1", url), _VALUE)


def without_credentials(text: str) -> str:
    """A text without what looks like a credential inside it, and without the secret parameters of URLs in it."""
    if not _SUSPICIOUS.search(text):
        return text
    return _LOOKS_SECRET.sub(REDACTED, _without_parameters(_USER.sub(r"\1", text), _VALUE_IN_TEXT))


def _without_parameters(text: str, values: re.Pattern[str]) -> str:
    parts: list[str] = []
    end = 0
    for found in _PARAMETER.finditer(text):
        kept = _kept_of_parameter(found["name"])
        if kept == "none" or found.start() < end:
            continue
        value = values.match(text, found.end())
        if value and _hides(kept, value[0]):
            parts += [text[end : found.end()], REDACTED]
            end = value.end()
    return "".join([*parts, text[end:]]) if parts else text


def _hides(kept: Secrecy, value: str) -> bool:
    """As in documents: booleans are shown, and numbers where the name is a plural."""
    return value not in ("true", "false") and not (kept == "texts" and value.isdecimal())


def _kept_of_parameter(name: str) -> Secrecy:
    return _remembered(name) if len(name) <= _LONGEST_NAME else _of_parameter(name)


def _of_parameter(name: str) -> Secrecy:
    """What a parameter of this name, which may be percent-encoded, may not show; its case says nothing."""
    plain = unquote(name)
    if plain.lower() in _OF_PARAMETERS or secrecy(plain.lower()) == "all":
        return "all"
    return secrecy(plain)


_remembered = lru_cache(4096)(_of_parameter)
