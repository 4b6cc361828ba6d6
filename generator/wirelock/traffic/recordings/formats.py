"""The recording formats, and which of them a file has."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.recordings import har, ndjson, reading, vcr

RECORDING_FORMAT_UNKNOWN = Code("RECORDING_FORMAT_UNKNOWN", Severity.ERROR, fatal=True)
_OPENING_BYTES = 4096

Read = tuple[tuple[Exchange, ...], tuple[Diagnostic, ...]]


@dataclass(frozen=True, slots=True)
class Format:
    """A way to record exchanges.

    `suffixes` are in lower case, with their dot; `opening` is what a file of another suffix must begin with to be
    taken for this format (None: only the suffix tells).
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, str], Read]
    opening: re.Pattern[bytes] | None = None


FORMATS: tuple[Format, ...] = (
    Format("HAR", (".har",), har.read, re.compile(rb'\s*\{\s*"log"')),
    Format("NDJSON", (".ndjson", ".jsonl"), ndjson.read),
    Format(
        "VCR",
        (".yaml", ".yml"),
        vcr.read,
        re.compile(rb'\s*\{\s*"(version|interactions|http_interactions|recorded_with)"'),
    ),
)


def read_recording(path: Path, shown: str) -> Read:
    """The exchanges of a recording, in whichever format it is; `shown` is the file as the user named it."""
    suffix = path.suffix.lower()
    for known in FORMATS:
        if suffix in known.suffixes:
            return known.read(path, shown)
    start = reading.opening(path, shown, _OPENING_BYTES)
    if isinstance(start, Diagnostic):
        return (), (start,)
    for known in FORMATS:
        if known.opening and known.opening.match(start):
            return known.read(path, shown)
    return (), (_unknown(shown),)


def _unknown(shown: str) -> Diagnostic:
    formats = ", ".join(f"{known.name} ({', '.join(known.suffixes)})" for known in FORMATS)
    words = "neither the name nor the first bytes tell the format of this recording"
    return Diagnostic(RECORDING_FORMAT_UNKNOWN, Location(shown), words, f"known formats are {formats}")
