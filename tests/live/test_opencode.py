"""OpenCode servers start and respond."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import opencode
import pytest

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    "version", [pytest.param(version, marks=opencode.skip_without(version)) for version in opencode.VERSIONS]
)
def test_a_new_server_has_no_sessions(version: str, tmp_path: Path) -> None:
    with opencode.run_server(version, tmp_path) as server, urllib.request.urlopen(f"{server.url}/session") as answer:
        assert json.load(answer) == []
