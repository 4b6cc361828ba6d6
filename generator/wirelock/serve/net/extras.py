"""Checks for the packages of optional extras."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from wirelock.diagnostics import Code, Diagnostic, Location, Severity

EXTRA_MISSING = Code("EXTRA_MISSING", Severity.ERROR, fatal=True)
LIVE_PACKAGES = ("aiohttp", "grpc_health", "grpc_reflection", "grpc_status", "prometheus_client")
"""The import names of the packages in the extra `live`."""


def check_extra(extra: str, packages: Iterable[str]) -> Diagnostic | None:
    """Return a diagnostic that names the extra if one of its packages is not installed; imports nothing."""
    absent = [name for name in packages if not _is_installed(name)]
    if not absent:
        return None
    message = f"this needs {', '.join(absent)}, which {'is' if len(absent) == 1 else 'are'} not installed"
    return Diagnostic(EXTRA_MISSING, Location(), message, f'run: pip install "wirelock[{extra}]"')


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the parent package is not installed either
        return False
