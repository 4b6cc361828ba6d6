"""Codes of findings in traffic."""

from wirelock.diagnostics import Code, Severity
from wirelock.runtime import findings

VIOLATION = Code(findings.VIOLATION, Severity.ERROR)
MALFORMED = Code(findings.MALFORMED, Severity.ERROR)
NOT_REPRESENTABLE = Code(findings.NOT_REPRESENTABLE, Severity.ERROR)
UNDECLARED_FIELD = Code(findings.UNDECLARED_FIELD, Severity.ERROR)
PRECISION_LOST = Code(findings.PRECISION_LOST, Severity.WARNING)
FINDINGS = {code.id: code for code in (VIOLATION, MALFORMED, NOT_REPRESENTABLE, UNDECLARED_FIELD, PRECISION_LOST)}
"""Codes of findings of validator, model and codec."""

DISAGREEMENT = Code("DISAGREEMENT", Severity.ERROR)
ROUND_TRIP_MISMATCH = Code("ROUND_TRIP_MISMATCH", Severity.ERROR)
STATUS_UNDOCUMENTED = Code("STATUS_UNDOCUMENTED", Severity.ERROR)
MEDIA_TYPE_UNDOCUMENTED = Code("MEDIA_TYPE_UNDOCUMENTED", Severity.ERROR)
SERVER_ERROR = Code("SERVER_ERROR", Severity.ERROR)
BODY_MISSING = Code("BODY_MISSING", Severity.ERROR)
BODY_NOT_CHECKED = Code("BODY_NOT_CHECKED", Severity.NOTE)
ROUTE_UNDOCUMENTED = Code("ROUTE_UNDOCUMENTED", Severity.NOTE)
NOTHING_CHECKED = Code("NOTHING_CHECKED", Severity.ERROR, fatal=True)
EXPECTATION_UNUSED = Code("EXPECTATION_UNUSED", Severity.ERROR)
