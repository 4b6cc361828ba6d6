"""check: what CI runs."""

from __future__ import annotations

from dataclasses import replace

from wirelock.api.cache import Recall
from wirelock.api.emit import Output, emitted
from wirelock.api.generate import brought_about
from wirelock.api.lint import linted
from wirelock.api.prove import proved
from wirelock.api.verify import configured, verified
from wirelock.build import Build, build
from wirelock.compat.comparison import compared, compared_as_configured
from wirelock.config import Config
from wirelock.diagnostics import Report
from wirelock.progress import Progress, silent
from wirelock.write import users_cache

EXAMPLES = 5
"""Documents of each type that a check draws."""


def check(config: Config, against: str = "", progress: Progress = silent) -> Report:
    """Compare the generated files with the schemas and these with an earlier state, advise, verify, prove a little.

    The recordings are those of the configuration, and so is the earlier state without `against`, which is a git ref, a
    folder, an archive or a descriptor set. After an error that leaves nothing to go on with, the rest is not tried.
    What is slow is done again only where something that it depends on changed (decision 0016).
    """
    built = build(config)
    output = emitted(built, progress)
    generated = replace(brought_about(built, output, "check"), diff="")
    if generated.exit_code == 2:
        return generated
    recall = Recall(users_cache())
    report = generated + linted(built) + _compared(built, against, progress)
    report += _verified(built, output, progress, recall)
    report += proved(built, output, EXAMPLES, 0, progress, recall)
    recall.close()
    return report


def _compared(built: Build, against: str, progress: Progress) -> Report:
    if not against:
        return compared_as_configured(built, progress)
    return replace(compared(built, against, progress), advice=None)


def _verified(built: Build, output: Output, progress: Progress, recall: Recall) -> Report:
    if not built.config.recordings:
        return Report(summary={"recordings": {"files": "not configured"}})
    recordings, missing = configured(built.config)
    return Report(missing) + verified(built, output, recordings, "", progress, recall)
