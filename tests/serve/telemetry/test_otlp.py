"""Export of the spans of `wirelock serve` with OTLP over HTTP and over gRPC."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from concurrent import futures
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import grpc
import pytest
from checkout import ROOT

from opencode_api import session_pb2, session_pb2_grpc

TRACE = "0af7651916cd43dd8448eb211c80319c"
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
Collector = Callable[[list[bytes]], AbstractContextManager[str]]
"""Runs a collector that appends its requests to a list, and yields its address."""


@contextlib.contextmanager
def collect_over_http(bodies: list[bytes]) -> Generator[str]:
    class CollectorHandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if (self.path, self.headers["content-type"]) == ("/v1/traces", "application/x-protobuf"):
                bodies.append(body)
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), CollectorHandler) as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{collector.server_port}"
        collector.shutdown()


@contextlib.contextmanager
def collect_over_grpc(bodies: list[bytes]) -> Generator[str]:
    def receive(request: bytes, _: grpc.ServicerContext) -> bytes:
        bodies.append(request)
        return b""

    class ExportHandler(grpc.GenericRpcHandler):
        def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
            handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(receive)
            return handler if handler_call_details.method == EXPORT else None

    collector = grpc.server(futures.ThreadPoolExecutor(1), [ExportHandler()])
    port = collector.add_insecure_port("127.0.0.1:0")
    collector.start()
    yield f"http://127.0.0.1:{port}"
    collector.stop(None).wait()


def build_parameter(name: str, collector: Collector, protocol: str) -> Any:
    """Build the parameters of a protocol, skipped if its exporter is not installed."""
    try:
        is_installed = importlib.util.find_spec(f"opentelemetry.exporter.otlp.proto.{name}") is not None
    except ModuleNotFoundError:
        is_installed = False
    skip = pytest.mark.skipif(not is_installed, reason=f"opentelemetry-exporter-otlp-proto-{name} is not installed")
    return pytest.param(collector, protocol, marks=skip, id=name)


@pytest.mark.long
@pytest.mark.parametrize(
    ("collector", "protocol"),
    [build_parameter("http", collect_over_http, ""), build_parameter("grpc", collect_over_grpc, "grpc")],
)
def test_the_collector_receives_a_span_for_each_call(collector: Collector, protocol: str) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    bodies: list[bytes] = []
    command = [sys.executable, "-m", "wirelock", "serve", "--upstream", "http://127.0.0.1:1", "--log", "json"]
    with collector(bodies) as address:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
        with subprocess.Popen(
            [*command, "--listen", "127.0.0.1:0"],
            cwd=ROOT,
            env=os.environ | environment,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            bridge = json.loads(process.stderr.readline())["address"]
            with grpc.insecure_channel(bridge) as channel, pytest.raises(grpc.RpcError):
                session_pb2_grpc.SessionServiceStub(channel).ListSessions(
                    session_pb2.Empty(), timeout=30, metadata=(("traceparent", f"00-{TRACE}-b7ad6b7169203331-01"),)
                )
            process.send_signal(signal.SIGTERM)
            process.stderr.read()
        assert process.returncode == 0
    resources = [resource for body in bodies for resource in ExportTraceServiceRequest.FromString(body).resource_spans]
    attributes = {pair.key: pair.value.string_value for resource in resources for pair in resource.resource.attributes}
    assert attributes["service.name"] == "wirelock"
    spans = [span for resource in resources for scope in resource.scope_spans for span in scope.spans]
    assert {"opencode.session.SessionService/ListSessions", "GET"} <= {span.name for span in spans}
    assert {span.trace_id.hex() for span in spans} == {TRACE}
