"""NDJSON: one exchange or one document per line, for custom recorders.

    {"request": {"method", "url", "headers", "body"}, "response": {"status", "headers", "body"}, "started"}

A string `body` is the text as sent (with `"bodyEncoding": "base64"` its bytes); another value is the JSON value of the
body, and null means no body. `headers` are `{name: value}` with a text or a list of texts, or a list of
`{"name", "value"}`. A null `response` means no response. `bodySize` beside a null body is the size of a body that was
not kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import get_schema_type
from wirelock.runtime.json.text import MalformedText, dump, parse
from wirelock.traffic.http.exchange import (
    Exchange,
    Headers,
    RecordedBody,
    RecordedDocument,
    get_header,
    parse_media_type,
)
from wirelock.traffic.recordings import reading
from wirelock.traffic.recordings.bodies import decode_recorded_body
from wirelock.traffic.recordings.fields import EntryError, FieldReader, decode_text, report_invalid_entry
from wirelock.traffic.secrets import redact_url

RECORDING_NOT_EXCHANGES = Code("RECORDING_NOT_EXCHANGES", Severity.ERROR, fatal=True)


def read_ndjson(path: Path, display_name: str) -> tuple[tuple[Exchange, ...], tuple[Diagnostic, ...]]:
    """Read the exchanges of an NDJSON file, and report unreadable lines.

    `display_name` is the file as the user named it. Reading stops if the first line of JSON is not an exchange.
    """
    results: list[Exchange | Diagnostic] = []
    is_ndjson = False
    for index, line in enumerate(_iter_values(path, display_name)):
        match line:
            case Diagnostic():
                results.append(line)
            case location, value if is_ndjson or _looks_like_exchange(value):
                is_ndjson = True
                results.append(_read_exchange(value, index, location))
            case location, _:
                return (), (_report_no_exchanges(location),)
    exchanges = tuple(result for result in results if isinstance(result, Exchange))
    return exchanges, tuple(result for result in results if isinstance(result, Diagnostic))


def read_documents(path: Path, display_name: str) -> tuple[tuple[RecordedDocument, ...], tuple[Diagnostic, ...]]:
    """Read every non-empty line as a document without parsing it."""
    read = list(reading.iter_lines(path, display_name))
    numbered = (line for line in read if not isinstance(line, Diagnostic))
    documents = tuple(RecordedDocument(display_name, index, text, line) for index, (line, text) in enumerate(numbered))
    return documents, tuple(line for line in read if isinstance(line, Diagnostic))


def _iter_values(path: Path, display_name: str) -> Iterator[tuple[Location, object] | Diagnostic]:
    for line in reading.iter_lines(path, display_name):
        yield line if isinstance(line, Diagnostic) else _parse_line(*line, display_name)


def _parse_line(number: int, text: bytes, display_name: str) -> tuple[Location, object] | Diagnostic:
    try:
        return Location(display_name, number, 1), parse(text)
    except MalformedText as error:
        message, _, column = reading.split_location(error)
        hint = "an exchange is one line of strict JSON (RFC 7493)"
        if reading.ends_early(text, message):
            hint = "the line is truncated; record it again or delete it"
        return report_invalid_entry(Location(display_name, number, column or 1), f"not JSON: {message}", hint)


def _looks_like_exchange(value: object) -> bool:
    return isinstance(value, dict) and ("request" in value or "response" in value)


def _report_no_exchanges(location: Location) -> Diagnostic:
    hint = "for one document per line, add --type session/sessionInfo"
    return Diagnostic(RECORDING_NOT_EXCHANGES, location, "the lines are JSON but not exchanges", hint)


def _read_exchange(value: object, index: int, location: Location) -> Exchange | Diagnostic:
    try:
        return _read_line(FieldReader.from_value(value, ""), index, location.file)
    except EntryError as error:
        return report_invalid_entry(
            replace(location, pointer=error.pointer), error.message, "correct the line or delete it"
        )


def _read_line(line: FieldReader, index: int, display_name: str) -> Exchange:
    request = line.read_object("request")
    response = line.read_object("response") if line.read_required("response") is not None else None
    headers = request.read_headers()
    return Exchange(
        recording=display_name,
        index=index,
        method=request.read_string("method").upper(),
        url=redact_url(request.read_string("url")),
        status=max(response.read_integer("status"), 0) if response else 0,
        request=_read_body(request, headers),
        response=_read_body(response, response.read_headers()) if response else None,
        request_headers=headers,
        unrecorded=tuple(name for name in ("request", "response") if _is_unrecorded(line.members.get(name))),
    )


def _is_unrecorded(side: object) -> bool:
    """Return True if a side had a body that the recording lacks."""
    members = cast("dict[str, object]", side) if isinstance(side, dict) else {}
    size = members.get("bodySize")
    return members.get("body") is None and isinstance(size, int) and size > 0


def _read_body(part: FieldReader, headers: Headers) -> RecordedBody | None:
    declared, encoding = part.members.get("body"), part.read_optional_string("bodyEncoding")
    if declared is None:
        return None
    if isinstance(declared, str):
        text = decode_text(declared, encoding, part.pointer_to("body"))
    elif encoding:
        raise EntryError(
            part.pointer_to("body"), f"`body` must be a string beside `bodyEncoding`, not {get_schema_type(declared)}"
        )
    else:
        text = dump(declared)
    return decode_recorded_body(
        text, parse_media_type(get_header(headers, "content-type")), headers, part.pointer_to("body")
    )
