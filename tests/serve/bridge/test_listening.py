"""Where a bridge listens, with TLS and without, and what the health service and reflection say there."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from authority import Authority
from bridges import Noted, bridged
from cryptography.hazmat.primitives import serialization
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from stub import Stub, says, serving
from test_unary import until
from things import Client

from wirelock.build import Build
from wirelock.diagnostics import Diagnostic
from wirelock.loader import Loaded
from wirelock.serve.bridge.listen import Listen, listen
from wirelock.serve.net.tls import TlsFiles

THING = '{"id": "a", "size": 1}'


@pytest.mark.parametrize("address", ["", "127.0.0.1", ":50051", "127.0.0.1:", "127.0.0.1:99999", "::1:50051", "a:b"])
def test_what_is_no_address_is_refused(address: str) -> None:
    found = listen(address)
    assert isinstance(found, Diagnostic) and found.code.id == "LISTEN_INVALID"


@pytest.mark.parametrize(
    ("address", "exposed"),
    [("127.0.0.1:1", False), ("[::1]:1", False), ("localhost:1", False), ("0.0.0.0:1", True), ("api.example:1", True)],
)
def test_it_knows_who_can_reach_it(address: str, exposed: bool) -> None:
    found = listen(address)
    assert isinstance(found, Listen) and found.exposed is exposed


def test_a_certificate_needs_its_key_and_both_must_be_there(tmp_path: Path) -> None:
    for files in (TlsFiles(certificate="a.pem"), TlsFiles(authority="a.pem"), TlsFiles("", "none.pem", "none.key")):
        found = listen("127.0.0.1:0", files)
        assert isinstance(found, Diagnostic) and found.code.id == "LISTEN_INVALID"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Somebody whom both sides trust."""
    return Authority(tmp_path)


def test_files_that_are_no_pair_are_not_taken_for_a_port_in_use(authority: Authority, tmp_path: Path) -> None:
    one, other = authority.pair("one"), authority.pair("other")
    junk, locked = tmp_path / "junk.pem", tmp_path / "locked.key"
    junk.write_text("no certificate at all")
    key = serialization.load_pem_private_key(Path(one.key).read_bytes(), None)
    secret = serialization.BestAvailableEncryption(b"secret")
    locked.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret))
    wrong = [
        TlsFiles("", str(junk), one.key),
        TlsFiles("", one.certificate, str(junk)),
        TlsFiles("", one.certificate, other.key),
        TlsFiles(str(junk), one.certificate, one.key),
        TlsFiles("", one.certificate, str(locked)),
    ]
    for files in wrong:
        found = listen("127.0.0.1:0", files)
        assert isinstance(found, Diagnostic) and found.code.id == "LISTEN_INVALID", files
        assert "the files for TLS cannot be used" in found.message
    assert isinstance(listen("127.0.0.1:0", one), Listen)


def shown(files: TlsFiles, *, pair: bool) -> grpc.ChannelCredentials:
    """What a client shows."""
    root = Path(files.authority).read_bytes()
    if not pair:
        return grpc.ssl_channel_credentials(root)
    return grpc.ssl_channel_credentials(root, Path(files.key).read_bytes(), Path(files.certificate).read_bytes())


def test_with_a_certificate_it_speaks_tls_alone(
    server: Stub, things: tuple[Build, Loaded], authority: Authority
) -> None:
    server.answer = says(200, THING)
    own = authority.pair("bridge")
    with bridged(server.url, *things, tls=TlsFiles("", own.certificate, own.key)) as address:
        assert Client(address, *things, shown(own, pair=False)).ask("Get", {"id": "a"})["size"] == 1
        with pytest.raises(grpc.RpcError) as caught:
            Client(address, *things).ask("Get", {"id": "a"})
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_with_an_authority_clients_must_show_a_certificate(
    server: Stub, things: tuple[Build, Loaded], authority: Authority
) -> None:
    server.answer = says(200, THING)
    with bridged(server.url, *things, tls=authority.pair("bridge")) as address:
        files = authority.pair("client")
        assert Client(address, *things, shown(files, pair=True)).ask("Get", {"id": "a"})["size"] == 1
        with pytest.raises(grpc.RpcError) as caught:
            Client(address, *things, shown(files, pair=False)).ask("Get", {"id": "a"})
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_the_server_may_want_a_certificate_of_ours(things: tuple[Build, Loaded], authority: Authority) -> None:
    own, other = authority.pair("server"), authority.pair("bridge")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=own.authority)
    context.load_cert_chain(own.certificate, own.key)
    context.verify_mode = ssl.CERT_REQUIRED
    with serving(Stub(says(200, THING)), tls=context) as stub:
        with bridged(stub.url, *things, upstream_tls=other) as address:
            assert Client(address, *things).ask("Get", {"id": "a"})["size"] == 1
        for files in (TlsFiles(own.authority), TlsFiles()):  # nothing of ours; an authority that nobody knows
            with bridged(stub.url, *things, upstream_tls=files) as address, pytest.raises(grpc.RpcError) as caught:
                Client(address, *things).ask("Get", {"id": "a"})
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


# health and reflection


@pytest.fixture
def channel(client: Client) -> Iterator[grpc.Channel]:
    """A client that knows nothing of the services."""
    return client.channel


def health(channel: grpc.Channel, name: str = "") -> int:
    """What the health service says."""
    answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=name), timeout=10)
    return answer.status


def test_health_follows_the_upstream(things: tuple[Build, Loaded]) -> None:
    serves, not_serves = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
    noted = Noted()
    with serving(Stub(says(200, THING))) as stub:
        port = int(stub.url.rpartition(":")[2])
    with bridged(stub.url, *things, noted) as address, grpc.insecure_channel(address) as channel:
        assert until(lambda: noted.is_up is False, 5)
        assert health(channel) == health(channel, "things.things.Things") == not_serves
        with serving(stub, port):
            assert until(lambda: health(channel, "things.things.Things") == serves, 5)
            assert Client(address, *things).ask("Get", {"id": "a"})["size"] == 1
        with pytest.raises(grpc.RpcError) as caught:
            health(channel, "things.things.Others")
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_lists_every_service_in_both_versions(channel: grpc.Channel, version: str) -> None:
    call = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    listed = next(call(iter([asked]), timeout=10)).list_services_response.service
    assert {"things.things.Things", "grpc.health.v1.Health"} <= {service.name for service in listed}


def test_reflection_describes_what_it_lists(channel: grpc.Channel) -> None:
    database = ProtoReflectionDescriptorDatabase(channel)
    pool = DescriptorPool(database)
    for name in database.get_services():
        if name != "grpc.reflection.v1.ServerReflection":  # whose descriptor no package of Python's has
            assert pool.FindServiceByName(name).full_name == name
    method = pool.FindServiceByName("things.things.Things").FindMethodByName("Watch")
    assert method.server_streaming
