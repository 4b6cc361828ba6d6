"""A log has one line per event, whatever text a server sends."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest

from wirelock.cli.logs import LOGGER, configure_logging

FACTS = {"words": 'a\n"b"\x1b[31m', "plain": "/a.A/Get", "empty": "", "number": 1.5}


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    logger = logging.getLogger(LOGGER)
    before = logger.handlers, logger.propagate, logger.level
    yield
    logger.handlers, logger.propagate, logger.level = before


def test_text_shows_what_it_must_not_obey(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("text")
    logging.getLogger("wirelock.serve").warning("call failed", extra={"facts": FACTS})
    said = capsys.readouterr().err
    stamp, rest = said.split(" ", 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp)
    assert rest == 'WARNING call failed words="a\\\\n\\"b\\"\\\\u001b[31m" plain=/a.A/Get empty="" number=1.5\n'


def test_json_holds_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json")
    logging.getLogger("wirelock.serve").info("listening", extra={"facts": FACTS})
    (line,) = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert said.pop("time").endswith("Z")
    assert said == {"level": "info", "event": "listening", **FACTS}
