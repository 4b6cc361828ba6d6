"""Diagnostic codes of a live check, in addition to those of traffic."""

from wirelock.diagnostics import Code, Severity

UPSTREAM_NO_RESPONSE = Code("UPSTREAM_NO_RESPONSE", Severity.ERROR)
UPSTREAM_REFUSED = Code("UPSTREAM_REFUSED", Severity.ERROR, fatal=True)
PATH_NOT_SERVED = Code("PATH_NOT_SERVED", Severity.ERROR)
CLEANUP_FAILED = Code("CLEANUP_FAILED", Severity.ERROR)
OPERATION_SKIPPED = Code("OPERATION_SKIPPED", Severity.NOTE)
STREAM_TRUNCATED = Code("STREAM_TRUNCATED", Severity.WARNING)
INTERRUPTED = Code("INTERRUPTED", Severity.ERROR, fatal=True)
