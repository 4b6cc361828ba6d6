"""All of a server's API over gRPC, imported from its description: what it answers over HTTP is what the RPC answers."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import opencode
import pytest
from bridges import Noted, bridged
from versions import FOLDER, Generated, generated_from, path_of

from wirelock.lower.plan import Rpc
from wirelock.runtime.codec import Codec
from wirelock.runtime.text import dump, parse

EMPTY = b""
LEAST = {"1.18.33": 45, "1.1.11": 20}
"""How many GETs without parameters the server answers as it says."""
pytestmark = pytest.mark.xdist_group("whole API")  # which is generated once


@dataclass(frozen=True, slots=True)
class Bridged:
    """A server, everything made from its description, and the bridge between."""

    server: opencode.OpenCode
    made: Generated
    channel: grpc.Channel
    noted: Noted

    def rpcs(self) -> list[tuple[str, Rpc]]:
        """Every RPC, with its full name."""
        files = self.made.build.proto.files
        return [(f"/{f.package}.{s.name}/{rpc.name}", rpc) for f in files for s in f.services for rpc in s.rpcs]

    def codec(self, rpc: Rpc) -> Codec[Any]:
        codec = self.made.loaded.contract(rpc.method.response).codec
        assert codec is not None
        return codec


@pytest.fixture(
    params=[pytest.param(version, marks=opencode.needs(version)) for version in opencode.VERSIONS], scope="module"
)
def bridge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridged]:
    """A bridge in front of a server, for all that the server's own description has."""
    if not FOLDER or not path_of(request.param).is_file():
        pytest.skip("WIRELOCK_OPENAPI names no folder with this description")
    made = generated_from(request.param, tmp_path_factory.mktemp("project"))
    noted = Noted()
    with (
        opencode.running(request.param, tmp_path_factory.mktemp("server")) as server,
        bridged(server.url, made.build, made.loaded, noted, violations="warn") as address,
        grpc.insecure_channel(address, (("grpc.max_receive_message_length", -1),)) as channel,
    ):
        yield Bridged(server, made, channel, noted)


def over_http(bridge: Bridged, rpc: Rpc) -> bytes | None:
    """What the server answers, as a document of the response's type; None where that is an error."""
    try:
        with urllib.request.urlopen(f"{bridge.server.url}{rpc.method.path}", timeout=10) as answer:
            kind, body = answer.headers.get_content_type(), answer.read()
    except (urllib.error.HTTPError, TimeoutError):
        return None
    if kind != "application/json":
        return dump({"text": body.decode()})
    name = rpc.method.response_body
    return b'{"' + name.encode() + b'":' + body + b"}" if name else body


def same(bridge: Bridged, name: str, rpc: Rpc) -> str:
    """How an RPC answers what the server answers."""
    codec = bridge.codec(rpc)
    document = over_http(bridge, rpc)
    if document is None:
        return "not answered"
    if any(not finding.warning for finding in codec.findings(document)):
        return "breaks its description"
    try:
        answer = bridge.channel.unary_unary(name)(EMPTY, timeout=30)
    except grpc.RpcError as error:
        return f"{error.code()}: {error.details()}"
    return "equal" if parse(codec.decode(answer)) == parse(codec.decode(codec.encode(document))) else "unequal"


def test_every_get_without_parameters_is_callable(bridge: Bridged) -> None:
    outcomes: dict[str, str] = {}
    for name, rpc in bridge.rpcs():
        method = rpc.method
        if method.verb == "GET" and not method.stream and "{" not in method.path:
            request = bridge.made.loaded.contract(method.request).codec
            if request is not None and not request.findings(b"{}"):
                outcomes[name] = same(bridge, name, rpc)
                if outcomes[name] == "unequal":  # it changed in between
                    outcomes[name] = same(bridge, name, rpc)
    wrong = {
        name: outcome
        for name, outcome in outcomes.items()
        if outcome not in ("equal", "not answered", "breaks its description")
    }
    assert not wrong
    assert list(outcomes.values()).count("breaks its description") <= 2, outcomes
    assert list(outcomes.values()).count("equal") >= LEAST[bridge.server.version], outcomes


def test_events_arrive_while_things_happen(bridge: Bridged) -> None:
    name, rpc = next((name, rpc) for name, rpc in bridge.rpcs() if rpc.method.path == "/event")
    call = bridge.channel.unary_stream(name)(EMPTY, timeout=60)
    first = json.loads(bridge.codec(rpc).decode(next(call)))
    assert first["type"] == "server.connected"
    asked = urllib.request.Request(
        f"{bridge.server.url}/session", data=dump({"title": "seen"}), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        made = json.load(answer)
    for message in call:
        event = json.loads(bridge.codec(rpc).decode(message))
        if event["type"] == "session.created":
            assert event["properties"]["info"]["id"] == made["id"]
            break
    call.cancel()
