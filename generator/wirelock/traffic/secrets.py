"""What of a recorded document must not be shown: values of properties that sound secret, and texts that look it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from wirelock.runtime.text import Json
from wirelock.traffic.exchange import without_secrets

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


def without_credentials(text: str) -> str:
    """A text without what looks like a credential inside it."""
    return _LOOKS_SECRET.sub(REDACTED, without_secrets(text)) if _SUSPICIOUS.search(text) else text
