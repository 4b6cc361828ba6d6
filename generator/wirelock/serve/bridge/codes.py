"""The codes of what goes wrong in a bridge, and between it and its upstream."""

from wirelock.diagnostics import Code, Severity

UPSTREAM_ERROR = Code("UPSTREAM_ERROR", Severity.NOTE)
UPSTREAM_BROKEN = Code("UPSTREAM_BROKEN", Severity.ERROR)
BRIDGE_FAILED = Code("BRIDGE_FAILED", Severity.ERROR)
BRIDGE_DRAINING = Code("BRIDGE_DRAINING", Severity.NOTE)
UPSTREAM_TOO_LARGE = Code("UPSTREAM_TOO_LARGE", Severity.ERROR)
UPSTREAM_BUSY = Code("UPSTREAM_BUSY", Severity.ERROR)
UPSTREAM_SLOW = Code("UPSTREAM_SLOW", Severity.ERROR)
