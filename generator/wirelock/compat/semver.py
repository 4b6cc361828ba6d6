"""Which release the changes ask for, by Semantic Versioning 2.0.0."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from wirelock.compat.usage import Use
from wirelock.config.breaking import release
from wirelock.diagnostics import Addition, Advice, Diagnostic, Release, Verdicts
from wirelock.runtime.json.formatting import counted

_ADDED = "PROPERTY_ADDED"
"""An optional one is an addition (clause 7), though an old document may have held anything under its name."""


def advice(found: Iterable[Diagnostic], added: Sequence[Addition], version: str) -> Advice:
    """What the release must be called, by what breaks; one that is accepted breaks its users all the same (6 to 8)."""
    verdicts = Counter(_verdict(one, one.change) for one in found if one.change is not None)
    told = verdicts.total()
    broken, unproved = verdicts["broken"], verdicts["unproved"]
    if broken or unproved:
        return _advice("major", _reason({"breaking change": broken, "unproved change": unproved}), version, added)
    if told or added:
        return _advice("minor", _reason({**_new(added), "compatible change": told}), version, added)
    return _advice("patch", "nothing that users see has changed", version, added)


def _verdict(diagnostic: Diagnostic, change: Verdicts) -> str:
    """The gravest thing that a change does to those who use it, whatever severity the configuration gives its rule."""
    if change.wire:
        return "broken"
    is_optional = diagnostic.code.id == _ADDED and not diagnostic.message.startswith("required ")
    if is_optional or not change.use:
        return "holds"
    use = Use(change.use)
    asked = [change.backward] * use.written_by_clients + [change.forward] * use.read_by_clients
    return next((word for word in ("broken", "unproved") if word in asked), "holds")


def _new(added: Sequence[Addition]) -> Mapping[str, int]:
    deprecated = sum(one.is_deprecation for one in added)
    return {"addition": len(added) - deprecated, "deprecation": deprecated}


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
