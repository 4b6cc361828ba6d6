"""Advice on the next release by Semantic Versioning 2.0.0."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from wirelock.compat.usage import Usage
from wirelock.config.breaking import parse_release
from wirelock.diagnostics import Addition, ChangeImpact, ChangeVerdict, Diagnostic, Release, ReleaseAdvice
from wirelock.runtime.json.formatting import format_count

_ADDED = "PROPERTY_ADDED"
"""An optional property is an addition (clause 7), even if old documents may contain anything under its name."""


def advise_release(diagnostics: Iterable[Diagnostic], added: Sequence[Addition], version: str) -> ReleaseAdvice:
    """Return the release that the changes require (clauses 6 to 8). A suppressed break still breaks users."""
    verdicts = Counter(
        _get_verdict(diagnostic, diagnostic.impact) for diagnostic in diagnostics if diagnostic.impact is not None
    )
    change_count = verdicts.total()
    broken, unknown = verdicts[ChangeVerdict.BROKEN], verdicts[ChangeVerdict.UNPROVED]
    if broken or unknown:
        return _build_advice(
            "major", _format_reason({"breaking change": broken, "unproved change": unknown}), version, added
        )
    if change_count or added:
        return _build_advice(
            "minor", _format_reason({**_count_additions(added), "compatible change": change_count}), version, added
        )
    return _build_advice("patch", "no user-visible change", version, added)


def _get_verdict(diagnostic: Diagnostic, impact: ChangeImpact) -> ChangeVerdict:
    """Return the worst effect of a change on the users of its type, regardless of configured severities."""
    if impact.wire_rules:
        return ChangeVerdict.BROKEN
    is_optional = diagnostic.code.id == _ADDED and not diagnostic.message.startswith("required ")
    if is_optional or not impact.usage:
        return ChangeVerdict.HOLDS
    usage = Usage(impact.usage)
    verdicts = [impact.backward] * usage.written_by_clients + [impact.forward] * usage.read_by_clients
    bad = (verdict for verdict in (ChangeVerdict.BROKEN, ChangeVerdict.UNPROVED) if verdict in verdicts)
    return next(bad, ChangeVerdict.HOLDS)


def _count_additions(added: Sequence[Addition]) -> Mapping[str, int]:
    deprecated = sum(addition.is_deprecation for addition in added)
    return {"addition": len(added) - deprecated, "deprecation": deprecated}


def _format_reason(counts: Mapping[str, int]) -> str:
    return ", ".join(format_count(number, noun) for noun, number in counts.items() if number)


def _build_advice(kind: Release, reason: str, version: str, added: Sequence[Addition]) -> ReleaseAdvice:
    return ReleaseAdvice(kind, reason, version, _bump_version(kind, version), tuple(added))


def _bump_version(kind: Release, version: str) -> str:
    """Return the next version. Before 1.0.0 (clause 4), a break raises the second number."""
    numbers = parse_release(version)
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
