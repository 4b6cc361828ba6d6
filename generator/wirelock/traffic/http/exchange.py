"""One request and its response, however they were recorded, without the secrets of its URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

_URL = re.compile(r"(?:[^:/?#]+:)?(?://[^/?#]*)?([^?#]*)(?:\?([^#]*))?")
"""RFC 3986, appendix B; it fits every text, where `urlsplit` refuses some."""
_UNKNOWN = "x-unknown"

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it went over the wire; never empty.

    `media_type` is in lower case and without parameters, "" when unknown.
    """

    text: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response.

    `recording` is the file as the user named it, `index` the 0-based place in it. The names of `request_headers` are in
    lower case. `status` 0 is no answer. `unrecorded` names the parts (request, response) that had a body which the
    recording does not hold.
    """

    recording: str
    index: int
    method: str
    url: str
    status: int
    request: Body | None
    response: Body | None
    request_headers: Headers = ()
    unrecorded: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The path of the URL, percent-encoded as recorded; "/" when the URL has none."""
        return _parts(self.url)[0] or "/"

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The names and values of the query, decoded; a secret's value is `[redacted]`."""
        return tuple(parse_qsl(_parts(self.url)[1], keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Document:
    """One bare JSON document of an NDJSON file; `index` is 0-based and counts documents, `line` is 1-based."""

    recording: str
    index: int
    text: bytes
    line: int = 0


def media_type(*stated: str) -> str:
    """The first known media type of several statements (`Application/JSON; charset=utf-8` is application/json)."""
    plain = (text.partition(";")[0].strip().lower() for text in stated)
    return next((text for text in plain if text and text != _UNKNOWN), "")


def header(headers: Headers, name: str) -> str:
    """The first value of a header, "" when there is none; the name is in lower case."""
    return next((value for key, value in headers if key == name), "")


def _parts(url: str) -> tuple[str, str]:
    found = _URL.match(url)
    return (found[1], found[2] or "") if found else ("", "")
