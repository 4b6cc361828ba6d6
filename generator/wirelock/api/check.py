"""check: the checks that CI runs."""

from __future__ import annotations

from dataclasses import replace

from wirelock.api.cache import ResultCache
from wirelock.api.emit import EmittedFiles, emit_all
from wirelock.api.generate import apply_output
from wirelock.api.lint import run_lint
from wirelock.api.project import Project
from wirelock.api.prove import prove_build
from wirelock.api.verify import find_recordings, verify_recordings
from wirelock.build import Build, build
from wirelock.compat.comparison import compare_build, compare_with_configured_baseline
from wirelock.diagnostics import Report
from wirelock.progress import ProgressCallback, noop_progress
from wirelock.write import open_user_cache

EXAMPLES_PER_TYPE = 5
"""Number of documents that a check draws for each type."""


def check(project: Project, against: str = "", progress: ProgressCallback = noop_progress) -> Report:
    """Check generated files, schemas, compatibility, recordings, and a few random documents of a project.

    Recordings and baseline come from the configuration; `against` (a git ref, folder, archive or descriptor set)
    replaces the baseline. After a fatal error the remaining steps are skipped. Slow steps reuse earlier results while
    their input is unchanged (decision 0016).
    """
    config = project.config
    built = build(config)
    output = emit_all(built, progress)
    generated = replace(apply_output(built, output, "check"), diff="")
    if generated.exit_code == 2:
        return generated
    cache = ResultCache(open_user_cache())
    report = generated + run_lint(built) + _compare_with_baseline(built, against, progress)
    report += _verify_recordings(built, output, progress, cache)
    report += prove_build(built, output, EXAMPLES_PER_TYPE, 0, progress, cache)
    cache.close()
    return report


def _compare_with_baseline(built: Build, against: str, progress: ProgressCallback) -> Report:
    if not against:
        return compare_with_configured_baseline(built, progress)
    return replace(compare_build(built, against, progress), advice=None)


def _verify_recordings(built: Build, output: EmittedFiles, progress: ProgressCallback, cache: ResultCache) -> Report:
    if not built.config.recordings:
        return Report(summary={"recordings": {"files": "not configured"}})
    recordings, missing = find_recordings(built.config)
    return Report(missing) + verify_recordings(built, output, recordings, "", progress, cache)
