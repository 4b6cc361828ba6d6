"""The codes of what goes wrong between a bridge and its upstream."""

from wirelock.diagnostics import Code, Severity

UPSTREAM_ERROR = Code("UPSTREAM_ERROR", Severity.NOTE)
UPSTREAM_BROKEN = Code("UPSTREAM_BROKEN", Severity.ERROR)
UPSTREAM_TOO_LARGE = Code("UPSTREAM_TOO_LARGE", Severity.ERROR)
