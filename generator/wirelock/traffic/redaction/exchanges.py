"""Redaction of exchanges before they are recorded.

Headers, parameters and properties are redacted by name, credentials anywhere. The configuration adds JSONPaths (RFC
9535). A body that cannot be searched for secrets is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote_plus

import jsonpath_rfc9535

from wirelock.runtime.json.text import Json, MalformedText, dump, parse
from wirelock.traffic.http.captured import CapturedExchange, CapturedMessage
from wirelock.traffic.http.exchange import Headers, get_header, is_utf8
from wirelock.traffic.http.server_sent_events import MEDIA_TYPE, EventReader, ServerSentEvent, write_events
from wirelock.traffic.redaction.credentials import KnownCredentials, find_credentials
from wirelock.traffic.redaction.embedded_json import redact_text
from wirelock.traffic.redaction.json_values import MIN_CREDENTIAL_LENGTH, SecretFinder, hide_value, redact
from wirelock.traffic.redaction.texts import RedactionError, redact_broken_json, redact_plain_text
from wirelock.traffic.secrets import REDACTED, classify_name, redact_credentials

_LIBRARY: Any = jsonpath_rfc9535
_FORM = "application/x-www-form-urlencoded"
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines")
_TEXTUAL = re.compile(r"|text/.*|.*(?:json|xml|javascript|yaml|urlencoded).*")
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.-]+)", re.IGNORECASE)
_LIKE_ASCII = re.compile(r"utf-?8|us-ascii|ascii|latin-?1|iso-8859-\d+|windows-125\d", re.IGNORECASE)
_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(slots=True)
class OmittedBodies:
    """Counts of omitted bodies: by kind, and because redaction failed."""

    by_kind: int = 0
    by_failure: int = 0


class Redaction:
    """Redacts exchanges; `paths` are the configured JSONPaths.

    `authorization` is the header that we send to the server, or "".
    """

    def __init__(self, paths: Sequence[str] = (), authorization: str = "") -> None:
        self.omitted_bodies = OmittedBodies()
        self._paths = [_LIBRARY.compile(path) for path in paths]
        self._authorization = authorization

    def __call__(self, exchange: CapturedExchange) -> CapturedExchange:
        """Return an exchange without secrets."""
        credentials = find_credentials(exchange.request.headers, self._authorization)
        return _ExchangeRedaction(self._paths, credentials, self.omitted_bodies).redact_exchange(exchange)


class _ExchangeRedaction:
    """Redacts one exchange with its known credentials."""

    def __init__(self, paths: Sequence[Any], credentials: KnownCredentials, omitted_bodies: OmittedBodies) -> None:
        self._omitted_bodies = omitted_bodies
        self._paths = paths
        self._credentials = credentials
        lengths = (len(form.decode(errors="surrogateescape")) for form in credentials.forms)
        self._secrets = SecretFinder(self._clean, credentials.numbers, min(lengths, default=MIN_CREDENTIAL_LENGTH))

    def redact_exchange(self, passed: CapturedExchange) -> CapturedExchange:
        return replace(
            passed,
            url=self._clean(self._redact_url(passed.url)),
            request=self._redact_message(passed.request),
            reason=self._clean(passed.reason),
            response=self._redact_message(passed.response),
        )

    def _clean(self, text: str) -> str:
        if self._credentials.forms:
            text = self._credentials.remove_from(text.encode(errors="surrogatepass")).decode(errors="surrogatepass")
        return redact_credentials(text)

    def _redact_text(self, text: str) -> str:
        return redact_text(text, self._secrets)

    def _redact_message(self, message: CapturedMessage) -> CapturedMessage:
        return replace(message, headers=self._redact_headers(message.headers), body=self._redact_body(message))

    def _redact_headers(self, pairs: Headers) -> Headers:
        return tuple((name, self._clean(value) if classify_name(name) == "none" else REDACTED) for name, value in pairs)

    def _redact_body(self, message: CapturedMessage) -> bytes | None:
        """Return the body for the recording, or None to omit it."""
        if not message.body:
            return message.body
        try:
            body = self._redact_content(message.body, message)
        except (_LIBRARY.JSONPathError, RecursionError):
            self._omitted_bodies.by_failure += 1
            return None
        except (RedactionError, ValueError):
            body = None
        if body is None:
            self._omitted_bodies.by_kind += 1
        return body

    def _redact_content(self, body: bytes, message: CapturedMessage) -> bytes | None:
        media_type = message.media_type
        if media_type.startswith("multipart/") or _is_unsearchable(body, message):
            return None
        if media_type == _FORM:
            return self._credentials.remove_from(self._redact_pairs(body.decode("latin-1")).encode("latin-1"))
        if media_type == MEDIA_TYPE:
            return self._redact_stream(body)
        if media_type in _LINES:
            return b"\n".join(self._redact_document(line, "application/json") for line in body.split(b"\n"))
        return self._redact_document(body, media_type)

    def _redact_document(self, text: bytes, media_type: str) -> bytes:
        """Redact a document; without secrets its bytes stay equal. Raises RedactionError."""
        try:
            value = parse(text.removeprefix(_BYTE_ORDER_MARK))
        except MalformedText:
            return self._redact_malformed(text, media_type)
        root: list[Json] = [value]
        if not self._redact_in_place(root):
            return text
        return (_BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else b"") + dump(root[0])

    def _redact_in_place(self, root: list[Json]) -> bool:
        places = [tuple(node.location) for path in self._paths for node in path.find(root[0])]
        for place in places:
            hide_value(root, place)
        return redact(root, self._secrets, self._redact_text) or bool(places)

    def _redact_malformed(self, text: bytes, media_type: str) -> bytes:
        is_json = media_type == "application/json" or media_type.endswith("+json")
        if is_json and text.strip() and self._paths:
            raise RedactionError
        if not _TEXTUAL.fullmatch(media_type) and not is_utf8(text):
            return self._credentials.remove_from(text)
        way = redact_broken_json if is_json else redact_plain_text
        return way(text.decode(errors="surrogateescape"), self._clean).encode(errors="surrogateescape")

    def _redact_stream(self, text: bytes) -> bytes | None:
        """Redact a stream event by event; a stream without secrets, also in comments, stays equal."""
        reader = EventReader()
        events = reader.feed(text)
        redacted = [self._redact_event(event) for event in events]
        plain = text.decode(errors="surrogateescape")
        if redacted == events and not reader.pending_bytes and self._clean(plain) == plain:
            return text
        return write_events(redacted) or None

    def _redact_event(self, event: ServerSentEvent) -> ServerSentEvent:
        try:
            data = self._redact_document(event.data, "application/json")
        except RedactionError:
            data = REDACTED.encode()
        return replace(event, data=data, event=self._redact_field(event.event), id=self._redact_field(event.id))

    def _redact_field(self, text: bytes | None) -> bytes | None:
        if text is None:
            return None
        return self._clean(text.decode(errors="surrogateescape")).encode(errors="surrogateescape")

    def _redact_url(self, url: str) -> str:
        before, mark, query = url.partition("?")
        return before + mark + self._redact_pairs(query)

    def _redact_pairs(self, text: str) -> str:
        """Redact a query or a form (name=value&name=value)."""
        return "&".join(map(self._redact_pair, text.split("&")))

    def _redact_pair(self, text: str) -> str:
        name, _, value = text.partition("=")
        if not value:
            return text
        plain = unquote_plus(value)
        is_secret = classify_name(unquote_plus(name)) != "none" or self._redact_text(plain) != plain
        return f"{name}={REDACTED}" if is_secret else text


def _is_unsearchable(body: bytes, message: CapturedMessage) -> bool:
    """Return True for a text encoding that cannot be searched, such as UTF-16."""
    if not _TEXTUAL.fullmatch(message.media_type):
        return False
    declared = _CHARSET.search(get_header(message.lowercase_headers, "content-type"))
    if declared and not _LIKE_ASCII.fullmatch(declared[1]):
        return True
    return body.startswith(_MARKS) or b"\0" in body[:4]
