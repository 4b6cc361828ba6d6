"""The fast path for responses gives the same results as the slow path."""

from __future__ import annotations

import pytest

from wirelock.build import Build
from wirelock.loader import LoadedArtifacts
from wirelock.serve.bridge.responses import ResponseDecoder
from wirelock.traffic.http.exchange import RecordedBody
from wirelock.traffic.http.router import Route

TEXTS = (b"{}", b"[]", b"null", b"true", b'"a"', b'{"id":"a","n":1}', b"[1", b"", b"a text")
KINDS = ("application/json", "text/plain", "text/event-stream", "application/octet-stream", "text/html", "")


def build_decoders(build: Build, loaded: LoadedArtifacts) -> list[tuple[ResponseDecoder, ResponseDecoder]]:
    """Build two decoders for each method, with the fast path and without."""
    decoders: list[tuple[ResponseDecoder, ResponseDecoder]] = []
    for service in build.graph.services:
        for method in service.methods:
            route = Route(service, method)
            fast, slow = (ResponseDecoder(route, loaded.get_contract, build.graph.definitions) for _ in range(2))
            vars(slow)["_plain_types"] = {}
            decoders.append((fast, slow))
    return decoders


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind or "unknown")
def test_the_fast_path_gives_the_same_results(things: tuple[Build, LoadedArtifacts], kind: str) -> None:
    for fast, slow in build_decoders(*things):
        for status in (200, 201, 204, 302, 400, 404, 500):
            for text in TEXTS:
                body = RecordedBody(text, kind) if text else None
                assert fast.decode(status, body) == slow.decode(status, body)


def test_there_is_a_fast_path(things: tuple[Build, LoadedArtifacts]) -> None:
    assert any(vars(fast)["_plain_types"] for fast, _ in build_decoders(*things))
