"""Setup of telemetry from its options."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from wirelock.diagnostics import Diagnostic
from wirelock.serve.bridge.logging import LOGGER_NAME
from wirelock.serve.bridge.telemetry.access_log import AccessLog
from wirelock.serve.bridge.telemetry.call_events import CallObserverFactory
from wirelock.serve.bridge.telemetry.interceptor import Interceptor
from wirelock.serve.bridge.telemetry.metrics import Metrics
from wirelock.serve.bridge.telemetry.otlp import build_tracer_provider, is_requested
from wirelock.serve.bridge.telemetry.prometheus_page import serve_metrics


@dataclass(frozen=True, slots=True)
class TelemetryOptions:
    """Telemetry in addition to the log: the address for metrics, or "", and traces."""

    metrics: str = ""
    traces: bool = False


@contextlib.asynccontextmanager
async def start_telemetry(
    options: TelemetryOptions, environment: Mapping[str, str]
) -> AsyncGenerator[Interceptor | Diagnostic]:
    """Run telemetry during the block; yield its instrumentation, or a diagnostic if it cannot run."""
    async with contextlib.AsyncExitStack() as stack:
        factories: list[CallObserverFactory] = []
        for result in (_start_traces(stack, options, environment), await _start_metrics(stack, options)):
            if isinstance(result, Diagnostic):
                yield result
                return
            factories += result
        yield Interceptor((*factories, AccessLog()))


def _start_traces(
    stack: contextlib.AsyncExitStack, options: TelemetryOptions, environment: Mapping[str, str]
) -> tuple[CallObserverFactory, ...] | Diagnostic:
    if not options.traces and not is_requested(environment):
        return ()
    provider = build_tracer_provider(environment)
    if isinstance(provider, Diagnostic):
        return provider
    from wirelock.serve.bridge.telemetry.traces import CallTracer  # needs the extra `traces`

    stack.callback(provider.shutdown)
    return (CallTracer(provider.get_tracer("wirelock")),)


async def _start_metrics(
    stack: contextlib.AsyncExitStack, options: TelemetryOptions
) -> tuple[CallObserverFactory, ...] | Diagnostic:
    if not options.metrics:
        return ()
    metrics = Metrics()
    port = await stack.enter_async_context(serve_metrics(metrics.registry, options.metrics))
    if isinstance(port, Diagnostic):
        return port
    page = f"http://{options.metrics.rpartition(':')[0]}:{port}/metrics"
    logging.getLogger(LOGGER_NAME).info("metrics", extra={"facts": {"page": page}})
    return (metrics,)
