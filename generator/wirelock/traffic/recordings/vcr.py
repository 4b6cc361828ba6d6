"""VCR cassettes of vcrpy, betamax and Ruby's VCR, in YAML or JSON.

    interactions: [{request: {method, uri, headers, body}, response: {status: {code}, headers, body}}]

betamax and Ruby's VCR name the list `http_interactions`. A body is a text, bytes (`!!binary`), or an object with
`string` or `base64_string`. YAML is read by the rules of `source.yaml`, which cannot construct objects.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import get_schema_type
from wirelock.runtime.json.text import MalformedText, parse
from wirelock.source.documents import Document
from wirelock.source.yaml import Tags, parse_yaml_document
from wirelock.traffic.http.exchange import Exchange, Headers, RecordedBody, get_header, parse_media_type
from wirelock.traffic.recordings import reading
from wirelock.traffic.recordings.bodies import decode_recorded_body
from wirelock.traffic.recordings.fields import EntryError, FieldReader, decode_text, report_invalid_entry
from wirelock.traffic.secrets import redact_url

RECORDING_NOT_CASSETTE = Code("RECORDING_NOT_CASSETTE", Severity.ERROR, fatal=True)
_LISTS = ("interactions", "http_interactions")
_YAML = "tag:yaml.org,2002:"
_TAGS: Tags = {
    f"{_YAML}binary": lambda text: {"base64_string": text},
    "!binary": lambda text: {"base64_string": text},
    f"{_YAML}python/str": str,
    f"{_YAML}python/unicode": str,
}
"""Tags of recorders: bytes, and texts of Python 2. Every other tag is rejected."""


def read_vcr(path: Path, display_name: str) -> tuple[tuple[Exchange, ...], tuple[Diagnostic, ...]]:
    """Read the exchanges of a cassette, and report unreadable ones; `display_name` is the file as the user named it."""
    text = reading.read_content(path, display_name)
    if isinstance(text, Diagnostic):
        return (), (text,)
    document = _parse_document(text, display_name)
    if isinstance(document, Diagnostic):
        return (), (document,)
    results = _find_interactions(document.value)
    if results is None:
        message = "the file has no list of interactions, so it is not a cassette"
        hint = "vcrpy writes `interactions`, betamax and Ruby's VCR write `http_interactions`"
        return (), (Diagnostic(RECORDING_NOT_CASSETTE, Location(display_name), message, hint),)
    name, interactions = results
    read = [_read_exchange(entry, f"/{name}/{index}", index, document) for index, entry in enumerate(interactions)]
    exchanges = tuple(result for result in read if isinstance(result, Exchange))
    return exchanges, tuple(result for result in read if isinstance(result, Diagnostic))


def _parse_document(text: bytes, display_name: str) -> Document | Diagnostic:
    if not text.lstrip().startswith(b"{"):
        return _parse_yaml(text, display_name)
    try:
        return Document(display_name, parse(text))
    except MalformedText as error:
        return reading.report_not_json(
            text, display_name, error, "a cassette in JSON is strict JSON (RFC 7493); record it again"
        )


def _parse_yaml(text: bytes, display_name: str) -> Document | Diagnostic:
    document = parse_yaml_document(display_name, text, _TAGS)
    if isinstance(document, Document):
        return document
    hint = "a cassette is YAML without tags except !!binary; record it again with a current recorder"
    return replace(document, code=reading.RECORDING_UNREADABLE, hint=hint)


def _find_interactions(value: object) -> tuple[str, list[object]] | None:
    members = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    for name in _LISTS:
        if isinstance(interactions := members.get(name), list):
            return name, cast("list[object]", interactions)
    return None


def _read_exchange(entry: object, pointer: str, index: int, document: Document) -> Exchange | Diagnostic:
    try:
        return _read_entry(FieldReader.from_value(entry, pointer), index, document.path)
    except EntryError as error:
        return report_invalid_entry(
            document.get_location(error.pointer), error.message, "record it again, or delete the interaction"
        )


def _read_entry(entry: FieldReader, index: int, display_name: str) -> Exchange:
    request, response = entry.read_object("request"), entry.read_object("response")
    headers = request.read_headers()
    return Exchange(
        recording=display_name,
        index=index,
        method=request.read_string("method").upper(),
        url=redact_url(request.read_string("uri")),
        status=max(response.read_object("status").read_integer("code"), 0),
        request=_read_body(request, headers),
        response=_read_body(response, response.read_headers()),
        request_headers=headers,
    )


def _read_body(part: FieldReader, headers: Headers) -> RecordedBody | None:
    declared = part.members.get("body")
    if declared is None:
        return None
    pointer = part.pointer_to("body")
    if isinstance(declared, str):
        text = declared.encode()
    elif isinstance(declared, dict):
        text = _read_bytes(FieldReader.from_value(cast("object", declared), pointer))
    else:
        raise EntryError(pointer, f"`body` must be a string or an object, not {get_schema_type(declared)}")
    return decode_recorded_body(text, parse_media_type(get_header(headers, "content-type")), headers, pointer)


def _read_bytes(part: FieldReader) -> bytes:
    """Return the bytes of `{string}` or `{base64_string}`; the string of `!!binary` is an object itself."""
    if "base64_string" in part.members:
        text = "".join(part.read_optional_string("base64_string").split())
        return decode_text(text, "base64", part.pointer_to("base64_string"))
    if isinstance(part.members.get("string"), dict):
        return _read_bytes(part.read_object("string"))
    text = part.read_optional_string("string")
    if part.members.get("encoding") in ("ISO-8859-1", "iso-8859-1"):  # the recorder decoded the bytes this way
        return text.encode("latin-1", "replace")
    return text.encode()
