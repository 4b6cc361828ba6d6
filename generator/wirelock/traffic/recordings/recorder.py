"""Records what passes while it passes: in a thread, many at a time; nobody is answered further before it is kept."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import visible
from wirelock.traffic.http.captured import Passed
from wirelock.traffic.recordings.writer import FORMATS, Recording
from wirelock.traffic.redaction.exchanges import Redaction

RECORDING_NOT_WRITTEN = Code("RECORDING_NOT_WRITTEN", Severity.ERROR, fatal=True)
BODY_NOT_RECORDED = Code("BODY_NOT_RECORDED", Severity.ERROR)
EXCHANGE_NOT_RECORDED = Code("EXCHANGE_NOT_RECORDED", Severity.ERROR)


Warned = Callable[[Diagnostic], None]
"""Is told at once, in a thread, that recording has stopped, or left out an exchange."""


def unheard(_: Diagnostic) -> None:
    """Nobody is told."""


class Recorder:
    """Writes exchanges into a recording; `failed` says why it has stopped to, if it has."""

    def __init__(self, recording: Recording, redaction: Redaction, shown: str, warned: Warned = unheard) -> None:
        self.failed: Diagnostic | None = None
        self.lost = 0
        self._unrecorded: Diagnostic | None = None
        self._recording = recording
        self._redaction = redaction
        self._shown = shown
        self._warned = warned
        self._waiting: list[Passed] = []
        self._turn = asyncio.Lock()

    def begin(self) -> Diagnostic | None:
        """Begin the file; what bears its name is moved aside only now. Gives why it cannot be begun."""
        try:
            self._recording.begin()
        except OSError as error:
            return _not_written(self._shown, error)
        return None

    @property
    def counts(self) -> dict[str, int | str]:
        """What was written."""
        lost: dict[str, int | str] = {"lost": self.lost} if self.lost else {}
        left = self._redaction.left_out
        bodies = left.by_kind + left.by_failure
        without: dict[str, int | str] = {"bodies left out": bodies} if bodies else {}
        return {"exchanges": self._recording.exchanges, "files": self._recording.files, **lost, **without}

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """What is wrong with what was written."""
        failed = tuple(one for one in (self.failed, self._unrecorded) if one)
        times = self._redaction.left_out.by_failure
        return (*failed, _not_searched(self._shown, times)) if times else failed

    async def add(self, passed: Passed) -> None:
        """Record an exchange; it is on the disk when this returns, or `failed` says why it is not."""
        self._waiting.append(passed)
        async with self._turn:
            batch, self._waiting = self._waiting, []
            if batch:
                await asyncio.get_running_loop().run_in_executor(None, self._write, batch)

    def close(self) -> None:
        """Close the file."""
        self._recording.close()

    def _write(self, batch: Sequence[Passed]) -> None:
        if self.failed is not None:
            self.lost += len(batch)
            return
        before = self._recording.exchanges
        try:
            self._recording.add(self._entries(batch))
        except OSError as error:
            self.failed = _not_written(self._shown, error)
            self._warned(self.failed)
        self.lost += len(batch) - (self._recording.exchanges - before)

    def _entries(self, batch: Sequence[Passed]) -> Iterator[bytes]:
        """Exchanges as they are written; one at which we fail is told, and no other suffers for it."""
        for passed in batch:
            try:
                entry = self._recording.entry(self._redaction(passed))
            except Exception as fault:
                self._fail(_not_recorded(self._shown, passed.index, fault))
                continue
            yield entry

    def _fail(self, found: Diagnostic) -> None:
        first = self._unrecorded
        self._unrecorded = found if first is None else replace(first, times=first.times + 1)
        self._warned(found)


def recorder(
    file: str, paths: Sequence[str], authorization: str = "", warned: Warned = unheard
) -> Recorder | Diagnostic:
    """A recorder into a file of this name, which is not begun yet.

    `paths` are JSONPaths of what is secret; `authorization` is how we ourselves call the server.
    """
    path = Path(file)
    if path.suffix.lower() not in FORMATS:
        return _unfit(file, "the format of the recording is not known", f"end its name in {' or '.join(FORMATS)}")
    try:
        is_other = path.exists() and not path.is_file()
        path.parent.stat()
    except OSError as error:
        return _not_written(file, error)
    if is_other:
        return _unfit(file, "is a folder or a device and no file", "name a file that is not there yet")
    return Recorder(Recording(path), Redaction(paths, authorization), file, warned)


def _unfit(file: str, words: str, hint: str) -> Diagnostic:
    return Diagnostic(RECORDING_NOT_WRITTEN, Location(file), words, hint)


def _not_written(file: str, error: OSError) -> Diagnostic:
    words = f"cannot be written: {visible(error.strerror or str(error))}"
    return Diagnostic(
        RECORDING_NOT_WRITTEN, Location(file), words, "is there the folder, the right, and room on the disk?"
    )


def _not_recorded(file: str, index: int, fault: Exception) -> Diagnostic:
    """What is said of a fault of ours: its words may be those of the exchange, and are not told."""
    *_, (frame, line) = traceback.walk_tb(fault.__traceback__)
    where = f"{Path(frame.f_code.co_filename).name}:{line}"
    words = f"exchange {index} could not be recorded: {type(fault).__name__} in {where}"
    hint = "this is a fault of wirelock and not of the traffic: tell its maintainers this line"
    return Diagnostic(EXCHANGE_NOT_RECORDED, Location(file), words, hint)


def _not_searched(file: str, times: int) -> Diagnostic:
    words = "the paths of `redact` could not be followed in a body: it was left out"
    hint = "a path with `..` goes 100 levels deep: name the way instead, as in $.user.email"
    return Diagnostic(BODY_NOT_RECORDED, Location(file), words, hint, times=times)
