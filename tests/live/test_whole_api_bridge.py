"""The complete imported API of a server over gRPC: RPCs return the same documents as HTTP."""

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
from description_versions import FOLDER, GeneratedVersion, generate_version, get_path
from running_bridge import RecordingHooks, run_bridge

from wirelock.lower.plan import Rpc
from wirelock.runtime.codec.codec import Codec
from wirelock.runtime.json.text import dump, parse

EMPTY = b""
PATIENCE, IMPATIENCE = 60.0, 5.0
"""Time limits in seconds: for most calls, and for calls to which the server does not respond."""
SILENT, EQUAL = "silent", "equal"
GOLDEN = Path(__file__).with_name("get_outcomes")
"""For each version, the GETs without parameters with the status of the server and the result of the RPC."""
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("whole API")]  # so that one worker generates it once


@dataclass(frozen=True, slots=True)
class BridgedServer:
    """A server, the files generated from its description, and the bridge."""

    server: opencode.OpenCodeServer
    generated: GeneratedVersion
    channel: grpc.Channel
    hooks: RecordingHooks

    def list_rpcs(self) -> list[tuple[str, Rpc]]:
        """Return every RPC with its full name."""
        files = self.generated.build.proto.files
        return [(f"/{f.package}.{s.name}/{rpc.name}", rpc) for f in files for s in f.services for rpc in s.rpcs]

    def get_codec(self, rpc: Rpc) -> Codec[Any]:
        codec = self.generated.loaded.get_contract(rpc.method.response).codec
        assert codec is not None
        return codec


@pytest.fixture(
    params=[pytest.param(version, marks=opencode.skip_without(version)) for version in opencode.VERSIONS],
    scope="module",
)
def bridge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BridgedServer]:
    """Run a bridge for the complete description of a server."""
    if not FOLDER or not get_path(request.param).is_file():
        pytest.skip("WIRELOCK_OPENAPI names no folder with this description")
    generated = generate_version(request.param, tmp_path_factory.mktemp("project"))
    hooks = RecordingHooks()
    with (
        opencode.run_server(request.param, tmp_path_factory.mktemp("server")) as server,
        run_bridge(server.url, generated.build, generated.loaded, hooks, on_violation="warn") as address,
        grpc.insecure_channel(address, (("grpc.max_receive_message_length", -1),)) as channel,
    ):
        yield BridgedServer(server, generated, channel, hooks)


@dataclass(frozen=True, slots=True)
class HttpResult:
    """An HTTP response; `document` has the type of the response, or is None for an error."""

    status: str
    document: bytes | None = None


def get_over_http(bridge: BridgedServer, rpc: Rpc) -> HttpResult:
    """Call the server directly."""
    try:
        with urllib.request.urlopen(f"{bridge.server.url}{rpc.method.path}", timeout=PATIENCE / 2) as response:
            kind, body, status = response.headers.get_content_type(), response.read(), str(response.status)
    except urllib.error.HTTPError as error:
        return HttpResult(str(error.code))
    except TimeoutError:
        return HttpResult(SILENT)
    if kind != "application/json":
        return HttpResult(status, dump({"text": body.decode()}))
    name = rpc.method.response_body
    return HttpResult(status, b'{"' + name.encode() + b'":' + body + b"}" if name else body)


def call_over_grpc(bridge: BridgedServer, name: str, seconds: float) -> bytes | grpc.StatusCode:
    """Call the server through the bridge."""
    try:
        message: bytes = bridge.channel.unary_unary(name)(EMPTY, timeout=seconds)
    except grpc.RpcError as error:
        return error.code()
    return message


def describe_outcome(bridge: BridgedServer, name: str, rpc: Rpc, response: HttpResult) -> str:
    """Describe the status of an HTTP response and the result of the RPC."""
    codec = bridge.get_codec(rpc)
    if response.document is None:
        received = call_over_grpc(bridge, name, IMPATIENCE if response.status == SILENT else PATIENCE)
        return f"{response.status}, {received.name if isinstance(received, grpc.StatusCode) else 'answered'}"
    faults = [finding for finding in codec.check(response.document) if not finding.warning]
    received = call_over_grpc(bridge, name, PATIENCE)
    if faults:  # the bridge forwards it if the message can represent it
        how = received.name if isinstance(received, grpc.StatusCode) else "passed on"
        return f"{response.status}, {how}: {faults[0].code}"
    if isinstance(received, grpc.StatusCode):
        return f"{response.status}, {received.name}"
    is_equal = parse(codec.decode(received)) == parse(codec.decode(codec.encode(response.document)))
    return f"{response.status}, {EQUAL if is_equal else 'unequal'}"


def find_parameterless_gets(bridge: BridgedServer) -> Iterator[tuple[str, Rpc]]:
    """Yield the GETs without required parameters, with their full names."""
    for name, rpc in bridge.list_rpcs():
        method = rpc.method
        if method.verb == "GET" and not method.stream and "{" not in method.path:
            request = bridge.generated.loaded.get_contract(method.request).codec
            if request is not None and not request.check(b"{}"):
                yield name, rpc


def test_every_get_without_parameters_is_callable(bridge: BridgedServer) -> None:
    """RPCs return the documents of the server; errors and violations are in a golden file."""
    outcomes: dict[str, str] = {}
    with ThreadPoolExecutor(4) as pool:  # so that calls without a response do not block the others
        calls = {pool.submit(get_over_http, bridge, rpc): (name, rpc) for name, rpc in find_parameterless_gets(bridge)}
        for finished in as_completed(calls):
            name, rpc = calls[finished]
            outcome = describe_outcome(bridge, name, rpc, finished.result())
            if outcome.endswith("unequal"):  # the document changed between the calls
                outcome = describe_outcome(bridge, name, rpc, get_over_http(bridge, rpc))
            outcomes[rpc.method.path] = outcome
    for path, outcome in outcomes.items():  # independent of the golden file
        assert not outcome.startswith("2") or outcome.endswith(EQUAL) or "VIOLATION" in outcome, (path, outcome)
    golden = GOLDEN / f"{bridge.server.version}.txt"
    if os.environ.get("RECORD"):
        golden.write_text("".join(f"{path}: {outcome}\n" for path, outcome in sorted(outcomes.items())), "utf-8")
    written = dict(line.split(": ", 1) for line in golden.read_text("utf-8").splitlines())
    for path, outcome in written.items():  # responses about models depend on the catalog that the server fetched
        if "VIOLATION" in outcome and outcomes.get(path, "").endswith(EQUAL):
            written[path] = outcomes[path]
    assert outcomes == written


def test_events_arrive_during_calls(bridge: BridgedServer) -> None:
    name, rpc = next((name, rpc) for name, rpc in bridge.list_rpcs() if rpc.method.path == "/event")
    call = bridge.channel.unary_stream(name)(EMPTY, timeout=60)
    first = json.loads(bridge.get_codec(rpc).decode(next(call)))
    assert first["type"] == "server.connected"
    create = urllib.request.Request(
        f"{bridge.server.url}/session", data=dump({"title": "seen"}), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(create, timeout=30) as response:
        created = json.load(response)
    for message in call:
        event = json.loads(bridge.get_codec(rpc).decode(message))
        if event["type"] == "session.created":
            assert event["properties"]["info"]["id"] == created["id"]
            break
    call.cancel()
