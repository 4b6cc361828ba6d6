"""Exchanges: a request and its response, without secrets in the URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

_URL = re.compile(r"(?:[^:/?#]+:)?(?://[^/?#]*)?([^?#]*)(?:\?([^#]*))?")
"""RFC 3986, appendix B; unlike `urlsplit`, it matches every text."""
_UNKNOWN = "x-unknown"

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RecordedBody:
    """A body as sent, never empty.

    `media_type` is in lower case without parameters, "" if unknown.
    """

    text: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response.

    `recording` is the file as the user named it, `index` the 0-based position in it. `request_headers` have lowercase
    names. `status` 0 means no response. `unrecorded` names the parts (request, response) whose body the recording
    lacks.
    """

    recording: str
    index: int
    method: str
    url: str
    status: int
    request: RecordedBody | None
    response: RecordedBody | None
    request_headers: Headers = ()
    unrecorded: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The path of the URL, percent-encoded as recorded; "/" if it has none."""
        return _split_url(self.url)[0] or "/"

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The decoded names and values of the query; secret values are `[redacted]`."""
        return tuple(parse_qsl(_split_url(self.url)[1], keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class RecordedDocument:
    """One JSON document of an NDJSON file; `index` is 0-based and counts documents, `line` is 1-based."""

    recording: str
    index: int
    text: bytes
    line: int = 0


def parse_media_type(*values: str) -> str:
    """Return the first known media type of several (`Application/JSON; charset=utf-8` is application/json)."""
    plain = (text.partition(";")[0].strip().lower() for text in values)
    return next((text for text in plain if text and text != _UNKNOWN), "")


def get_header(headers: Headers, name: str) -> str:
    """Return the first value of a header by lowercase name, or ""."""
    return next((value for key, value in headers if key == name), "")


def is_utf8(text: bytes) -> bool:
    """Return True if bytes are UTF-8 text."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _split_url(url: str) -> tuple[str, str]:
    match = _URL.match(url)
    return (match[1], match[2] or "") if match else ("", "")
