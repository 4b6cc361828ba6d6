"""HAR 1.2, the archive that browsers and proxies write (http://www.softwareishard.com/blog/har-12-spec/).

A body stands there without its content coding; some recorders keep it, and then it is undone here.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.text import MalformedText, parse
from wirelock.traffic.http.exchange import Body, Exchange, Headers, header, media_type
from wirelock.traffic.recordings import reading
from wirelock.traffic.recordings.bodies import body
from wirelock.traffic.recordings.fields import EntryError, Part, decoded, invalid
from wirelock.traffic.recordings.truncated import before_the_cut
from wirelock.traffic.secrets import without_secrets

RECORDING_NOT_HAR = Code("RECORDING_NOT_HAR", Severity.ERROR, fatal=True)


def read(path: Path, shown: str) -> tuple[tuple[Exchange, ...], tuple[Diagnostic, ...]]:
    """The exchanges of a HAR, and what could not be read of it; `shown` is the file as the user named it."""
    text = reading.content(path, shown)
    if isinstance(text, Diagnostic):
        return (), (text,)
    try:
        entries = _entries(parse(text))
    except MalformedText as error:
        hint = "a HAR is one document of strict JSON (RFC 7493); record it again"
        return _whole(text, shown, error), (reading.not_json(text, shown, error, hint),)
    if entries is None:
        hint = "a HAR is an object with log.entries; export it anew from the browser or proxy"
        return (), (Diagnostic(RECORDING_NOT_HAR, Location(shown), "the file is JSON, but no HAR", hint),)
    read = [_exchange(entry, index, shown) for index, entry in enumerate(entries)]
    exchanges = tuple(result for result in read if isinstance(result, Exchange))
    return exchanges, tuple(result for result in read if isinstance(result, Diagnostic))


def _entries(value: object) -> list[object] | None:
    try:
        entries = Part.of(value, "").part("log").members.get("entries")
    except EntryError:
        return None
    return cast("list[object]", entries) if isinstance(entries, list) else None


def _whole(text: bytes, shown: str, error: MalformedText) -> tuple[Exchange, ...]:
    """The exchanges before the place where a file was cut off."""
    if not reading.ends_early(text, reading.place(error)[0]):
        return ()
    read = (_exchange(entry, index, shown) for index, entry in enumerate(before_the_cut(text)))
    return tuple(result for result in read if isinstance(result, Exchange))


def _exchange(entry: object, index: int, shown: str) -> Exchange | Diagnostic:
    try:
        return _read_entry(Part.of(entry, f"/log/entries/{index}"), index, shown)
    except EntryError as fault:
        hint = "record it again, or take the entry out"
        return invalid(Location(shown, pointer=fault.pointer), fault.message, hint)


def _read_entry(entry: Part, index: int, shown: str) -> Exchange:
    request, response = entry.part("request"), entry.part("response")
    headers = request.headers()
    sent, sent_unrecorded = _body(request.optional_part("postData"), headers, request.members.get("bodySize"))
    content = response.optional_part("content")
    size = content.members.get("size", -1) if content else -1
    size = response.members.get("bodySize") if size == -1 else size
    received, received_unrecorded = _body(content, response.headers(), size)
    return Exchange(
        recording=shown,
        index=index,
        method=request.text("method").upper(),
        url=without_secrets(request.text("url")),
        status=max(response.integer("status"), 0),  # Playwright writes -1 for a request that was aborted
        request=sent,
        response=received,
        request_headers=headers,
        unrecorded=("request",) * sent_unrecorded + ("response",) * received_unrecorded,
    )


def _body(content: Part | None, headers: Headers, size: object) -> tuple[Body | None, bool]:
    """A body, and whether there was one that the recording does not hold.

    `size` is the stated one; HAR writes -1 for an unknown size. `params` are a form whose text was left out.
    """
    unrecorded = isinstance(size, int | float) and size > 0
    if content is None:
        return None, unrecorded
    text = content.optional_text("text")
    stated = media_type(content.optional_text("mimeType"), header(headers, "content-type"))
    if not text:
        return None, unrecorded or bool(content.members.get("params"))
    recorded = decoded(text, content.optional_text("encoding"), content.at("text"))
    return body(recorded, stated, headers, content.at("text")), False
