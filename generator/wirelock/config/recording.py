"""`[tool.wirelock.record]`: what a recorder leaves out beside the secrets that it knows itself."""

from __future__ import annotations

from typing import Any

from wirelock.config.tables import Table, as_table, items, unknown, wrong
from wirelock.diagnostics import Diagnostic


def redacted(table: Table) -> tuple[str, ...]:
    """The JSONPaths (RFC 9535) of values that are not written."""
    return tuple((as_table(table.keys.get("record")) or {}).get("redact", ()))


def wrong_recording(table: Table) -> list[Diagnostic]:
    """What is wrong with the table."""
    stated = as_table(table.keys.get("record", {}))
    if stated is None:
        return [wrong(table, "record", "a table")]
    are_paths = all(map(_is_path, items(stated.get("redact", []))))
    faults = [] if are_paths else [wrong(table, "redact", "a list of JSONPaths (RFC 9535)")]
    return [*unknown(table, stated, ("redact",)), *faults]


def _is_path(stated: object) -> bool:
    import jsonpath_rfc9535  # wanted only where something is to be redacted

    library: Any = jsonpath_rfc9535
    try:
        library.compile(stated if isinstance(stated, str) else "")
    except library.JSONPathError:
        return False
    return True
