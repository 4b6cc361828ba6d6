"""Recorded and live traffic: recording formats, routes, redaction, and the check of exchanges."""
