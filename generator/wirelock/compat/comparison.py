"""breaking: what changed since an earlier state of a project, and whom it breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from wirelock.build import Build, build
from wirelock.compat.baseline import Earlier, earlier, own_protos
from wirelock.compat.changes import Policy, changes
from wirelock.compat.json import Side, json_changes
from wirelock.compat.json.change import Policy as JsonPolicy
from wirelock.compat.locations import Places, places
from wirelock.compat.registry import unknown_rules
from wirelock.compat.semver import advice
from wirelock.compat.suppressions import accepted
from wirelock.compat.usage import uses
from wirelock.compat.wire.additions import additions
from wirelock.compat.wire.rules import wire_changes
from wirelock.config import Breaking, Config
from wirelock.diagnostics import Addition, Code, Diagnostic, Location, Report, Severity, in_order
from wirelock.oracle import Reference
from wirelock.progress import Progress, silent

_SIDES = ("breaking_the_wire", "breaking_JSON_backward", "breaking_JSON_forward")
BASELINE_WITHOUT_SCHEMAS = Code("BASELINE_WITHOUT_SCHEMAS", Severity.WARNING)
BASELINE_NOT_SET = Code("BASELINE_NOT_SET", Severity.ERROR, fatal=True)


def compare(config: Config, against: str = "", progress: Progress = silent) -> Report:
    """Compare a project with an earlier state of it: a git ref, a folder, an archive or a descriptor set.

    Without `against`, that of the configuration. A branch stands for the commit at which HEAD left it.
    """
    reference = against or config.breaking.against
    if not reference:
        hint = 'name it: wirelock breaking --against origin/main, or [tool.wirelock.breaking] against = "origin/main"'
        return Report((Diagnostic(BASELINE_NOT_SET, Location(config.file), "there is nothing to compare with", hint),))
    return compared(build(config), reference, progress)


def compared_as_configured(built: Build, progress: Progress) -> Report:
    """What breaks since the state that the configuration names; where it names none, that nothing was compared."""
    reference = built.config.breaking.against
    if not reference:
        return Report(summary={"breaking": {"changes": "not configured"}})
    return replace(compared(built, reference, progress), advice=None)


def compared(built: Build, reference: str, progress: Progress) -> Report:
    """Compare a build with an earlier state, and say which release that asks for."""
    faults = unknown_rules(built.config.breaking)
    if not built.sound or faults:
        return Report(in_order((*built.diagnostics, *faults)))
    progress(f"reading {reference}", 0, 2)
    before = earlier(reference, built.config)
    if not isinstance(before, Earlier):
        return Report(before)
    progress("comparing", 1, 2)
    protos = own_protos(built)
    found = differences(before, built, protos)
    return _report(before, found, additions(before.protos, protos), built.config.breaking)


def differences(before: Earlier, built: Build, protos: FileDescriptorSet) -> tuple[Diagnostic, ...]:
    """What changed between an earlier state and a build with these protos, with both verdicts."""
    wire = wire_changes(before.protos, protos)
    json = json_changes(_side(before.build), _side(built)) if before.build else ()
    old = places(before.build) if before.build else Places({}, {}, built.config.schemas)
    return changes(wire, json, old, places(built), _policy(built, before))


def _side(built: Build) -> Side:
    return side(built, built.config.unknown_fields)


def side(built: Build, policy: JsonPolicy) -> Side:
    """One state as the JSON verdict takes it; the policy says what its objects hold beyond what they declare."""
    formats = built.config.format_assertion
    documents = {file: document.value for file, document in built.documents.items()}
    return Side(built.graph, policy, Reference(built.documents, formats).is_valid, documents, formats)


def _policy(built: Build, before: Earlier) -> Policy:
    stated = built.config.breaking
    graphs = [built.graph, *([before.build.graph] if before.build else [])]
    return Policy(stated.wire, {one.rule: one.severity for one in stated.severities}, uses(graphs))


def _report(before: Earlier, found: Sequence[Diagnostic], added: Sequence[Addition], stated: Breaking) -> Report:
    marked = in_order(accepted(found, stated.accept, stated.version))
    summary = {"baseline": _baseline(before), "breaking": _summary(marked)}
    told = in_order((*marked, *_not_compared(before)))
    return Report(told, summary, advice=advice(marked, added, stated.version))


def _not_compared(before: Earlier) -> tuple[Diagnostic, ...]:
    """That half of the comparison was not made, where the earlier state has no schemas."""
    if before.build is not None:
        return ()
    words = "JSON was not compared: a descriptor set has no schemas"
    hint = "name a git ref, a folder or an archive of the project to compare the schemas as well"
    return (Diagnostic(BASELINE_WITHOUT_SCHEMAS, Location(before.name), words, hint),)


def _baseline(before: Earlier) -> dict[str, int | str]:
    return {"state": before.name, **({} if before.build else {"schemas": "no"})}


def _summary(found: Iterable[Diagnostic]) -> dict[str, int | str]:
    told = [diagnostic for diagnostic in found if diagnostic.change is not None]
    broken = Counter(verdict for diagnostic in told for verdict in _broken(diagnostic))
    accepted = sum(bool(diagnostic.expected) for diagnostic in told)
    return {"changes": len(told), **{name: broken[name] for name in _SIDES}, "accepted": accepted}


def _broken(diagnostic: Diagnostic) -> Iterator[str]:
    """The verdicts that a change breaks."""
    change = diagnostic.change
    assert change is not None, "only changes are counted"
    breaks = (bool(change.wire), change.backward == "broken", change.forward == "broken")
    yield from (side for side, broken in zip(_SIDES, breaks, strict=True) if broken)
