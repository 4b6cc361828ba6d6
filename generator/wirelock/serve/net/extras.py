"""What of the optional packages is not installed."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from wirelock.diagnostics import Code, Diagnostic, Location, Severity

EXTRA_MISSING = Code("EXTRA_MISSING", Severity.ERROR, fatal=True)
LIVE = ("aiohttp", "grpc_health", "grpc_reflection", "grpc_status", "prometheus_client")
"""The packages of the extra `live`, as they are imported."""


def missing(extra: str, packages: Iterable[str]) -> Diagnostic | None:
    """A diagnostic that names the extra if one of its packages is not there; asked before anything imports them."""
    absent = [name for name in packages if not _is_there(name)]
    if not absent:
        return None
    words = f"this needs {', '.join(absent)}, which {'is' if len(absent) == 1 else 'are'} not installed"
    return Diagnostic(EXTRA_MISSING, Location(), words, f'pip install "wirelock[{extra}]"')


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # not even the package around it
        return False
