"""Codes of failures in the bridge, and between the bridge and its upstream."""

from wirelock.diagnostics import Code, Severity

UPSTREAM_ERROR = Code("UPSTREAM_ERROR", Severity.NOTE)
UPSTREAM_PROTOCOL_ERROR = Code("UPSTREAM_PROTOCOL_ERROR", Severity.ERROR)
BRIDGE_FAILED = Code("BRIDGE_FAILED", Severity.ERROR)
BRIDGE_DRAINING = Code("BRIDGE_DRAINING", Severity.NOTE)
UPSTREAM_TOO_LARGE = Code("UPSTREAM_TOO_LARGE", Severity.ERROR)
BRIDGE_OVERLOADED = Code("BRIDGE_OVERLOADED", Severity.ERROR)
UPSTREAM_TIMEOUT = Code("UPSTREAM_TIMEOUT", Severity.ERROR)
