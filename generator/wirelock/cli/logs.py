"""The log of long-running commands: one line per event on standard error, as text or JSON."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TextIO

from wirelock.runtime.json.formatting import escape_unprintable

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

LogFormat = Literal["text", "json"]
LOGGER = "wirelock"
FLUSH_SECONDS = 0.1


def configure_logging(form: LogFormat) -> None:
    """Send wirelock's loggers to standard error, and silence the log of grpc's core."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    handler = _BatchingHandler(sys.stderr)
    handler.setFormatter(_TextFormatter() if form == "text" else _JsonFormatter())
    logger = logging.getLogger(LOGGER)
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    # no format shows threads or processes, and collecting them costs time (Python's "Logging HOWTO", "Optimization")
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


class _BatchingHandler(logging.Handler):
    """Writes the records of a running event loop in batches every FLUSH_SECONDS, and other records at once.

    One write per call would delay responses. The rest is written at exit.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._waiting: list[logging.LogRecord] = []
        self._loop: AbstractEventLoop | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record."""
        import asyncio  # only commands with an event loop have it loaded

        self._waiting.append(record)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if self._loop is not loop:
            self._loop = loop
            loop.call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Write the queued records."""
        waiting, self._waiting, self._loop = self._waiting, [], None
        if waiting:
            self._stream.write("".join([self.format(record) + "\n" for record in waiting]))
            self._stream.flush()


class _TextFormatter(logging.Formatter):
    """Formats `2026-01-31T12:00:00Z INFO listening address=127.0.0.1:50051`; unusual values are quoted as in JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one line."""
        facts = "".join([f" {name}={_quote(value)}" for name, value in _read_facts(record).items()])
        return f"{_format_time(record)} {record.levelname} {escape_unprintable(record.getMessage())}{facts}"


class _JsonFormatter(logging.Formatter):
    """Formats a JSON object per line: `time`, `level`, `event`, and the facts."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one object."""
        base = {"time": _format_time(record), "level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps(base | _read_facts(record))


def _read_facts(record: logging.LogRecord) -> dict[str, object]:
    facts: dict[str, object] = getattr(record, "facts", {})
    if record.exc_info and record.exc_info[1] is not None:
        return {**facts, "error": repr(record.exc_info[1])}
    return facts


def _quote(value: object) -> str:
    text = escape_unprintable(str(value))
    is_word = text and " " not in text and '"' not in text and "=" not in text
    return text if is_word else json.dumps(text, ensure_ascii=False)


def _format_time(record: logging.LogRecord) -> str:
    return f"{_format_second(int(record.created))}.{int(record.msecs):03}Z"


@lru_cache(maxsize=1)
def _format_second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
