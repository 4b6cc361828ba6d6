"""check: what CI runs."""

from __future__ import annotations

from dataclasses import replace

from wirelock.api.comparison import compared_as_configured
from wirelock.api.emitting import Output, emitted
from wirelock.api.generation import brought_about
from wirelock.api.progress import Progress, silent
from wirelock.api.proving import proved
from wirelock.api.verification import configured, verified
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.diagnostics import Report

EXAMPLES = 5
"""Documents of each type that a check draws."""


def check(config: Config, progress: Progress = silent) -> Report:
    """Compare the generated files with the schemas and these with an earlier state, verify, prove a little; one report.

    The earlier state and the recordings are those of the configuration.
    """
    built = build(config)
    output = emitted(built, progress)
    compared = replace(brought_about(built, output, "check"), diff="")
    if compared.exit_code == 2:
        return compared
    checked = compared + compared_as_configured(built, progress) + _verified(built, output, progress)
    return checked + proved(built, output, EXAMPLES, 0, progress)


def _verified(built: Build, output: Output, progress: Progress) -> Report:
    if not built.config.recordings:
        return Report(summary={"recordings": {"files": "not configured"}})
    recordings, missing = configured(built.config)
    return Report(missing) + verified(built, output, recordings, "", progress)
