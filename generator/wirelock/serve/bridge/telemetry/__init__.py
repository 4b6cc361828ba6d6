"""Telemetry of a running bridge: access log, metrics and traces."""
