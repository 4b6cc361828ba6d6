"""Which release the changes ask for, by Semantic Versioning 2.0.0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wirelock.config.breaking import release
from wirelock.diagnostics import Addition, Advice, Diagnostic, Release, Severity
from wirelock.runtime.words import counted


def advice(found: Iterable[Diagnostic], added: Sequence[Addition], version: str) -> Advice:
    """What the release must be called; a break that is accepted is one for its users all the same (clauses 6 to 8)."""
    told = [diagnostic for diagnostic in found if diagnostic.change is not None]
    broken = sum(diagnostic.level is Severity.ERROR for diagnostic in told)
    unproved = sum(diagnostic.level is Severity.WARNING for diagnostic in told)
    if broken or unproved:
        return _advice("major", _reason({"breaking change": broken, "unproved change": unproved}), version, added)
    if told or added:
        return _advice("minor", _reason({"addition": len(added), "compatible change": len(told)}), version, added)
    return _advice("patch", "nothing that users see has changed", version, added)


def _reason(counts: Mapping[str, int]) -> str:
    return ", ".join(counted(number, noun) for noun, number in counts.items() if number)


def _advice(kind: Release, reason: str, version: str, added: Sequence[Addition]) -> Advice:
    return Advice(kind, reason, version, _next(kind, version), tuple(added))


def _next(kind: Release, version: str) -> str:
    """The version after this one; before 1.0.0 (clause 4: anything may change) breaks raise the second number."""
    numbers = release(version)
    if numbers is None:
        return ""
    first, second, third = (*numbers, 0, 0, 0)[:3]
    match kind:
        case "major" if first:
            return f"{first + 1}.0.0"
        case "patch":
            return f"{first}.{second}.{third + 1}"
        case _:
            return f"{first}.{second + 1}.0"
