"""Import cycles between packages, which neither protos nor model modules allow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import cast

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.ir import TypeGraph
from wirelock.lower.class_names import ClassName
from wirelock.lower.model_plan import ModelPlan
from wirelock.lower.plan import ProtoFile

PACKAGE_CYCLE = Code("PACKAGE_CYCLE", Severity.ERROR, fatal=True)
Imports = Mapping[str, Collection[str]]


def check_protos(files: Sequence[ProtoFile]) -> tuple[Diagnostic, ...]:
    """Report the first import cycle of proto files."""
    starts = {file.path: next((message.source for message in file.messages), Location()) for file in files}
    return _report_cycle(
        "proto files import each other in a cycle", {file.path: file.imports for file in files}, starts
    )


def check_models(models: ModelPlan, graph: TypeGraph) -> tuple[Diagnostic, ...]:
    """Report the first import cycle of model modules.

    Protos can have none where models have one: a union that is a free-form value in protobuf has classes here.
    """
    imports: dict[str, dict[str, None]] = {}
    for name, schema in models.components.items():
        module = ClassName.parse(name).module
        others = (ClassName.parse(other.rpartition("/")[2]).module for other in _iter_references(schema))
        imports.setdefault(module, {}).update(dict.fromkeys(other for other in others if other != module))
    starts = {name.module: graph.definitions[key].node.location for key, name in models.roots.items()}
    return _report_cycle("model modules import each other in a cycle", imports, starts)


def _iter_references(schema: object) -> Iterator[str]:
    match schema:
        case {"$ref": str(name)}:
            yield name
        case dict():
            for inner in cast("dict[str, object]", schema).values():
                yield from _iter_references(inner)
        case list():
            for inner in cast("list[object]", schema):
                yield from _iter_references(inner)
        case _:
            pass


def _report_cycle(summary: str, imports: Imports, starts: Mapping[str, Location]) -> tuple[Diagnostic, ...]:
    done: set[str] = set()
    for start in sorted(imports):
        if cycle := _find_cycle(start, imports, [], done):
            hint = "move the types that refer to each other into one folder"
            location = starts.get(start, Location())
            return (Diagnostic(PACKAGE_CYCLE, location, f"{summary}: {' -> '.join(cycle)}", hint),)
    return ()


def _find_cycle(file: str, imports: Imports, path: list[str], done: set[str]) -> list[str]:
    if file in path:
        return [*path[path.index(file) :], file]
    if file in done:
        return []
    for other in imports.get(file, ()):
        if cycle := _find_cycle(other, imports, [*path, file], done):
            return cycle
    done.add(file)
    return []
