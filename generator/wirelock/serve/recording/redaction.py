"""What passed, without its secrets: nothing is written before this was done.

Header fields and parameters of queries and forms go by their names, texts of documents too; what looks like a
credential goes wherever it stands. What else is to go is named by JSONPath (RFC 9535) in the configuration.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

import jsonpath_rfc9535

from wirelock.runtime.text import Json, MalformedText, dump, parse
from wirelock.serve.passed import Message, Passed
from wirelock.traffic.events import MEDIA_TYPE, Event, events, written
from wirelock.traffic.exchange import Headers, without_secrets
from wirelock.traffic.secrets import REDACTED, secrecy, shown

_LIBRARY: Any = jsonpath_rfc9535
_FORM = "application/x-www-form-urlencoded"
_PAIR = re.compile(rb'("(?:[^"\\]|\\.)*")(\s*:\s*)"((?:[^"\\]|\\.)*)"')
"""A property of any JSON text that is a text; it fits a text that is cut off, too, and the data of an event."""
_ORDINARY = frozenset(("key", "keys"))
"""What secrets are called, but keys of a keyboard and of a map as well: in a document it says nothing alone."""


class Redaction:
    """Takes secrets out; `paths` are those of the configuration, and are JSONPaths."""

    def __init__(self, paths: Sequence[str] = ()) -> None:
        self._paths = [_LIBRARY.compile(path) for path in paths]

    def __call__(self, passed: Passed) -> Passed:
        """The exchange without secrets."""
        return replace(
            passed,
            url=_url(passed.url),
            request=self._message(passed.request),
            response=self._message(passed.response),
        )

    def _message(self, message: Message) -> Message:
        return replace(message, headers=_headers(message.headers), body=self._body(message))

    def _body(self, message: Message) -> bytes | None:
        body = message.body
        if not body:
            return body
        if message.media_type == _FORM:
            return _pairs(body.decode("latin-1")).encode("latin-1")
        plain = _PAIR.sub(_named, body)
        if not self._paths:
            return plain
        return self._stream(plain) if message.media_type == MEDIA_TYPE else self._document(plain, message.media_type)

    def _stream(self, text: bytes) -> bytes:
        return written(self._event(event) for event in events(text))

    def _event(self, event: Event) -> Event:
        return replace(event, data=self._document(event.data, "application/json") or REDACTED.encode())

    def _document(self, text: bytes, media_type: str) -> bytes | None:
        """A document without what the paths name; None for what should be JSON and is not."""
        try:
            value = parse(text)
        except MalformedText:
            return None if media_type == "application/json" or media_type.endswith("+json") else text
        places = [tuple(node.location) for path in self._paths for node in path.find(value)]
        for place in places:
            value = _without(value, place)
        return dump(value) if places else text


def _headers(pairs: Headers) -> Headers:
    return tuple((name, str(shown(value, secrecy(name)))) for name, value in pairs)


def _url(url: str) -> str:
    before, mark, query = url.partition("?")
    return without_secrets(before + mark + _pairs(query))


def _pairs(text: str) -> str:
    """A query or a form (name=value&name=value) without the values whose names say that they are secret."""
    return "&".join(map(_pair, text.split("&")))


def _pair(text: str) -> str:
    name, equals, _ = text.partition("=")
    return f"{name}={REDACTED}" if equals and secrecy(unquote_plus(name)) != "none" else text


def _named(found: re.Match[bytes]) -> bytes:
    """A property, its text redacted if its name says so or it looks like a credential."""
    name, text = _decoded(found[1]), found[3].decode(errors="replace")
    kept = "none" if name.lower() in _ORDINARY else secrecy(name)
    redacted = " " not in text and str(shown(text, "none")) != text
    if not text or not (kept != "none" or redacted):
        return found[0]
    return found[1] + found[2] + b'"' + REDACTED.encode() + b'"'


def _decoded(name: bytes) -> str:
    try:
        return str(json.loads(name))
    except ValueError:
        return name.decode(errors="replace")


def _without(value: Json, place: tuple[str | int, ...]) -> Json:
    """The value with what is at a place hidden; its JSON type stays, so that the verdict on it does."""
    if not place:
        return _hidden(value)
    inner: Any = value
    inner[place[0]] = _without(inner[place[0]], place[1:])
    return value


def _hidden(value: Json) -> Json:
    match value:
        case str():
            return REDACTED
        case bool():
            return False
        case int() | float():
            return 0
        case list():
            return [_hidden(item) for item in value]
        case dict():
            return {name: _hidden(item) for name, item in value.items()}
        case _:
            return value
