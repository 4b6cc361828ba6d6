"""breaking: the changes since a baseline, and what they break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from wirelock.build import Build, build
from wirelock.compat.baseline import Baseline, compile_descriptors, load_baseline
from wirelock.compat.changes import BreakingPolicy, build_diagnostics
from wirelock.compat.json import Side, find_json_changes
from wirelock.compat.json.change import UndeclaredPolicy as JsonPolicy
from wirelock.compat.locations import ElementLocations, index_locations
from wirelock.compat.registry import find_unknown_rules
from wirelock.compat.semver import advise_release
from wirelock.compat.suppressions import apply_suppressions
from wirelock.compat.usage import find_usages
from wirelock.compat.wire.additions import find_additions
from wirelock.compat.wire.rules import find_wire_changes
from wirelock.config import BreakingSettings, Config
from wirelock.diagnostics import Addition, ChangeVerdict, Code, Diagnostic, Location, Report, Severity, sort_unique
from wirelock.oracle import ReferenceValidator
from wirelock.progress import ProgressCallback, noop_progress

_VERDICT_KEYS = ("breaking_the_wire", "breaking_JSON_backward", "breaking_JSON_forward")
BASELINE_WITHOUT_SCHEMAS = Code("BASELINE_WITHOUT_SCHEMAS", Severity.WARNING)
BASELINE_NOT_SET = Code("BASELINE_NOT_SET", Severity.ERROR, fatal=True)


def compare(config: Config, against: str = "", progress: ProgressCallback = noop_progress) -> Report:
    """Compare a project with a baseline: a git ref, a folder, an archive or a descriptor set.

    Without `against`, the configured baseline is used. A branch name means its merge base with HEAD.
    """
    reference = against or config.breaking.against
    if not reference:
        hint = (
            'run: wirelock breaking --against origin/main; or set against = "origin/main" in [tool.wirelock.breaking]'
        )
        return Report((Diagnostic(BASELINE_NOT_SET, Location(config.file), "no baseline is set", hint),))
    return compare_build(build(config), reference, progress)


def compare_with_configured_baseline(built: Build, progress: ProgressCallback) -> Report:
    """Compare a build with the configured baseline; without one, report that nothing was compared."""
    reference = built.config.breaking.against
    if not reference:
        return Report(summary={"breaking": {"changes": "not configured"}})
    return replace(compare_build(built, reference, progress), advice=None)


def compare_build(built: Build, reference: str, progress: ProgressCallback) -> Report:
    """Compare a build with a baseline, and advise which release the changes require."""
    unknown_rules = find_unknown_rules(built.config.breaking)
    if not built.is_sound or unknown_rules:
        return Report(sort_unique((*built.diagnostics, *unknown_rules)))
    progress(f"reading {reference}", 0, 2)
    baseline = load_baseline(reference, built.config)
    if not isinstance(baseline, Baseline):
        return Report(baseline)
    progress("comparing", 1, 2)
    protos = compile_descriptors(built)
    changes = diagnose_changes(baseline, built, protos)
    return _build_report(baseline, changes, find_additions(baseline.protos, protos), built.config.breaking)


def diagnose_changes(baseline: Baseline, built: Build, protos: FileDescriptorSet) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each change from a baseline to a build with these protos."""
    wire = find_wire_changes(baseline.protos, protos)
    json = find_json_changes(_build_own_side(baseline.build), _build_own_side(built)) if baseline.build else ()
    old = index_locations(baseline.build) if baseline.build else ElementLocations({}, {}, built.config.schemas)
    return build_diagnostics(wire, json, old, index_locations(built), _build_policy(built, baseline))


def _build_own_side(built: Build) -> Side:
    """Return one side with the configured policy."""
    return build_side(built, built.config.unknown_fields)


def build_side(built: Build, policy: JsonPolicy) -> Side:
    """Return one side of the JSON comparison; `policy` decides about undeclared properties."""
    format_assertion = built.config.format_assertion
    documents = {file: document.value for file, document in built.documents.items()}
    return Side(
        built.graph, policy, ReferenceValidator(built.documents, format_assertion).is_valid, documents, format_assertion
    )


def _build_policy(built: Build, baseline: Baseline) -> BreakingPolicy:
    settings = built.config.breaking
    graphs = [built.graph, *([baseline.build.graph] if baseline.build else [])]
    severities = {item.rule: item.severity for item in settings.severities}
    return BreakingPolicy(settings.wire, severities, find_usages(graphs))


def _build_report(
    baseline: Baseline, changes: Sequence[Diagnostic], added: Sequence[Addition], settings: BreakingSettings
) -> Report:
    diagnostics = sort_unique(apply_suppressions(changes, settings.accept, settings.version))
    summary = {"baseline": _summarize_baseline(baseline), "breaking": _summarize_changes(diagnostics)}
    advice = advise_release(diagnostics, added, settings.version)
    return Report(sort_unique((*diagnostics, *_warn_without_schemas(baseline))), summary, advice=advice)


def _warn_without_schemas(baseline: Baseline) -> tuple[Diagnostic, ...]:
    """Return a warning if the baseline has no schemas, so that JSON was not compared."""
    if baseline.build is not None:
        return ()
    message = "JSON was not compared: a descriptor set has no schemas"
    hint = "name a git ref, a folder or an archive of the project to compare the schemas as well"
    return (Diagnostic(BASELINE_WITHOUT_SCHEMAS, Location(baseline.name), message, hint),)


def _summarize_baseline(baseline: Baseline) -> dict[str, int | str]:
    return {"state": baseline.name, **({} if baseline.build else {"schemas": "no"})}


def _summarize_changes(diagnostics: Iterable[Diagnostic]) -> dict[str, int | str]:
    changes = [diagnostic for diagnostic in diagnostics if diagnostic.impact is not None]
    broken = Counter(key for change in changes for key in _get_broken_verdicts(change))
    accepted = sum(bool(change.expected_reason) for change in changes)
    return {"changes": len(changes), **{name: broken[name] for name in _VERDICT_KEYS}, "accepted": accepted}


def _get_broken_verdicts(diagnostic: Diagnostic) -> Iterator[str]:
    """Yield the summary keys of the verdicts that a change breaks."""
    impact = diagnostic.impact
    assert impact is not None, "only changes are counted"
    are_broken = (
        bool(impact.wire_rules),
        impact.backward is ChangeVerdict.BROKEN,
        impact.forward is ChangeVerdict.BROKEN,
    )
    yield from (key for key, is_broken in zip(_VERDICT_KEYS, are_broken, strict=True) if is_broken)
