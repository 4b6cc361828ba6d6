"""Recording files: their bytes, or the one thing that keeps them from being read."""

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
"""The most that is held in memory as one text: a HAR, or one line of an NDJSON file."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PLACE = re.compile(r"(?: starting)? at line (\d+), column (\d+)$")


def content(path: Path, shown: str) -> bytes | Diagnostic:
    """A whole file, without the byte order mark that browsers put before it."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        return refused(path, shown, error)
    return too_large(Location(shown)) if len(text) > MAX_BYTES else text.removeprefix(BYTE_ORDER_MARK)


def lines(path: Path, shown: str) -> Iterator[tuple[int, bytes] | Diagnostic]:
    """The lines that are not empty, with their 1-based numbers; what ends the reading early comes last."""
    try:
        with path.open("rb") as file:
            number = 0
            while text := file.readline(MAX_BYTES + 1):
                number += 1
                if len(text) > MAX_BYTES:
                    yield too_large(Location(shown, number, 1))
                    return
                stripped = (text.removeprefix(BYTE_ORDER_MARK) if number == 1 else text).rstrip(b"\r\n")
                if stripped.strip():
                    yield number, stripped
    except (OSError, ValueError) as error:
        yield refused(path, shown, error)


def opening(path: Path, shown: str, size: int) -> bytes | Diagnostic:
    """The first bytes of a file, to tell its format by."""
    try:
        with path.open("rb") as file:
            return file.read(size).removeprefix(BYTE_ORDER_MARK)
    except (OSError, ValueError) as error:
        return refused(path, shown, error)


def refused(path: Path, shown: str, error: OSError | ValueError) -> Diagnostic:
    """Why a file could not be opened; a ValueError is a name that no file can have."""
    match error:
        case FileNotFoundError() | NotADirectoryError() | ValueError():
            return Diagnostic(RECORDING_MISSING, Location(shown), "there is no such recording", _near(path, shown))
        case IsADirectoryError():
            hint = "name the recordings in it"
            return Diagnostic(RECORDING_UNREADABLE, Location(shown), "a folder is not a recording", hint)
        case _:
            words = f"cannot be read: {error.strerror}"
            return Diagnostic(RECORDING_UNREADABLE, Location(shown), words, "check the permissions")


def too_large(where: Location) -> Diagnostic:
    """The diagnostic for a text past MAX_BYTES."""
    words = f"{'the line' if where.line else 'the file'} is larger than {MAX_BYTES // 2**20} MiB"
    return Diagnostic(RECORDING_UNREADABLE, where, words, "split the recording")


def place(error: MalformedText) -> tuple[str, int, int]:
    """What is wrong with a text, and the line and column that the message ended with (0: unknown)."""
    found = _PLACE.search(error.finding.message)
    line, column = (int(found[1]), int(found[2])) if found else (0, 0)
    return _PLACE.sub("", error.finding.message), line, column


def not_json(text: bytes, shown: str, error: MalformedText, hint: str) -> Diagnostic:
    """The diagnostic for a recording that should be one JSON object and is not JSON."""
    message, line, column = place(error)
    if ends_early(text, message):
        hint = "the file ends early; record it again or restore it"
    elif message.startswith("trailing data"):
        hint = "a recording is one document; if the file has one exchange a line, end its name in .ndjson"
    return Diagnostic(RECORDING_UNREADABLE, Location(shown, line, column), f"not JSON: {message}", hint)


def ends_early(text: bytes, message: str) -> bool:
    """Whether a text that should be one JSON object, and is not JSON for the reason given, was cut off."""
    if message.startswith(("the text ends", "the text is empty", "unterminated string")):
        return True
    begun = text.lstrip().startswith(b"{") and not message.startswith("trailing data")
    return begun and not text.rstrip().endswith(b"}")


def _near(path: Path, shown: str) -> str:
    try:
        names = sorted(entry.name for entry in path.parent.iterdir())
    except (OSError, ValueError):
        return "the folder of the file does not exist either, or cannot be read"
    near = difflib.get_close_matches(path.name, names, 1)
    return f"did you mean {PurePath(shown).with_name(near[0]).as_posix()}?" if near else "check the name and the folder"
