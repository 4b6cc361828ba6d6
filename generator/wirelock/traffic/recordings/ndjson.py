"""NDJSON: one exchange a line, or one bare document a line; for recorders of one's own.

    {"request": {"method", "url", "headers", "body"}, "response": {"status", "headers", "body"}, "started"}

A string `body` is the text as it went over the wire (`"bodyEncoding": "base64"` beside it: the bytes); any other value
is the JSON value of the body, and null is no body. `headers` are `{name: value}`, the value a text or a list of texts,
or a list of `{"name", "value"}`. A null `response` is no answer. `bodySize` beside a null body is how many bytes there
were that nobody kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import type_name
from wirelock.runtime.json.text import MalformedText, dump, parse
from wirelock.traffic.http.exchange import Body, Document, Exchange, Headers, header, media_type
from wirelock.traffic.recordings import reading
from wirelock.traffic.recordings.bodies import body
from wirelock.traffic.recordings.fields import EntryError, Part, decoded, invalid
from wirelock.traffic.secrets import without_secrets

RECORDING_NOT_EXCHANGES = Code("RECORDING_NOT_EXCHANGES", Severity.ERROR, fatal=True)


def read(path: Path, shown: str) -> tuple[tuple[Exchange, ...], tuple[Diagnostic, ...]]:
    """The exchanges of an NDJSON file, and what could not be read of it; `shown` is the file as the user named it.

    A file whose first line of JSON is no exchange at all is read no further.
    """
    results: list[Exchange | Diagnostic] = []
    known = False
    for index, line in enumerate(_values(path, shown)):
        match line:
            case Diagnostic():
                results.append(line)
            case where, value if known or _alike(value):
                known = True
                results.append(_exchange(value, index, where))
            case where, _:
                return (), (_not_exchanges(where),)
    exchanges = tuple(result for result in results if isinstance(result, Exchange))
    return exchanges, tuple(result for result in results if isinstance(result, Diagnostic))


def read_documents(path: Path, shown: str) -> tuple[tuple[Document, ...], tuple[Diagnostic, ...]]:
    """Every line that is not empty as a document; whether it is JSON is not looked at."""
    read = list(reading.lines(path, shown))
    numbered = (line for line in read if not isinstance(line, Diagnostic))
    documents = tuple(Document(shown, index, text, line) for index, (line, text) in enumerate(numbered))
    return documents, tuple(line for line in read if isinstance(line, Diagnostic))


def _values(path: Path, shown: str) -> Iterator[tuple[Location, object] | Diagnostic]:
    for line in reading.lines(path, shown):
        yield line if isinstance(line, Diagnostic) else _value(*line, shown)


def _value(number: int, text: bytes, shown: str) -> tuple[Location, object] | Diagnostic:
    try:
        return Location(shown, number, 1), parse(text)
    except MalformedText as error:
        message, _, column = reading.place(error)
        hint = "an exchange is one line of strict JSON (RFC 7493)"
        if reading.ends_early(text, message):
            hint = "the line ends early; record it again or take it out"
        return invalid(Location(shown, number, column or 1), f"not JSON: {message}", hint)


def _alike(value: object) -> bool:
    return isinstance(value, dict) and ("request" in value or "response" in value)


def _not_exchanges(where: Location) -> Diagnostic:
    hint = "one bare document a line needs --type session/sessionInfo"
    return Diagnostic(RECORDING_NOT_EXCHANGES, where, "the lines are JSON, but no exchanges", hint)


def _exchange(value: object, index: int, where: Location) -> Exchange | Diagnostic:
    try:
        return _read_line(Part.of(value, ""), index, where.file)
    except EntryError as fault:
        return invalid(replace(where, pointer=fault.pointer), fault.message, "correct the line or take it out")


def _read_line(line: Part, index: int, shown: str) -> Exchange:
    request = line.part("request")
    response = line.part("response") if line.required("response") is not None else None
    headers = request.headers()
    return Exchange(
        recording=shown,
        index=index,
        method=request.text("method").upper(),
        url=without_secrets(request.text("url")),
        status=max(response.integer("status"), 0) if response else 0,
        request=_body(request, headers),
        response=_body(response, response.headers()) if response else None,
        request_headers=headers,
        unrecorded=tuple(name for name in ("request", "response") if _is_unrecorded(line.members.get(name))),
    )


def _is_unrecorded(side: object) -> bool:
    """Whether a side had a body that the recording does not hold."""
    members = cast("dict[str, object]", side) if isinstance(side, dict) else {}
    size = members.get("bodySize")
    return members.get("body") is None and isinstance(size, int) and size > 0


def _body(part: Part, headers: Headers) -> Body | None:
    stated, encoding = part.members.get("body"), part.optional_text("bodyEncoding")
    if stated is None:
        return None
    if isinstance(stated, str):
        text = decoded(stated, encoding, part.at("body"))
    elif encoding:
        raise EntryError(part.at("body"), f"`body` must be a text where `bodyEncoding` stands, not {type_name(stated)}")
    else:
        text = dump(stated)
    return body(text, media_type(header(headers, "content-type")), headers, part.at("body"))
