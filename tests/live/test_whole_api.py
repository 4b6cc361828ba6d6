"""All of a server's API over gRPC, imported from its description: what it answers over HTTP is what the RPC answers."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import opencode
import pytest
from bridges import Noted, bridged
from versions import FOLDER, Generated, generated_from, path_of

from wirelock.lower.plan import Rpc
from wirelock.runtime.codec.codec import Codec
from wirelock.runtime.json.text import dump, parse

EMPTY = b""
PATIENCE, IMPATIENCE = 60.0, 5.0
"""Seconds for what is answered, and for what the server itself does not answer."""
SILENT, EQUAL = "silent", "equal"
GOLDEN = Path(__file__).with_name("gets")
"""For each version, the GETs without parameters, the server's status, and what the RPC answers to that."""
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


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answers over HTTP: `document` is of the response's type, None where it is an error."""

    status: str
    document: bytes | None = None


def over_http(bridge: Bridged, rpc: Rpc) -> Answer:
    """Ask the server itself."""
    try:
        with urllib.request.urlopen(f"{bridge.server.url}{rpc.method.path}", timeout=PATIENCE / 2) as answer:
            kind, body, status = answer.headers.get_content_type(), answer.read(), str(answer.status)
    except urllib.error.HTTPError as error:
        return Answer(str(error.code))
    except TimeoutError:
        return Answer(SILENT)
    if kind != "application/json":
        return Answer(status, dump({"text": body.decode()}))
    name = rpc.method.response_body
    return Answer(status, b'{"' + name.encode() + b'":' + body + b"}" if name else body)


def over_grpc(bridge: Bridged, name: str, seconds: float) -> bytes | grpc.StatusCode:
    """Ask through the bridge."""
    try:
        message: bytes = bridge.channel.unary_unary(name)(EMPTY, timeout=seconds)
    except grpc.RpcError as error:
        return error.code()
    return message


def outcome(bridge: Bridged, name: str, rpc: Rpc, answer: Answer) -> str:
    """The status of the server's answer, and what the RPC answers to that."""
    codec = bridge.codec(rpc)
    if answer.document is None:
        got = over_grpc(bridge, name, IMPATIENCE if answer.status == SILENT else PATIENCE)
        return f"{answer.status}, {got.name if isinstance(got, grpc.StatusCode) else 'answered'}"
    faults = [finding for finding in codec.findings(answer.document) if not finding.warning]
    got = over_grpc(bridge, name, PATIENCE)
    if faults:  # it goes on where its message can hold it, and is refused otherwise
        how = got.name if isinstance(got, grpc.StatusCode) else "passed on"
        return f"{answer.status}, {how}: {faults[0].code}"
    if isinstance(got, grpc.StatusCode):
        return f"{answer.status}, {got.name}"
    is_equal = parse(codec.decode(got)) == parse(codec.decode(codec.encode(answer.document)))
    return f"{answer.status}, {EQUAL if is_equal else 'unequal'}"


def callable_without(bridge: Bridged) -> Iterator[tuple[str, Rpc]]:
    """The GETs that need nothing, with their full names."""
    for name, rpc in bridge.rpcs():
        method = rpc.method
        if method.verb == "GET" and not method.stream and "{" not in method.path:
            request = bridge.made.loaded.contract(method.request).codec
            if request is not None and not request.findings(b"{}"):
                yield name, rpc


def test_every_get_without_parameters_is_callable(bridge: Bridged) -> None:
    """What the server answers is what the RPC answers; what it does not answer, or not as it says, is written down."""
    outcomes: dict[str, str] = {}
    with ThreadPoolExecutor(4) as pool:  # so that nobody waits for those that never answer
        asked = {pool.submit(over_http, bridge, rpc): (name, rpc) for name, rpc in callable_without(bridge)}
        for answered in as_completed(asked):
            name, rpc = asked[answered]
            found = outcome(bridge, name, rpc, answered.result())
            if found.endswith("unequal"):  # it changed in between
                found = outcome(bridge, name, rpc, over_http(bridge, rpc))
            outcomes[rpc.method.path] = found
    for path, found in outcomes.items():  # which no golden file can allow otherwise
        assert not found.startswith("2") or found.endswith(EQUAL) or "VIOLATION" in found, (path, found)
    golden = GOLDEN / f"{bridge.server.version}.txt"
    if os.environ.get("RECORD"):
        golden.write_text("".join(f"{path}: {found}\n" for path, found in sorted(outcomes.items())), "utf-8")
    written = dict(line.split(": ", 1) for line in golden.read_text("utf-8").splitlines())
    for path, found in written.items():  # what a server says of models depends on the catalogue that it has fetched
        if "VIOLATION" in found and outcomes.get(path, "").endswith(EQUAL):
            written[path] = outcomes[path]
    assert outcomes == written


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
