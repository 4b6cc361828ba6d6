"""The example project, a stub server, and a client of the bridge between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from example_api import ThingsClient, write_project
from running_bridge import RecordingHooks, run_bridge
from stub_server import StubServer, respond_with, run_stub

from wirelock.api.emit import emit_all
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.loader import LoadedArtifacts, load_artifacts
from wirelock.progress import noop_progress


@pytest.fixture(scope="session")
def things(tmp_path_factory: pytest.TempPathFactory) -> tuple[Build, LoadedArtifacts]:
    """The example project."""
    root = tmp_path_factory.mktemp("things")
    write_project(root)
    built = build(Config(root, "wirelock.toml", "things_api", "things"))
    assert built.diagnostics == ()
    output = emit_all(built, noop_progress)
    assert output.diagnostics == ()
    return built, load_artifacts(built, output.artifacts)


@pytest.fixture(scope="module")
def server() -> Iterator[StubServer]:
    """The upstream of the bridge."""
    with run_stub(StubServer(respond_with(404, '{"message": "nothing"}'))) as stub:
        yield stub


@pytest.fixture(scope="module")
def hooks() -> RecordingHooks:
    """The hooks of the bridge."""
    return RecordingHooks()


@pytest.fixture(scope="module")
def client(server: StubServer, things: tuple[Build, LoadedArtifacts], hooks: RecordingHooks) -> Iterator[ThingsClient]:
    """A client of the bridge."""
    with run_bridge(server.url, *things, hooks) as address:
        client = ThingsClient(address, *things)
        yield client
        client.channel.close()
