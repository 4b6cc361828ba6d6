"""A small project in front of a stub, and a client of the bridge between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bridges import Noted, bridged
from stub import Stub, says, serving
from things import Client, write

from wirelock.api.emit import emitted
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.loader import Loaded, load
from wirelock.progress import silent


@pytest.fixture(scope="session")
def things(tmp_path_factory: pytest.TempPathFactory) -> tuple[Build, Loaded]:
    """The small project."""
    root = tmp_path_factory.mktemp("things")
    write(root)
    built = build(Config(root, "wirelock.toml", "things_api", "things"))
    assert built.diagnostics == ()
    output = emitted(built, silent)
    assert output.diagnostics == ()
    return built, load(built, output.artifacts)


@pytest.fixture(scope="module")
def server() -> Iterator[Stub]:
    """The server that the bridge is in front of."""
    with serving(Stub(says(404, '{"message": "nothing"}'))) as stub:
        yield stub


@pytest.fixture(scope="module")
def noted() -> Noted:
    """What the bridge tells."""
    return Noted()


@pytest.fixture(scope="module")
def client(server: Stub, things: tuple[Build, Loaded], noted: Noted) -> Iterator[Client]:
    """A client of the bridge."""
    with bridged(server.url, *things, noted) as address:
        client = Client(address, *things)
        yield client
        client.channel.close()
