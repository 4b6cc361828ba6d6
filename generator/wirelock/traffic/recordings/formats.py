"""The recording formats and their detection."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.recordings import har, ndjson, reading, vcr
from wirelock.traffic.recordings.encoders import HAR_LAYOUT, NDJSON_LAYOUT, RecordingLayout

RECORDING_FORMAT_UNKNOWN = Code("RECORDING_FORMAT_UNKNOWN", Severity.ERROR, fatal=True)
_OPENING_BYTES = 4096

ReadResult = tuple[tuple[Exchange, ...], tuple[Diagnostic, ...]]


@dataclass(frozen=True, slots=True)
class RecordingFormat:
    """A recording format, to read and to write.

    `suffixes` are in lower case with a dot; the first one is that of new recordings. `opening` matches the first bytes
    of files with other suffixes (None: only the suffix counts). `layout` is None for a format that is only read.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, str], ReadResult]
    opening: re.Pattern[bytes] | None = None
    layout: RecordingLayout | None = None


FORMATS: tuple[RecordingFormat, ...] = (
    RecordingFormat("HAR", (".har",), har.read_har, re.compile(rb'\s*\{\s*"log"'), HAR_LAYOUT),
    RecordingFormat("NDJSON", (".ndjson", ".jsonl"), ndjson.read_ndjson, layout=NDJSON_LAYOUT),
    RecordingFormat(
        "VCR",
        (".yaml", ".yml"),
        vcr.read_vcr,
        re.compile(rb'\s*\{\s*"(version|interactions|http_interactions|recorded_with)"'),
    ),
)


LAYOUTS: Mapping[str, RecordingLayout] = {known.suffixes[0]: known.layout for known in FORMATS if known.layout}
"""Layouts of new recordings by file suffix."""


def read_recording(path: Path, display_name: str) -> ReadResult:
    """Read the exchanges of a recording in any format; `display_name` is the file as the user named it."""
    suffix = path.suffix.lower()
    for known in FORMATS:
        if suffix in known.suffixes:
            return known.read(path, display_name)
    start = reading.read_opening(path, display_name, _OPENING_BYTES)
    if isinstance(start, Diagnostic):
        return (), (start,)
    for known in FORMATS:
        if known.opening and known.opening.match(start):
            return known.read(path, display_name)
    return (), (_report_unknown_format(display_name),)


def _report_unknown_format(display_name: str) -> Diagnostic:
    formats = ", ".join(f"{known.name} ({', '.join(known.suffixes)})" for known in FORMATS)
    message = "the format of the recording is unknown"
    return Diagnostic(
        RECORDING_FORMAT_UNKNOWN, Location(display_name), message, f"rename the file; known formats: {formats}"
    )
