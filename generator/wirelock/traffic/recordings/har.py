"""HAR 1.2, the archive format of browsers and proxies (http://www.softwareishard.com/blog/har-12-spec/).

Bodies in a HAR are decoded; bodies of recorders that keep the content coding are decoded here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.text import MalformedText, parse
from wirelock.traffic.http.exchange import Exchange, Headers, RecordedBody, get_header, parse_media_type
from wirelock.traffic.recordings import reading
from wirelock.traffic.recordings.bodies import decode_recorded_body
from wirelock.traffic.recordings.fields import EntryError, FieldReader, decode_text, report_invalid_entry
from wirelock.traffic.secrets import redact_url

RECORDING_NOT_HAR = Code("RECORDING_NOT_HAR", Severity.ERROR, fatal=True)
_ENTRIES = re.compile(r'"entries"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


def read_har(path: Path, display_name: str) -> tuple[tuple[Exchange, ...], tuple[Diagnostic, ...]]:
    """Read the exchanges of a HAR, and report unreadable entries; `display_name` is the file as the user named it."""
    text = reading.read_content(path, display_name)
    if isinstance(text, Diagnostic):
        return (), (text,)
    try:
        entries = _find_entries(parse(text))
    except MalformedText as error:
        hint = "a HAR is one document of strict JSON (RFC 7493); record it again"
        return _read_complete_entries(text, display_name, error), (
            reading.report_not_json(text, display_name, error, hint),
        )
    if entries is None:
        hint = "a HAR is an object with log.entries; export it again from the browser or proxy"
        return (), (Diagnostic(RECORDING_NOT_HAR, Location(display_name), "the file is JSON but not a HAR", hint),)
    read = [_read_exchange(entry, index, display_name) for index, entry in enumerate(entries)]
    exchanges = tuple(result for result in read if isinstance(result, Exchange))
    return exchanges, tuple(result for result in read if isinstance(result, Diagnostic))


def _find_entries(value: object) -> list[object] | None:
    try:
        entries = FieldReader.from_value(value, "").read_object("log").members.get("entries")
    except EntryError:
        return None
    return cast("list[object]", entries) if isinstance(entries, list) else None


def _read_complete_entries(text: bytes, display_name: str, error: MalformedText) -> tuple[Exchange, ...]:
    """Read the exchanges before the end of a truncated file."""
    if not reading.ends_early(text, reading.split_location(error)[0]):
        return ()
    read = (_read_exchange(entry, index, display_name) for index, entry in enumerate(_iter_complete_entries(text)))
    return tuple(result for result in read if isinstance(result, Exchange))


def _read_exchange(entry: object, index: int, display_name: str) -> Exchange | Diagnostic:
    try:
        return _read_entry(FieldReader.from_value(entry, f"/log/entries/{index}"), index, display_name)
    except EntryError as error:
        hint = "record it again, or delete the entry"
        return report_invalid_entry(Location(display_name, pointer=error.pointer), error.message, hint)


def _read_entry(entry: FieldReader, index: int, display_name: str) -> Exchange:
    request, response = entry.read_object("request"), entry.read_object("response")
    headers = request.read_headers()
    sent, sent_unrecorded = _read_body(
        request.read_optional_object("postData"), headers, request.members.get("bodySize")
    )
    content = response.read_optional_object("content")
    size = content.members.get("size", -1) if content else -1
    size = response.members.get("bodySize") if size == -1 else size
    received, received_unrecorded = _read_body(content, response.read_headers(), size)
    return Exchange(
        recording=display_name,
        index=index,
        method=request.read_string("method").upper(),
        url=redact_url(request.read_string("url")),
        status=max(response.read_integer("status"), 0),  # Playwright writes -1 for an aborted request
        request=sent,
        response=received,
        request_headers=headers,
        unrecorded=("request",) * sent_unrecorded + ("response",) * received_unrecorded,
    )


def _read_body(content: FieldReader | None, headers: Headers, size: object) -> tuple[RecordedBody | None, bool]:
    """Return a body, and True if the recording lacks a body that was sent.

    `size` is the recorded size; HAR writes -1 for an unknown one. `params` is a form without its text.
    """
    unrecorded = isinstance(size, int | float) and size > 0
    if content is None:
        return None, unrecorded
    text = content.read_optional_string("text")
    declared = parse_media_type(content.read_optional_string("mimeType"), get_header(headers, "content-type"))
    if not text:
        return None, unrecorded or bool(content.members.get("params"))
    recorded = decode_text(text, content.read_optional_string("encoding"), content.pointer_to("text"))
    return decode_recorded_body(recorded, declared, headers, content.pointer_to("text")), False


# truncated files


def _iter_complete_entries(text: bytes) -> Iterator[object]:
    """Iterate over the entries that are complete."""
    document = text.decode(errors="replace")
    match = _ENTRIES.search(document)
    position = match.end() if match else len(document)
    decoder = json.JSONDecoder()
    while True:
        begin = _get_end(_BETWEEN.match(document, position), position)
        try:
            _, position = decoder.raw_decode(document, begin)
            yield parse(document[begin:position].encode())
        except (ValueError, RecursionError, MalformedText):
            return


def _get_end(match: re.Match[str] | None, at: int) -> int:
    return match.end() if match else at
