"""Recording files: their bytes, or the diagnostic of an unreadable file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.text import MalformedText

RECORDING_MISSING = Code("RECORDING_MISSING", Severity.ERROR, fatal=True)
RECORDING_UNREADABLE = Code("RECORDING_UNREADABLE", Severity.ERROR, fatal=True)
MAX_BYTES = 256 * 2**20
"""Maximum size of one text in memory: a HAR, or one line of an NDJSON file."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PLACE = re.compile(r"(?: starting)? at line (\d+), column (\d+)$")


def read_content(path: Path, display_name: str) -> bytes | Diagnostic:
    """Read a whole file without the byte order mark of browsers."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        return report_unreadable(path, display_name, error)
    return report_too_large(Location(display_name)) if len(text) > MAX_BYTES else text.removeprefix(BYTE_ORDER_MARK)


def iter_lines(path: Path, display_name: str) -> Iterator[tuple[int, bytes] | Diagnostic]:
    """Iterate over non-empty lines with 1-based numbers; an error comes last."""
    try:
        with path.open("rb") as file:
            number = 0
            while text := file.readline(MAX_BYTES + 1):
                number += 1
                if len(text) > MAX_BYTES:
                    yield report_too_large(Location(display_name, number, 1))
                    return
                stripped = (text.removeprefix(BYTE_ORDER_MARK) if number == 1 else text).rstrip(b"\r\n")
                if stripped.strip():
                    yield number, stripped
    except (OSError, ValueError) as error:
        yield report_unreadable(path, display_name, error)


def read_opening(path: Path, display_name: str, size: int) -> bytes | Diagnostic:
    """Read the first bytes of a file for format detection."""
    try:
        with path.open("rb") as file:
            return file.read(size).removeprefix(BYTE_ORDER_MARK)
    except (OSError, ValueError) as error:
        return report_unreadable(path, display_name, error)


def report_unreadable(path: Path, display_name: str, error: OSError | ValueError) -> Diagnostic:
    """Return the diagnostic of a file that cannot be opened; a ValueError means an impossible name."""
    match error:
        case FileNotFoundError() | NotADirectoryError() | ValueError():
            return Diagnostic(
                RECORDING_MISSING, Location(display_name), "the recording does not exist", _suggest(path, display_name)
            )
        case IsADirectoryError():
            hint = "name the recordings in the folder"
            return Diagnostic(RECORDING_UNREADABLE, Location(display_name), "the recording is a folder", hint)
        case _:
            message = f"cannot be read: {error.strerror}"
            return Diagnostic(RECORDING_UNREADABLE, Location(display_name), message, "check the permissions")


def report_too_large(location: Location) -> Diagnostic:
    """Return the diagnostic of a text beyond MAX_BYTES."""
    message = f"{'the line' if location.line else 'the file'} is larger than {MAX_BYTES // 2**20} MiB"
    return Diagnostic(RECORDING_UNREADABLE, location, message, "split the recording")


def split_location(error: MalformedText) -> tuple[str, int, int]:
    """Split an error message into text, line and column (0: unknown)."""
    match = _PLACE.search(error.finding.message)
    line, column = (int(match[1]), int(match[2])) if match else (0, 0)
    return _PLACE.sub("", error.finding.message), line, column


def report_not_json(text: bytes, display_name: str, error: MalformedText, hint: str) -> Diagnostic:
    """Return the diagnostic of a recording that is not JSON."""
    message, line, column = split_location(error)
    if ends_early(text, message):
        hint = "the file is truncated; record it again or restore it"
    elif message.startswith("trailing data"):
        hint = "a recording is one document; name a file with one exchange per line .ndjson"
    return Diagnostic(RECORDING_UNREADABLE, Location(display_name, line, column), f"not JSON: {message}", hint)


def ends_early(text: bytes, message: str) -> bool:
    """Return True if a text that should be a JSON object was truncated, given the parse error."""
    if message.startswith(("the text ends", "the text is empty", "unterminated string")):
        return True
    begun = text.lstrip().startswith(b"{") and not message.startswith("trailing data")
    return begun and not text.rstrip().endswith(b"}")


def _suggest(path: Path, display_name: str) -> str:
    try:
        names = sorted(entry.name for entry in path.parent.iterdir())
    except (OSError, ValueError):
        return "the folder does not exist or cannot be read"
    near = difflib.get_close_matches(path.name, names, 1)
    if not near:
        return "check the name and the folder"
    return f"did you mean {PurePath(display_name).with_name(near[0]).as_posix()}?"
