"""Export of traces with OpenTelemetry's SDK, configured by its environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.serve.net.extras import check_extra
from wirelock.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

TRACING_UNAVAILABLE = Code("TRACING_UNAVAILABLE", Severity.ERROR, fatal=True)
TRACES_PACKAGES = ("opentelemetry.sdk",)
"""The import names of the packages in the extra `traces`."""
EXPORTER, PROTOCOL = "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL"
_ENABLING_VARIABLES = (EXPORTER, "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_ENTRY_POINT_GROUP = "opentelemetry_traces_exporter"
_OTLP_EXPORTERS = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}


def is_requested(environment: Mapping[str, str]) -> bool:
    """Return True if the environment sets a destination for traces, and does not disable them."""
    is_disabled = environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or environment.get(EXPORTER) == "none"
    return not is_disabled and any(environment.get(name) for name in _ENABLING_VARIABLES)


def build_tracer_provider(environment: Mapping[str, str]) -> TracerProvider | Diagnostic:
    """Build a provider with the exporter of the `OTEL_*` variables, OTLP by default; the caller shuts it down.

    The SDK itself reads the variables for sampling, limits, batches and the resource. The default service name is
    wirelock.
    """
    diagnostic = check_extra("traces", TRACES_PACKAGES)
    if diagnostic is not None:
        return diagnostic
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = environment.get(EXPORTER) or "otlp"
    resource = Resource.create({SERVICE_NAME: "wirelock", SERVICE_VERSION: VERSION})
    provider = TracerProvider(resource=resource.merge(OTELResourceDetector().detect()))
    if name == "none":
        return provider
    protocol = environment.get(PROTOCOL) or "http/protobuf"
    exporters = {entry.name: entry for entry in entry_points(group=_ENTRY_POINT_GROUP)}
    exporter = exporters.get(_OTLP_EXPORTERS.get(protocol, "") if name == "otlp" else name)
    if exporter is None:
        return _diagnose_exporter(name, protocol)
    provider.add_span_processor(BatchSpanProcessor(exporter.load()()))
    return provider


def _diagnose_exporter(name: str, protocol: str) -> Diagnostic:
    """Return a diagnostic for an exporter that is unknown or not installed."""
    if name != "otlp":
        message = f"no trace exporter named {escape_unprintable(name)} is installed"
        hint = f"set {EXPORTER} to an installed exporter: otlp, console"
        return Diagnostic(TRACING_UNAVAILABLE, Location(), message, hint)
    if protocol not in _OTLP_EXPORTERS:
        message = f"{escape_unprintable(protocol)} is not an OTLP protocol"
        return Diagnostic(TRACING_UNAVAILABLE, Location(), message, f"set {PROTOCOL} to grpc or http/protobuf")
    package = f"opentelemetry-exporter-{_OTLP_EXPORTERS[protocol].replace('_', '-')}"
    message = f"traces are exported with OTLP, and {package} is not installed"
    return Diagnostic(TRACING_UNAVAILABLE, Location(), message, f"run: pip install {package}")
