"""check: what CI runs."""

from __future__ import annotations

from dataclasses import replace

from wirelock.api.emitting import emitted
from wirelock.api.generation import brought_about
from wirelock.api.progress import Progress, silent
from wirelock.api.verification import configured, verified
from wirelock.build import build
from wirelock.config import Config
from wirelock.diagnostics import Report


def check(config: Config, progress: Progress = silent) -> Report:
    """Compare the generated files with the schemas, and verify the configured recordings; one report."""
    built = build(config)
    output = emitted(built, progress)
    compared = replace(brought_about(built, output, "check"), diff="")
    if compared.exit_code == 2:
        return compared
    if not config.recordings:
        return compared + Report(summary={"recordings": {"files": "not configured"}})
    recordings, missing = configured(config)
    return compared + Report(missing) + verified(built, output, recordings, "", progress)
