"""The recorder: writes passing exchanges in batches in a thread; responses wait until they are stored."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.traffic.http.captured import CapturedExchange
from wirelock.traffic.recordings.formats import LAYOUTS
from wirelock.traffic.recordings.writer import RecordingWriter
from wirelock.traffic.redaction.exchanges import Redaction

RECORDING_NOT_WRITTEN = Code("RECORDING_NOT_WRITTEN", Severity.ERROR, fatal=True)
BODY_NOT_RECORDED = Code("BODY_NOT_RECORDED", Severity.ERROR)
EXCHANGE_NOT_RECORDED = Code("EXCHANGE_NOT_RECORDED", Severity.ERROR)


OnWarning = Callable[[Diagnostic], None]
"""A callback, called in a thread at once when recording stops or an exchange is skipped."""


def noop_warning(_: Diagnostic) -> None:
    """Ignore a warning."""


class Recorder:
    """Writes exchanges into a recording; `failed` is the reason if recording has stopped."""

    def __init__(
        self, recording: RecordingWriter, redaction: Redaction, display_name: str, on_warning: OnWarning = noop_warning
    ) -> None:
        self.failed: Diagnostic | None = None
        self.lost = 0
        self._unrecorded: Diagnostic | None = None
        self._recording = recording
        self._redaction = redaction
        self._display_name = display_name
        self._on_warning = on_warning
        self._waiting: list[CapturedExchange] = []
        self._turn = asyncio.Lock()

    def begin(self) -> Diagnostic | None:
        """Create the file, and rename an existing one; return a diagnostic if that fails."""
        try:
            self._recording.begin()
        except OSError as error:
            return _report_not_written(self._display_name, error)
        return None

    @property
    def counts(self) -> dict[str, int | str]:
        """Counts of written exchanges, files and losses."""
        lost: dict[str, int | str] = {"lost": self.lost} if self.lost else {}
        left = self._redaction.omitted_bodies
        bodies = left.by_kind + left.by_failure
        without: dict[str, int | str] = {"bodies left out": bodies} if bodies else {}
        return {"exchanges": self._recording.exchanges, "files": self._recording.files, **lost, **without}

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """Faults of the recording."""
        failed = tuple(diagnostic for diagnostic in (self.failed, self._unrecorded) if diagnostic)
        times = self._redaction.omitted_bodies.by_failure
        return (*failed, _report_not_searched(self._display_name, times)) if times else failed

    async def add(self, exchange: CapturedExchange) -> None:
        """Record an exchange; on return it is stored, or `failed` has the reason."""
        self._waiting.append(exchange)
        async with self._turn:
            batch, self._waiting = self._waiting, []
            if batch:
                await asyncio.get_running_loop().run_in_executor(None, self._write, batch)

    def close(self) -> None:
        """Close the file."""
        self._recording.close()

    def _write(self, batch: Sequence[CapturedExchange]) -> None:
        if self.failed is not None:
            self.lost += len(batch)
            return
        before = self._recording.exchanges
        try:
            self._recording.add(self._iter_entries(batch))
        except OSError as error:
            self.failed = _report_not_written(self._display_name, error)
            self._on_warning(self.failed)
        self.lost += len(batch) - (self._recording.exchanges - before)

    def _iter_entries(self, batch: Sequence[CapturedExchange]) -> Iterator[bytes]:
        """Encode exchanges; an exchange that cannot be encoded is reported and does not affect others."""
        for exchange in batch:
            try:
                entry = self._recording.encode(self._redaction(exchange))
            except Exception as error:
                self._fail(_report_not_recorded(self._display_name, exchange.index, error))
                continue
            yield entry

    def _fail(self, diagnostic: Diagnostic) -> None:
        first = self._unrecorded
        self._unrecorded = diagnostic if first is None else replace(first, occurrences=first.occurrences + 1)
        self._on_warning(diagnostic)


def make_recorder(
    file: str, paths: Sequence[str], authorization: str = "", on_warning: OnWarning = noop_warning
) -> Recorder | Diagnostic:
    """Make a recorder for a file, which is created later.

    `paths` are JSONPaths of secrets; `authorization` is the header that we send to the server.
    """
    path = Path(file)
    layout = LAYOUTS.get(path.suffix.lower())
    if layout is None:
        return _report_unsuitable(
            file, "the format of the recording is unknown", f"use the suffix {' or '.join(LAYOUTS)}"
        )
    try:
        is_other = path.exists() and not path.is_file()
        path.parent.stat()
    except OSError as error:
        return _report_not_written(file, error)
    if is_other:
        return _report_unsuitable(file, "is a folder or a device", "name a new file")
    return Recorder(RecordingWriter(path, layout), Redaction(paths, authorization), file, on_warning)


def _report_unsuitable(file: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(RECORDING_NOT_WRITTEN, Location(file), message, hint)


def _report_not_written(file: str, error: OSError) -> Diagnostic:
    message = f"cannot be written: {escape_unprintable(error.strerror or str(error))}"
    return Diagnostic(
        RECORDING_NOT_WRITTEN, Location(file), message, "check the folder, the permissions, and the space on the disk"
    )


def _report_not_recorded(file: str, index: int, error: Exception) -> Diagnostic:
    """Report an internal error without its text, which may contain recorded data."""
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    location = f"{Path(frame.f_code.co_filename).name}:{line}"
    message = f"exchange {index} could not be recorded: {type(error).__name__} in {location}"
    hint = "this is a bug in wirelock: please report this line"
    return Diagnostic(EXCHANGE_NOT_RECORDED, Location(file), message, hint)


def _report_not_searched(file: str, times: int) -> Diagnostic:
    message = "a path of `redact` could not be applied to a body, which was left out"
    hint = "`..` reaches 100 levels; name the whole path, as in $.user.email"
    return Diagnostic(BODY_NOT_RECORDED, Location(file), message, hint, occurrences=times)
