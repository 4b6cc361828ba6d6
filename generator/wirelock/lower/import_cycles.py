"""Packages that refer to each other in a circle: neither protos nor modules of models can import each other so."""

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


def of_protos(files: Sequence[ProtoFile]) -> tuple[Diagnostic, ...]:
    """The first circle of proto files, shown whole."""
    starts = {file.path: next((message.source for message in file.messages), Location()) for file in files}
    return _diagnosed("packages import each other", {file.path: file.imports for file in files}, starts)


def of_models(models: ModelPlan, graph: TypeGraph) -> tuple[Diagnostic, ...]:
    """The first circle of modules: what is a free-form value to protobuf, which imports nothing for it, has a class."""
    imports: dict[str, dict[str, None]] = {}
    for name, schema in models.components.items():
        module = ClassName.of(name).module
        others = (ClassName.of(other.rpartition("/")[2]).module for other in _references(schema))
        imports.setdefault(module, {}).update(dict.fromkeys(other for other in others if other != module))
    starts = {name.module: graph.definitions[key].node.where for key, name in models.roots.items()}
    return _diagnosed("packages refer to each other", imports, starts)


def _references(schema: object) -> Iterator[str]:
    match schema:
        case {"$ref": str(name)}:
            yield name
        case dict():
            for inner in cast("dict[str, object]", schema).values():
                yield from _references(inner)
        case list():
            for inner in cast("list[object]", schema):
                yield from _references(inner)
        case _:
            pass


def _diagnosed(words: str, imports: Imports, starts: Mapping[str, Location]) -> tuple[Diagnostic, ...]:
    done: set[str] = set()
    for start in sorted(imports):
        if circle := _from(start, imports, [], done):
            shown, hint = " -> ".join(circle), "move the types that refer to each other into one folder"
            where = starts.get(start, Location())
            return (Diagnostic(PACKAGE_CYCLE, where, f"{words} in a circle: {shown}", hint),)
    return ()


def _from(file: str, imports: Imports, path: list[str], done: set[str]) -> list[str]:
    if file in path:
        return [*path[path.index(file) :], file]
    if file in done:
        return []
    for other in imports.get(file, ()):
        if found := _from(other, imports, [*path, file], done):
            return found
    done.add(file)
    return []
