"""breaking, from Python: compare two projects or two schemas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from wirelock.api.compile import build_schema
from wirelock.api.project import Project, ProjectError
from wirelock.build import Build
from wirelock.compat.baseline import Baseline, compile_descriptors
from wirelock.compat.changes import BreakingPolicy, build_diagnostics
from wirelock.compat.comparison import build_side, diagnose_changes
from wirelock.compat.json import find_json_changes
from wirelock.compat.locations import index_locations
from wirelock.diagnostics import ChangeVerdict, Diagnostic
from wirelock.runtime.json.text import Json


@dataclass(frozen=True, slots=True)
class Compatibility:
    """The result of a comparison.

    `backward` is True if every document that is valid under the old schema is proved valid under the new one; `forward`
    is the reverse. Where one is False, its witness is a JSON text that shows it, or "" if neither a proof nor a
    document was found. `diagnostics` lists each change, and for projects also its effect on the wire.
    """

    backward: bool
    forward: bool
    backward_witness: str
    forward_witness: str
    diagnostics: tuple[Diagnostic, ...]


def breaking(old: Project | Json, new: Project | Json) -> Compatibility:
    """Compare two projects, or two schemas with the open content model of JSON Schema.

    Raises ProjectError or SchemaError if one does not compile, and TypeError for a project and a schema.
    """
    match old, new:
        case Project(), Project():
            return _to_compatibility(_compare_projects(require_sound(old), require_sound(new)))
        case (Project(), _) | (_, Project()):
            raise TypeError("a project is compared with a project, a schema with a schema")
        case _:
            return _to_compatibility(_compare_schemas(build_schema(old), build_schema(new)))


def require_sound(project: Project) -> Build:
    built = project.build()
    if not built.is_sound:
        raise ProjectError(tuple(diagnostic for diagnostic in built.diagnostics if diagnostic.is_failure))
    return built


def _compare_projects(old: Build, new: Build) -> tuple[Diagnostic, ...]:
    return diagnose_changes(Baseline("", compile_descriptors(old), old), new, compile_descriptors(new))


def _compare_schemas(old: Build, new: Build) -> tuple[Diagnostic, ...]:
    json_differences = find_json_changes(build_side(old, "open"), build_side(new, "open"))
    bare = replace(index_locations(new), locations={}, elements={})  # a bare schema has no protos to report on
    return build_diagnostics((), json_differences, bare, bare, BreakingPolicy("WIRE", {}, {}))


def _to_compatibility(diagnostics: tuple[Diagnostic, ...]) -> Compatibility:
    impacts = [diagnostic.impact for diagnostic in diagnostics if diagnostic.impact is not None]
    return Compatibility(
        _all_hold(impact.backward for impact in impacts),
        _all_hold(impact.forward for impact in impacts),
        min((impact.backward_witness for impact in impacts if impact.backward_witness), key=len, default=""),
        min((impact.forward_witness for impact in impacts if impact.forward_witness), key=len, default=""),
        diagnostics,
    )


def _all_hold(verdicts: Iterable[ChangeVerdict | None]) -> bool:
    return all(verdict in (ChangeVerdict.HOLDS, None) for verdict in verdicts)
