"""Listen addresses of a bridge, TLS, the health service and reflection."""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc
import pytest
from authority import CertificateAuthority
from cryptography.hazmat.primitives import serialization
from example_api import ThingsClient
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from running_bridge import RecordingHooks, run_bridge
from stub_server import StubServer, respond_with, run_stub
from test_unary import wait_until

from wirelock.build import Build
from wirelock.diagnostics import Diagnostic
from wirelock.loader import LoadedArtifacts
from wirelock.serve.bridge.listen import GrpcListenAddress, parse_grpc_listen_address
from wirelock.serve.net.tls import TlsFiles

THING = '{"id": "a", "size": 1}'


@pytest.mark.parametrize("address", ["", "127.0.0.1", ":50051", "127.0.0.1:", "127.0.0.1:99999", "::1:50051", "a:b"])
def test_an_invalid_address_is_rejected(address: str) -> None:
    parsed = parse_grpc_listen_address(address)
    assert isinstance(parsed, Diagnostic) and parsed.code.id == "LISTEN_INVALID"


@pytest.mark.parametrize(
    ("address", "exposed"),
    [("127.0.0.1:1", False), ("[::1]:1", False), ("localhost:1", False), ("0.0.0.0:1", True), ("api.example:1", True)],
)
def test_an_address_for_remote_clients_without_tls_is_exposed(address: str, exposed: bool) -> None:
    parsed = parse_grpc_listen_address(address)
    assert isinstance(parsed, GrpcListenAddress) and parsed.is_exposed is exposed


def test_a_certificate_needs_its_key_and_both_must_be_there(tmp_path: Path) -> None:
    for files in (TlsFiles(certificate="a.pem"), TlsFiles(authority="a.pem"), TlsFiles("", "none.pem", "none.key")):
        parsed = parse_grpc_listen_address("127.0.0.1:0", files)
        assert isinstance(parsed, Diagnostic) and parsed.code.id == "LISTEN_INVALID"


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    """The authority that both peers trust."""
    return CertificateAuthority(tmp_path)


def test_invalid_tls_files_are_not_reported_as_a_port_in_use(authority: CertificateAuthority, tmp_path: Path) -> None:
    one, other = authority.create_certificate("one"), authority.create_certificate("other")
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
        parsed = parse_grpc_listen_address("127.0.0.1:0", files)
        assert isinstance(parsed, Diagnostic) and parsed.code.id == "LISTEN_INVALID", files
        assert "the TLS files cannot be used" in parsed.message
    assert isinstance(parse_grpc_listen_address("127.0.0.1:0", one), GrpcListenAddress)


def load_channel_credentials(files: TlsFiles, *, pair: bool) -> grpc.ChannelCredentials:
    """Load the credentials of a client."""
    root = Path(files.authority).read_bytes()
    if not pair:
        return grpc.ssl_channel_credentials(root)
    return grpc.ssl_channel_credentials(root, Path(files.key).read_bytes(), Path(files.certificate).read_bytes())


def test_with_a_certificate_only_tls_is_accepted(
    server: StubServer, things: tuple[Build, LoadedArtifacts], authority: CertificateAuthority
) -> None:
    server.respond = respond_with(200, THING)
    own = authority.create_certificate("bridge")
    with run_bridge(server.url, *things, tls=TlsFiles("", own.certificate, own.key)) as address:
        assert (
            ThingsClient(address, *things, load_channel_credentials(own, pair=False)).call("Get", {"id": "a"})["size"]
            == 1
        )
        with pytest.raises(grpc.RpcError) as caught:
            ThingsClient(address, *things).call("Get", {"id": "a"})
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_with_an_authority_clients_must_present_a_certificate(
    server: StubServer, things: tuple[Build, LoadedArtifacts], authority: CertificateAuthority
) -> None:
    server.respond = respond_with(200, THING)
    with run_bridge(server.url, *things, tls=authority.create_certificate("bridge")) as address:
        files = authority.create_certificate("client")
        assert (
            ThingsClient(address, *things, load_channel_credentials(files, pair=True)).call("Get", {"id": "a"})["size"]
            == 1
        )
        with pytest.raises(grpc.RpcError) as caught:
            ThingsClient(address, *things, load_channel_credentials(files, pair=False)).call("Get", {"id": "a"})
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_the_server_may_require_our_certificate(
    things: tuple[Build, LoadedArtifacts], authority: CertificateAuthority
) -> None:
    own, other = authority.create_certificate("server"), authority.create_certificate("bridge")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=own.authority)
    context.load_cert_chain(own.certificate, own.key)
    context.verify_mode = ssl.CERT_REQUIRED
    with run_stub(StubServer(respond_with(200, THING)), tls=context) as stub:
        with run_bridge(stub.url, *things, upstream_tls=other) as address:
            assert ThingsClient(address, *things).call("Get", {"id": "a"})["size"] == 1
        for files in (TlsFiles(own.authority), TlsFiles()):  # no certificate; an unknown authority
            with run_bridge(stub.url, *things, upstream_tls=files) as address, pytest.raises(grpc.RpcError) as caught:
                ThingsClient(address, *things).call("Get", {"id": "a"})
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


# health and reflection


@pytest.fixture
def channel(client: ThingsClient) -> grpc.Channel:
    """A channel to the bridge."""
    return client.channel


def get_health(channel: grpc.Channel, name: str = "") -> int:
    """Return the status of a service."""
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        health_pb2.HealthCheckRequest.SerializeToString,
        health_pb2.HealthCheckResponse.FromString,
    )
    return check(health_pb2.HealthCheckRequest(service=name), timeout=10).status


def test_health_follows_the_upstream(things: tuple[Build, LoadedArtifacts]) -> None:
    serving, not_serving = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
    hooks = RecordingHooks()
    with run_stub(StubServer(respond_with(200, THING))) as stub:
        port = int(stub.url.rpartition(":")[2])
    with run_bridge(stub.url, *things, hooks) as address, grpc.insecure_channel(address) as channel:
        assert wait_until(lambda: hooks.is_up is False, 5)
        assert get_health(channel) == get_health(channel, "things.things.Things") == not_serving
        with run_stub(stub, port):
            assert wait_until(lambda: get_health(channel, "things.things.Things") == serving, 5)
            assert ThingsClient(address, *things).call("Get", {"id": "a"})["size"] == 1
        with pytest.raises(grpc.RpcError) as caught:
            get_health(channel, "things.things.Others")
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_lists_every_service_in_both_versions(channel: grpc.Channel, version: str) -> None:
    call = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    listed = next(call(iter([request]), timeout=10)).list_services_response.service
    assert {"things.things.Things", "grpc.health.v1.Health"} <= {service.name for service in listed}


def test_reflection_describes_what_it_lists(channel: grpc.Channel) -> None:
    database = ProtoReflectionDescriptorDatabase(channel)
    pool = DescriptorPool(database)
    for name in database.get_services():
        if name != "grpc.reflection.v1.ServerReflection":  # no Python package contains its descriptor
            assert pool.FindServiceByName(name).full_name == name
    method = pool.FindServiceByName("things.things.Things").FindMethodByName("Watch")
    assert method.server_streaming
