"""What passed, without its secrets: nothing is written before this was done.

Header fields and parameters of queries and forms go by their names, properties of documents too; what looks like a
credential goes wherever it stands. What else is to go is named by JSONPath (RFC 9535) in the configuration. A body in
which secrets could not be found is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote_plus

import jsonpath_rfc9535

from wirelock.runtime.json.text import Json, MalformedText, dump, parse
from wirelock.traffic.http.captured import Message, Passed
from wirelock.traffic.http.exchange import Headers, header
from wirelock.traffic.http.server_sent_events import MEDIA_TYPE, Event, EventReader, written
from wirelock.traffic.redaction.credentials import Echoes, echoes
from wirelock.traffic.redaction.embedded_json import inside
from wirelock.traffic.redaction.json_values import SHORTEST, Secrets, hide, redact
from wirelock.traffic.redaction.texts import Unredactable, assigned, broken
from wirelock.traffic.secrets import REDACTED, secrecy, without_credentials

_LIBRARY: Any = jsonpath_rfc9535
_FORM = "application/x-www-form-urlencoded"
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines")
_TEXTUAL = re.compile(r"|text/.*|.*(?:json|xml|javascript|yaml|urlencoded).*")
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.-]+)", re.IGNORECASE)
_LIKE_ASCII = re.compile(r"utf-?8|us-ascii|ascii|latin-?1|iso-8859-\d+|windows-125\d", re.IGNORECASE)
_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(slots=True)
class LeftOut:
    """How many bodies were not recorded: of their kind, and because what is to go could not be looked for."""

    by_kind: int = 0
    by_failure: int = 0


class Redaction:
    """Takes secrets out; `paths` are those of the configuration, and are JSONPaths.

    `authorization` is the header field of that name with which we ourselves call the server, or "".
    """

    def __init__(self, paths: Sequence[str] = (), authorization: str = "") -> None:
        self.left_out = LeftOut()
        self._paths = [_LIBRARY.compile(path) for path in paths]
        self._authorization = authorization

    def __call__(self, passed: Passed) -> Passed:
        """The exchange without secrets."""
        known = echoes(passed.request.headers, self._authorization)
        return _Redacting(self._paths, known, self.left_out).exchange(passed)


class _Redacting:
    """Takes secrets out of one exchange, with those that are known of it."""

    def __init__(self, paths: Sequence[Any], known: Echoes, left_out: LeftOut) -> None:
        self._left_out = left_out
        self._paths = paths
        self._known = known
        lengths = (len(form.decode(errors="surrogateescape")) for form in known.forms)
        self._secrets = Secrets(self._clean, known.numbers, min(lengths, default=SHORTEST))

    def exchange(self, passed: Passed) -> Passed:
        return replace(
            passed,
            url=self._clean(self._url(passed.url)),
            request=self._message(passed.request),
            reason=self._clean(passed.reason),
            response=self._message(passed.response),
        )

    def _clean(self, text: str) -> str:
        if self._known.forms:
            text = self._known.without(text.encode(errors="surrogatepass")).decode(errors="surrogatepass")
        return without_credentials(text)

    def _inside(self, text: str) -> str:
        return inside(text, self._secrets)

    def _message(self, message: Message) -> Message:
        return replace(message, headers=self._headers(message.headers), body=self._body(message))

    def _headers(self, pairs: Headers) -> Headers:
        return tuple((name, self._clean(value) if secrecy(name) == "none" else REDACTED) for name, value in pairs)

    def _body(self, message: Message) -> bytes | None:
        """The body as it is recorded; None where it is left out."""
        if not message.body:
            return message.body
        try:
            body = self._redacted(message.body, message)
        except (_LIBRARY.JSONPathError, RecursionError):
            self._left_out.by_failure += 1
            return None
        except (Unredactable, ValueError):
            body = None
        if body is None:
            self._left_out.by_kind += 1
        return body

    def _redacted(self, body: bytes, message: Message) -> bytes | None:
        media_type = message.media_type
        if media_type.startswith("multipart/") or _is_coded(body, message):
            return None
        if media_type == _FORM:
            return self._known.without(self._pairs(body.decode("latin-1")).encode("latin-1"))
        if media_type == MEDIA_TYPE:
            return self._stream(body)
        if media_type in _LINES:
            return b"\n".join(self._document(line, "application/json") for line in body.split(b"\n"))
        return self._document(body, media_type)

    def _document(self, text: bytes, media_type: str) -> bytes:
        """A document without secrets, byte for byte if it has none; raises Unredactable."""
        try:
            value = parse(text.removeprefix(_BYTE_ORDER_MARK))
        except MalformedText:
            return self._malformed(text, media_type)
        root: list[Json] = [value]
        if not self._changed(root):
            return text
        return (_BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else b"") + dump(root[0])

    def _changed(self, root: list[Json]) -> bool:
        places = [tuple(node.location) for path in self._paths for node in path.find(root[0])]
        for place in places:
            hide(root, place)
        return redact(root, self._secrets, self._inside) or bool(places)

    def _malformed(self, text: bytes, media_type: str) -> bytes:
        is_json = media_type == "application/json" or media_type.endswith("+json")
        if is_json and text.strip() and self._paths:
            raise Unredactable
        if not _TEXTUAL.fullmatch(media_type) and not _is_utf8(text):
            return self._known.without(text)
        way = broken if is_json else assigned
        return way(text.decode(errors="surrogateescape"), self._clean).encode(errors="surrogateescape")

    def _stream(self, text: bytes) -> bytes | None:
        """A stream event by event; as it was if nothing in it, comments included, is a secret."""
        reader = EventReader()
        events = reader.feed(text)
        redacted = [self._event(event) for event in events]
        plain = text.decode(errors="surrogateescape")
        if redacted == events and not reader.waiting and self._clean(plain) == plain:
            return text
        return written(redacted) or None

    def _event(self, event: Event) -> Event:
        try:
            data = self._document(event.data, "application/json")
        except Unredactable:
            data = REDACTED.encode()
        return replace(event, data=data, event=self._field(event.event), id=self._field(event.id))

    def _field(self, text: bytes | None) -> bytes | None:
        if text is None:
            return None
        return self._clean(text.decode(errors="surrogateescape")).encode(errors="surrogateescape")

    def _url(self, url: str) -> str:
        before, mark, query = url.partition("?")
        return before + mark + self._pairs(query)

    def _pairs(self, text: str) -> str:
        """A query or a form (name=value&name=value) without its secrets."""
        return "&".join(map(self._pair, text.split("&")))

    def _pair(self, text: str) -> str:
        name, _, value = text.partition("=")
        if not value:
            return text
        plain = unquote_plus(value)
        is_secret = secrecy(unquote_plus(name)) != "none" or self._inside(plain) != plain
        return f"{name}={REDACTED}" if is_secret else text


def _is_coded(body: bytes, message: Message) -> bool:
    """Whether a text is written in an encoding in which nothing is found, such as UTF-16."""
    if not _TEXTUAL.fullmatch(message.media_type):
        return False
    stated = _CHARSET.search(header(message.lower, "content-type"))
    if stated and not _LIKE_ASCII.fullmatch(stated[1]):
        return True
    return body.startswith(_MARKS) or b"\0" in body[:4]


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
