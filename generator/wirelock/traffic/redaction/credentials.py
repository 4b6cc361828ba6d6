"""Known credentials in all forms in which a server may repeat them.

The forms: plain, percent-encoded (RFC 3986, 2.1), form-encoded, escaped for JSON (RFC 8259, 7), user and password in
base64 (RFC 7617, 2); each also as a JSON string and as a pointer token (RFC 6901, 3), as findings show them. A text
that is not an HTTP credential needs MIN_LENGTH characters, because short texts are also words.
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

from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.runtime.json.pointers import escape_token
from wirelock.traffic.http.exchange import Headers
from wirelock.traffic.secrets import REDACTED, classify_name

MIN_LENGTH = 8
_LEAST_OF_HTTP = 5
_MAX_NUMBER_LENGTH = 19
_BY_BROWSERS = "!~*'()"
"""Characters that `encodeURIComponent` keeps."""
_CODED = re.compile("%..")
_CUT = "…".encode()
"""The mark of a truncated value in a message."""
_LEAST_OF_CUT = 4
"""Minimum length of a truncated credential that is recognized."""


@dataclass(frozen=True, slots=True)
class KnownCredentials:
    """All forms of known credentials, longest first; `numbers` are those that a document may hold unquoted."""

    forms: tuple[bytes, ...] = ()
    numbers: frozenset[int] = frozenset()

    def remove_from(self, text: bytes) -> bytes:
        """Return a text without known credentials."""
        for form in self.forms:
            text = text.replace(form, REDACTED.encode())
        return text

    def remove_from_message(self, message: str) -> str:
        """Return a message, perhaps with truncated values, without known credentials."""
        if not self.forms:
            return message
        *cut, rest = self.remove_from(message.encode(errors="surrogatepass")).split(_CUT)
        redacted = _CUT.join((*map(self._remove_truncated, cut), rest))
        return redacted.decode(errors="surrogatepass")

    def _remove_truncated(self, text: bytes) -> bytes:
        """Return a truncated text without the beginning of a known credential."""
        end = text[-_LEAST_OF_CUT:]
        for form in (form for form in self.forms if end in form):
            for length in range(min(len(form), len(text)), _LEAST_OF_CUT - 1, -1):
                if text.endswith(form[:length]):
                    return text[:-length] + REDACTED.encode()
        return text


NO_CREDENTIALS = KnownCredentials()
"""No known credentials."""


def find_credentials(headers: Headers, authorization: str) -> KnownCredentials:
    """Find the credentials in the request headers of an exchange and in our own authorization."""
    secrets = {*_iter_http_credentials(authorization)}
    for name, value in headers:
        secrets |= {*_iter_field_credentials(name.lower(), value.strip())}
    forms = {form for secret in secrets if secret for form in _list_forms(secret)}
    numbers = (int(secret) for secret in secrets if _is_number(secret))
    return KnownCredentials(tuple(sorted(forms, key=lambda form: (-len(form), form))), frozenset(numbers))


def _is_number(secret: str) -> bool:
    return secret.isascii() and secret.isdecimal() and len(secret) <= _MAX_NUMBER_LENGTH


def _iter_field_credentials(name: str, value: str) -> Iterator[str]:
    if name in ("authorization", "proxy-authorization"):
        yield from (entry for entry in _iter_http_credentials(value) if len(entry) >= _LEAST_OF_HTTP)
    elif name == "cookie":
        values = (pair.partition("=")[2].strip().strip('"') for pair in value.split(";"))
        yield from (form for entry in values if len(entry) >= MIN_LENGTH for form in (entry, unquote(entry)))
    elif classify_name(name) != "none" and len(value) >= MIN_LENGTH:
        yield value


def _iter_http_credentials(authorization: str) -> Iterator[str]:
    """Iterate over HTTP credentials (RFC 9110, 11.4): the value after the scheme, and the password of Basic."""
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
    yield _decode_pair(pair).partition(":")[2]


def _decode_pair(pair: bytes) -> str:
    """Decode user and password; clients older than RFC 7617 use ISO 8859-1."""
    try:
        return pair.decode()
    except UnicodeDecodeError:
        return pair.decode("latin-1")


@lru_cache(maxsize=64)  # a client sends the same credentials with each request
def _list_forms(secret: str) -> frozenset[bytes]:
    coded = {*_iter_server_forms(secret)}
    return frozenset(form.encode(errors="surrogateescape") for text in coded for form in _iter_shown_forms(text))


def _iter_server_forms(secret: str) -> Iterator[str]:
    """Iterate over the forms in which a server may repeat a secret."""
    plain = secret.encode(errors="surrogateescape")
    yield secret
    for coded in (quote(plain), quote(plain, safe=""), quote(plain, safe=_BY_BROWSERS), quote_plus(plain)):
        yield coded
        yield _CODED.sub(lambda results: results[0].lower(), coded)
    for escaped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield escaped
        yield escaped.replace("/", "\\/")


def _iter_shown_forms(form: str) -> Iterator[str]:
    """Iterate over the forms in which findings show a text."""
    for text in (form, escape_token(form)):
        for written in (text, json.dumps(text, ensure_ascii=False)[1:-1]):
            yield written
            yield escape_unprintable(written)
