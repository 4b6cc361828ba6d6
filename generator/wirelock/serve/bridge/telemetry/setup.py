"""Everything that observes a service, put together by what is wanted of it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from wirelock.diagnostics import Diagnostic
from wirelock.serve.bridge.logging import LOGGER
from wirelock.serve.bridge.telemetry.access_log import Logs
from wirelock.serve.bridge.telemetry.call_events import Observer
from wirelock.serve.bridge.telemetry.interceptor import Observed
from wirelock.serve.bridge.telemetry.metrics import Metrics
from wirelock.serve.bridge.telemetry.otlp import asked, provider
from wirelock.serve.bridge.telemetry.prometheus_page import exposed


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be observed beside the log: the address where metrics are served ("": nowhere), and traces."""

    metrics: str = ""
    traces: bool = False


@contextlib.asynccontextmanager
async def observation(wishes: Wishes, environment: Mapping[str, str]) -> AsyncGenerator[Observed | Diagnostic]:
    """What observes a bridge as long as this runs, or why it cannot."""
    async with contextlib.AsyncExitStack() as stack:
        observers: list[Observer] = []
        for made in (_traces(stack, wishes, environment), await _metrics(stack, wishes)):
            if isinstance(made, Diagnostic):
                yield made
                return
            observers += made
        yield Observed((*observers, Logs()))


def _traces(
    stack: contextlib.AsyncExitStack, wishes: Wishes, environment: Mapping[str, str]
) -> tuple[Observer, ...] | Diagnostic:
    if not wishes.traces and not asked(environment):
        return ()
    made = provider(environment)
    if isinstance(made, Diagnostic):
        return made
    from wirelock.serve.bridge.telemetry.traces import Traces  # needs the extra `traces`

    stack.callback(made.shutdown)
    return (Traces(made.get_tracer("wirelock")),)


async def _metrics(stack: contextlib.AsyncExitStack, wishes: Wishes) -> tuple[Observer, ...] | Diagnostic:
    if not wishes.metrics:
        return ()
    metrics = Metrics()
    port = await stack.enter_async_context(exposed(metrics.registry, wishes.metrics))
    if isinstance(port, Diagnostic):
        return port
    page = f"http://{wishes.metrics.rpartition(':')[0]}:{port}/metrics"
    logging.getLogger(LOGGER).info("metrics", extra={"facts": {"page": page}})
    return (metrics,)
