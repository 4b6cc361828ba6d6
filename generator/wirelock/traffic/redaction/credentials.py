"""Credentials that are known because they were sent, in the forms in which a server may repeat them.

That is as they are, percent-encoded (RFC 3986, 2.1), as a form has them, escaped for JSON (RFC 8259, 7), and a user
with its password in base64 (RFC 7617, 2), each also as a text inside JSON and as a name in a pointer (RFC 6901, 3), in
which findings show it. Short texts are words as well: what is no credential of HTTP is taken for one from LEAST
characters on.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote

from wirelock.runtime.json.formatting import visible
from wirelock.runtime.json.pointers import token
from wirelock.traffic.http.exchange import Headers
from wirelock.traffic.secrets import REDACTED, secrecy

LEAST = 8
_LEAST_OF_HTTP = 5
_LONGEST_NUMBER = 19
_BY_BROWSERS = "!~*'()"
"""What `encodeURIComponent` leaves as it is."""
_CODED = re.compile("%..")
_CUT = "…".encode()
"""Where words that show a value are cut off."""
_LEAST_OF_CUT = 4
"""How much of what is known must stand before that to be noticed."""


@dataclass(frozen=True, slots=True)
class Echoes:
    """Every form of what is known, the longest first; `numbers` are those that a document may hold without quotes."""

    forms: tuple[bytes, ...] = ()
    numbers: frozenset[int] = frozenset()

    def without(self, text: bytes) -> bytes:
        """A text without what is known."""
        for form in self.forms:
            text = text.replace(form, REDACTED.encode())
        return text

    def within(self, words: str) -> str:
        """Words that show what a server sent, shortened perhaps, without what is known."""
        if not self.forms:
            return words
        *cut, rest = self.without(words.encode(errors="surrogatepass")).split(_CUT)
        whole = _CUT.join((*map(self._without_beginning, cut), rest))
        return whole.decode(errors="surrogatepass")

    def _without_beginning(self, text: bytes) -> bytes:
        """A text that was cut off, without what is known as far as it got."""
        end = text[-_LEAST_OF_CUT:]
        for form in (form for form in self.forms if end in form):
            for length in range(min(len(form), len(text)), _LEAST_OF_CUT - 1, -1):
                if text.endswith(form[:length]):
                    return text[:-length] + REDACTED.encode()
        return text


UNKNOWN = Echoes()
"""Nothing is known."""


def echoes(headers: Headers, authorization: str) -> Echoes:
    """What is known of an exchange by the header fields of its request, and by what we ourselves send to the server."""
    secrets = {*_of_http(authorization)}
    for name, value in headers:
        secrets |= {*_of_field(name.lower(), value.strip())}
    forms = {form for secret in secrets if secret for form in _written(secret)}
    numbers = (one for one in secrets if one.isascii() and one.isdecimal() and len(one) <= _LONGEST_NUMBER)
    return Echoes(tuple(sorted(forms, key=lambda form: (-len(form), form))), frozenset(map(int, numbers)))


def _of_field(name: str, value: str) -> Iterator[str]:
    if name in ("authorization", "proxy-authorization"):
        yield from (one for one in _of_http(value) if len(one) >= _LEAST_OF_HTTP)
    elif name == "cookie":
        values = (pair.partition("=")[2].strip().strip('"') for pair in value.split(";"))
        yield from (form for one in values if len(one) >= LEAST for form in (one, unquote(one)))
    elif secrecy(name) != "none" and len(value) >= LEAST:
        yield value


def _of_http(authorization: str) -> Iterator[str]:
    """Credentials of HTTP (RFC 9110, 11.4): what stands behind the scheme, and in the scheme Basic the password."""
    scheme, _, value = authorization.partition(" ")
    value = value.strip()
    yield value.rstrip("=")
    if scheme.lower() != "basic":
        return
    try:
        pair = base64.b64decode(value)
    except (binascii.Error, ValueError):
        return
    yield base64.urlsafe_b64encode(pair).decode().rstrip("=")
    yield _text(pair).partition(":")[2]


def _text(pair: bytes) -> str:
    """A user with its password; clients from before RFC 7617 write ISO 8859-1."""
    try:
        return pair.decode()
    except UnicodeDecodeError:
        return pair.decode("latin-1")


@lru_cache(maxsize=64)  # a client sends the same with each request
def _written(secret: str) -> frozenset[bytes]:
    coded = {*_forms(secret)}
    return frozenset(form.encode(errors="surrogateescape") for one in coded for form in _shown(one))


def _forms(secret: str) -> Iterator[str]:
    """What a server may make of it."""
    plain = secret.encode(errors="surrogateescape")
    yield secret
    for coded in (quote(plain), quote(plain, safe=""), quote(plain, safe=_BY_BROWSERS), quote_plus(plain)):
        yield coded
        yield _CODED.sub(lambda found: found[0].lower(), coded)
    for escaped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield escaped
        yield escaped.replace("/", "\\/")


def _shown(form: str) -> Iterator[str]:
    """What findings make of that."""
    for text in (form, token(form)):
        for written in (text, json.dumps(text, ensure_ascii=False)[1:-1]):
            yield written
            yield visible(written)
