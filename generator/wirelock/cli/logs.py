"""The log of a command that runs until it is ended: a line an event on standard error, as text or as JSON."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TextIO

from wirelock.runtime.json.formatting import visible

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

Form = Literal["text", "json"]
LOGGER = "wirelock"
PATIENCE = 0.1


def logged(form: Form) -> None:
    """Send what our loggers say to standard error, and nothing of grpc's core, which has a form of its own."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    handler = _Batches(sys.stderr)
    handler.setFormatter(_Lines() if form == "text" else _Objects())
    logger = logging.getLogger(LOGGER)
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    # who logs where is in no line, and costs every record (Python's "Logging HOWTO", "Optimization")
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


class _Batches(logging.Handler):
    """Writes what a running loop logs at most PATIENCE seconds later, all of it at once, and the rest at once.

    A line a call is a system call a call otherwise, on the way of the answer. What waits is written at the end too.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._waiting: list[logging.LogRecord] = []
        self._loop: AbstractEventLoop | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record until the next time."""
        import asyncio  # loaded by whoever runs a loop, and by nobody else

        self._waiting.append(record)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if self._loop is not loop:
            self._loop = loop
            loop.call_later(PATIENCE, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting, self._loop = self._waiting, [], None
        if waiting:
            self._stream.write("".join([self.format(record) + "\n" for record in waiting]))
            self._stream.flush()


class _Lines(logging.Formatter):
    """`2026-01-31T12:00:00Z INFO listening address=127.0.0.1:50051`; what is no plain word is quoted as in JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        facts = "".join([f" {name}={_quoted(value)}" for name, value in _facts(record).items()])
        return f"{_when(record)} {record.levelname} {visible(record.getMessage())}{facts}"


class _Objects(logging.Formatter):
    """A JSON object a line: `time`, `level`, `event`, and the facts."""

    def format(self, record: logging.LogRecord) -> str:
        """One object."""
        base = {"time": _when(record), "level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps(base | _facts(record))


def _facts(record: logging.LogRecord) -> dict[str, object]:
    found: dict[str, object] = getattr(record, "facts", {})
    if record.exc_info and record.exc_info[1] is not None:
        return {**found, "error": repr(record.exc_info[1])}
    return found


def _quoted(value: object) -> str:
    text = visible(str(value))
    is_word = text and " " not in text and '"' not in text and "=" not in text
    return text if is_word else json.dumps(text, ensure_ascii=False)


def _when(record: logging.LogRecord) -> str:
    return f"{_second(int(record.created))}.{int(record.msecs):03}Z"


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
