"""Cassettes: what vcrpy, betamax and Ruby's VCR record, in YAML or JSON.

    interactions: [{request: {method, uri, headers, body}, response: {status: {code}, headers, body}}]

betamax and Ruby's VCR call the list `http_interactions`. A body is a text, bytes (`!!binary`), or an object with
`string` or `base64_string`. YAML is read by the rules of `source.yaml`: nothing in it can make an object.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import type_name
from wirelock.runtime.json.text import MalformedText, parse
from wirelock.source.documents import Document
from wirelock.source.yaml import Tags, yaml_document
from wirelock.traffic.http.exchange import Body, Exchange, Headers, header, media_type
from wirelock.traffic.recordings import reading
from wirelock.traffic.recordings.bodies import body
from wirelock.traffic.recordings.fields import EntryError, Part, decoded, invalid
from wirelock.traffic.secrets import without_secrets

RECORDING_NOT_CASSETTE = Code("RECORDING_NOT_CASSETTE", Severity.ERROR, fatal=True)
_LISTS = ("interactions", "http_interactions")
_YAML = "tag:yaml.org,2002:"
_TAGS: Tags = {
    f"{_YAML}binary": lambda text: {"base64_string": text},
    "!binary": lambda text: {"base64_string": text},
    f"{_YAML}python/str": str,
    f"{_YAML}python/unicode": str,
}
"""What recorders write beside plain YAML: bytes, and the texts of Python 2. Every other tag is refused."""


def read(path: Path, shown: str) -> tuple[tuple[Exchange, ...], tuple[Diagnostic, ...]]:
    """The exchanges of a cassette, and what could not be read of it; `shown` is the file as the user named it."""
    text = reading.content(path, shown)
    if isinstance(text, Diagnostic):
        return (), (text,)
    document = _document(text, shown)
    if isinstance(document, Diagnostic):
        return (), (document,)
    found = _interactions(document.value)
    if found is None:
        words = "the file has no list of interactions, so it is no cassette"
        hint = "a cassette of vcrpy has `interactions`, one of betamax or of Ruby's VCR `http_interactions`"
        return (), (Diagnostic(RECORDING_NOT_CASSETTE, Location(shown), words, hint),)
    name, interactions = found
    read = [_exchange(entry, f"/{name}/{index}", index, document) for index, entry in enumerate(interactions)]
    exchanges = tuple(result for result in read if isinstance(result, Exchange))
    return exchanges, tuple(result for result in read if isinstance(result, Diagnostic))


def _document(text: bytes, shown: str) -> Document | Diagnostic:
    if not text.lstrip().startswith(b"{"):
        return _yaml(text, shown)
    try:
        return Document(shown, parse(text))
    except MalformedText as error:
        return reading.not_json(text, shown, error, "a cassette in JSON is strict JSON (RFC 7493); record it again")


def _yaml(text: bytes, shown: str) -> Document | Diagnostic:
    document = yaml_document(shown, text, _TAGS)
    if isinstance(document, Document):
        return document
    hint = "a cassette is YAML with no tags but !!binary; record it again with a current version of its recorder"
    return replace(document, code=reading.RECORDING_UNREADABLE, hint=hint)


def _interactions(value: object) -> tuple[str, list[object]] | None:
    members = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    for name in _LISTS:
        if isinstance(found := members.get(name), list):
            return name, cast("list[object]", found)
    return None


def _exchange(entry: object, pointer: str, index: int, document: Document) -> Exchange | Diagnostic:
    try:
        return _read_entry(Part.of(entry, pointer), index, document.path)
    except EntryError as fault:
        return invalid(document.at(fault.pointer), fault.message, "record it again, or take the interaction out")


def _read_entry(entry: Part, index: int, shown: str) -> Exchange:
    request, response = entry.part("request"), entry.part("response")
    headers = request.headers()
    return Exchange(
        recording=shown,
        index=index,
        method=request.text("method").upper(),
        url=without_secrets(request.text("uri")),
        status=max(response.part("status").integer("code"), 0),
        request=_body(request, headers),
        response=_body(response, response.headers()),
        request_headers=headers,
    )


def _body(part: Part, headers: Headers) -> Body | None:
    stated = part.members.get("body")
    if stated is None:
        return None
    pointer = part.at("body")
    if isinstance(stated, str):
        text = stated.encode()
    elif isinstance(stated, dict):
        text = _bytes(Part.of(cast("object", stated), pointer))
    else:
        raise EntryError(pointer, f"`body` must be a text or an object, not {type_name(stated)}")
    return body(text, media_type(header(headers, "content-type")), headers, pointer)


def _bytes(part: Part) -> bytes:
    """The bytes of `{string}` or `{base64_string}`; the string may itself be bytes, where it was `!!binary`."""
    if "base64_string" in part.members:
        text = "".join(part.optional_text("base64_string").split())
        return decoded(text, "base64", part.at("base64_string"))
    if isinstance(part.members.get("string"), dict):
        return _bytes(part.part("string"))
    text = part.optional_text("string")
    if part.members.get("encoding") in ("ISO-8859-1", "iso-8859-1"):  # how the bytes were made a text
        return text.encode("latin-1", "replace")
    return text.encode()
