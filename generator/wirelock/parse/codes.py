"""The diagnostics of parsing: what a schema or service file may not say."""

from wirelock.diagnostics import Code, Severity

DIALECT_UNKNOWN = Code("DIALECT_UNKNOWN", Severity.ERROR, fatal=True)
SCHEMA_INVALID = Code("SCHEMA_INVALID", Severity.ERROR, fatal=True)
KEYWORD_UNKNOWN = Code("KEYWORD_UNKNOWN", Severity.WARNING)
SCHEMA_UNSATISFIABLE = Code("SCHEMA_UNSATISFIABLE", Severity.WARNING)
TYPE_MISSING = Code("TYPE_MISSING", Severity.WARNING)
PATTERN_REFUSED = Code("PATTERN_REFUSED", Severity.ERROR, fatal=True)
REFERENCE_CYCLE = Code("REFERENCE_CYCLE", Severity.ERROR, fatal=True)
SERVICE_CONFLICT = Code("SERVICE_CONFLICT", Severity.ERROR, fatal=True)
EXTENSION_INVALID = Code("EXTENSION_INVALID", Severity.ERROR, fatal=True)
ALL_OF_UNMERGEABLE = Code("ALL_OF_UNMERGEABLE", Severity.WARNING)
SERVICE_INVALID = Code("SERVICE_INVALID", Severity.ERROR, fatal=True)
SERVICE_SCHEMA_MISSING = Code("SERVICE_SCHEMA_MISSING", Severity.ERROR, fatal=True)
SERVICE_PATH_INVALID = Code("SERVICE_PATH_INVALID", Severity.ERROR, fatal=True)
SERVICE_PROPERTY_MISSING = Code("SERVICE_PROPERTY_MISSING", Severity.ERROR, fatal=True)
