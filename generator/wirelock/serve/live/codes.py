"""The diagnostics of a live check, beside those of traffic."""

from wirelock.diagnostics import Code, Severity

UPSTREAM_UNANSWERED = Code("UPSTREAM_UNANSWERED", Severity.ERROR)
UPSTREAM_REFUSED = Code("UPSTREAM_REFUSED", Severity.ERROR, fatal=True)
PATH_NOT_SERVED = Code("PATH_NOT_SERVED", Severity.ERROR)
LEFT_BEHIND = Code("LEFT_BEHIND", Severity.ERROR)
NOT_CALLED = Code("NOT_CALLED", Severity.NOTE)
STREAM_CUT = Code("STREAM_CUT", Severity.WARNING)
INTERRUPTED = Code("INTERRUPTED", Severity.ERROR, fatal=True)
