"""breaking, for programs: two projects or two schemas, and whether the documents of each are documents of the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from wirelock.api.compile import schema_build
from wirelock.api.project import Project, ProjectError
from wirelock.build import Build
from wirelock.compat.baseline import Earlier, own_protos
from wirelock.compat.changes import Policy, changes
from wirelock.compat.comparison import differences, side
from wirelock.compat.json import json_changes
from wirelock.compat.locations import places
from wirelock.diagnostics import Diagnostic
from wirelock.runtime.json.text import Json


@dataclass(frozen=True, slots=True)
class Compatibility:
    """What changed, and what that means for JSON documents.

    `backward`: every document valid under old is proved valid under new; `forward`: the reverse. Where one is False,
    its witness is a JSON text that shows it, or "" where neither a proof nor a document was found; `diagnostics` has
    each change by itself, and for projects what it breaks on the wire.
    """

    backward: bool
    forward: bool
    backward_witness: str
    forward_witness: str
    diagnostics: tuple[Diagnostic, ...]


def breaking(old: Project | Json, new: Project | Json) -> Compatibility:
    """Compare two projects, or two schemas by plain JSON Schema: what is undeclared is allowed unless refused.

    Raises ProjectError or SchemaError for what does not compile, TypeError for a project and a schema.
    """
    match old, new:
        case Project(), Project():
            return _compatibility(_of_projects(_sound(old), _sound(new)))
        case (Project(), _) | (_, Project()):
            raise TypeError("a project is compared with a project, a schema with a schema")
        case _:
            return _compatibility(_of_schemas(schema_build(old), schema_build(new)))


def _sound(project: Project) -> Build:
    built = project.build()
    if not built.sound:
        raise ProjectError(tuple(diagnostic for diagnostic in built.diagnostics if diagnostic.fails))
    return built


def _of_projects(old: Build, new: Build) -> tuple[Diagnostic, ...]:
    return differences(Earlier("", own_protos(old), old), new, own_protos(new))


def _of_schemas(old: Build, new: Build) -> tuple[Diagnostic, ...]:
    found = json_changes(side(old, "open"), side(new, "open"))
    bare = replace(places(new), where={}, elements={})  # nobody asked for the protos of a bare schema
    return changes((), found, bare, bare, Policy("WIRE", {}, {}))


def _compatibility(found: tuple[Diagnostic, ...]) -> Compatibility:
    verdicts = [diagnostic.change for diagnostic in found if diagnostic.change is not None]
    return Compatibility(
        _holds(one.backward for one in verdicts),
        _holds(one.forward for one in verdicts),
        min((one.backward_witness for one in verdicts if one.backward_witness), key=len, default=""),
        min((one.forward_witness for one in verdicts if one.forward_witness), key=len, default=""),
        found,
    )


def _holds(words: Iterable[str]) -> bool:
    return all(word in ("holds", "") for word in words)
