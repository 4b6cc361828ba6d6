"""prove: documents drawn from the schemas, held against schema, validator, model and codec."""

from __future__ import annotations

from wirelock.api.emitting import Output, emitted
from wirelock.api.progress import Progress, silent
from wirelock.artifacts import load
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.diagnostics import Report, in_order
from wirelock.emit.mapping import type_name

EXAMPLES = 100


def prove(config: Config, examples: int | None = None, seed: int = 0, progress: Progress = silent) -> Report:
    """Try a number of documents of each type (None: 100); the same seed draws the same documents."""
    built = build(config)
    return proved(built, emitted(built, progress), EXAMPLES if examples is None else examples, seed, progress)


def proved(built: Build, output: Output, examples: int, seed: int, progress: Progress) -> Report:
    """Prove what was emitted."""
    from wirelock.prove.proving import Prover  # hypothesis takes long to import

    if not output.sound:
        return Report(output.diagnostics)
    prover = Prover(built, load(built, output.artifacts).contract)
    keys = tuple(built.graph.definitions)
    found = list(output.diagnostics)
    for count, key in enumerate(keys):
        progress(f"proving {type_name(key)}", count, len(keys))
        disproof = prover.prove(key, examples, seed)
        found += [disproof] if disproof is not None else []
    counts: dict[str, int | str] = {
        "types": len(keys),
        "documents": prover.tried.documents,
        "valid": prover.tried.valid,
    }
    return Report(in_order(found), {"proof": counts})
