"""Most answers are read in a short way, prepared once a method: it must say what the long one says."""

from __future__ import annotations

import pytest

from wirelock.build import Build
from wirelock.loader import Loaded
from wirelock.serve.bridge.responses import Answers
from wirelock.traffic.http.exchange import Body
from wirelock.traffic.http.router import Route

TEXTS = (b"{}", b"[]", b"null", b"true", b'"a"', b'{"id":"a","n":1}', b"[1", b"", b"a text")
KINDS = ("application/json", "text/plain", "text/event-stream", "application/octet-stream", "text/html", "")


def answers(build: Build, loaded: Loaded) -> list[tuple[Answers, Answers]]:
    """What reads the answers of every method, once with its short way and once without."""
    found: list[tuple[Answers, Answers]] = []
    for service in build.graph.services:
        for method in service.methods:
            route = Route(service, method)
            short, long = (Answers(route, loaded.contract, build.graph.definitions) for _ in range(2))
            vars(long)["_whole"] = {}
            found.append((short, long))
    return found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind or "unknown")
def test_the_short_way_says_what_the_long_one_says(things: tuple[Build, Loaded], kind: str) -> None:
    for short, long in answers(*things):
        for status in (200, 201, 204, 302, 400, 404, 500):
            for text in TEXTS:
                body = Body(text, kind) if text else None
                assert short.read(status, body) == long.read(status, body)


def test_there_is_a_short_way(things: tuple[Build, Loaded]) -> None:
    assert any(vars(short)["_whole"] for short, _ in answers(*things))
