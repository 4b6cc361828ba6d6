"""Where spans go: OpenTelemetry's SDK as the environment configures it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import visible
from wirelock.serve.net.extras import missing
from wirelock.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

TRACING_UNAVAILABLE = Code("TRACING_UNAVAILABLE", Severity.ERROR, fatal=True)
PACKAGES = ("opentelemetry.sdk",)
"""What the extra `traces` brings."""
EXPORTER, PROTOCOL = "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL"
_ASKS = (EXPORTER, "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_GROUP = "opentelemetry_traces_exporter"
_OTLP = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}


def asked(environment: Mapping[str, str]) -> bool:
    """Whether the environment asks for traces: it says where they go, and does not say that they go nowhere."""
    off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or environment.get(EXPORTER) == "none"
    return not off and any(environment.get(name) for name in _ASKS)


def provider(environment: Mapping[str, str]) -> TracerProvider | Diagnostic:
    """A provider that exports as the variables `OTEL_*` say, by OTLP unless they name something else.

    Sampling, limits, batches and the resource are read by the SDK itself; the service is called wirelock unless
    they name it. Whoever asks for it shuts it down.
    """
    absent = missing("traces", PACKAGES)
    if absent is not None:
        return absent
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = environment.get(EXPORTER) or "otlp"
    own = Resource.create({SERVICE_NAME: "wirelock", SERVICE_VERSION: VERSION})
    made = TracerProvider(resource=own.merge(OTELResourceDetector().detect()))
    if name == "none":
        return made
    protocol = environment.get(PROTOCOL) or "http/protobuf"
    found = {entry.name: entry for entry in entry_points(group=_GROUP)}
    entry = found.get(_OTLP.get(protocol, "") if name == "otlp" else name)
    if entry is None:
        return _unexported(name, protocol)
    made.add_span_processor(BatchSpanProcessor(entry.load()()))
    return made


def _unexported(name: str, protocol: str) -> Diagnostic:
    words = f"no exporter of traces is called {visible(name)}"
    if name != "otlp":
        return Diagnostic(
            TRACING_UNAVAILABLE, Location(), words, f"{EXPORTER} names one that is installed: otlp, console"
        )
    if protocol not in _OTLP:
        words = f"{visible(protocol)} is no protocol of OTLP"
        return Diagnostic(TRACING_UNAVAILABLE, Location(), words, f"{PROTOCOL} is grpc or http/protobuf")
    package = f"opentelemetry-exporter-{_OTLP[protocol].replace('_', '-')}"
    return Diagnostic(
        TRACING_UNAVAILABLE, Location(), f"traces go by OTLP, and {package} is not installed", f"pip install {package}"
    )
