"""One OpenAPI description to the schema and service files of a project."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wirelock.artifact import Artifact
from wirelock.diagnostics import Code, Diagnostic, Severity, in_order
from wirelock.naming import settle
from wirelock.openapi.discriminators import check_discriminator
from wirelock.openapi.documents import At, Library
from wirelock.openapi.files import DIALECT, EMPTY, EMPTY_SCHEMA, Files, Wanted, empty, printed, source_of
from wirelock.openapi.methods import Method, Methods, method_words
from wirelock.openapi.operations import Operation, operations
from wirelock.openapi.packages import Graph, Grouping, assigned, package_of
from wirelock.openapi.schemas import Key, Rewriter, inside
from wirelock.openapi.services import service, service_name
from wirelock.source import Document
from wirelock.source.origins import Origin

OPENAPI_VERSION = Code("OPENAPI_VERSION", Severity.ERROR, fatal=True)
_VERSION = re.compile(r"3\.([01])(\.\d+)?")
_BASE_DIALECT = "https://spec.openapis.org/oas/3.1/dialect/"


@dataclass(frozen=True, slots=True)
class Imported:
    """The files of a description, with their sources as emitters, and what was found on the way.

    `facts` are title, version and OpenAPI version; `counts` how many operations, schemas and packages there are.
    """

    artifacts: tuple[Artifact, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether the files may be written."""
        return not any(diagnostic.fails for diagnostic in self.diagnostics)


def import_description(
    entry: Document, origin: Origin, folder: str, grouping: Grouping, known: Mapping[str, str]
) -> Imported:
    """Split a description into files below a schema folder.

    `known` are the files of an earlier import, relative to the folder, by source: a schema keeps its file name.
    """
    version = _version(entry)
    if isinstance(version, Diagnostic):
        return Imported(diagnostics=(version,))
    library = Library(entry, origin)
    split = _Split(library, grouping, version.startswith("3.0"))
    artifacts = split.artifacts(folder, known)
    info = library.table(At(entry, "", entry.value), "info")
    words = {key: library.text(info, key) if info else "" for key in ("title", "version")}
    counts = {"operations": len(split.operations), "schemas": len(split.graph.schemas), "packages": split.packages}
    return Imported(artifacts, {**words, "openapi": version}, counts, in_order(library.diagnostics))


def _version(entry: Document) -> str | Diagnostic:
    stated = entry.value.get("openapi") if isinstance(entry.value, dict) else None
    if isinstance(stated, str) and _VERSION.fullmatch(stated):
        return stated
    old = entry.value.get("swagger") if isinstance(entry.value, dict) else None
    if old is not None:
        hint = "convert it to OpenAPI 3 first, for example with swagger2openapi"
        return Diagnostic(OPENAPI_VERSION, entry.at("/swagger"), f"this is Swagger {old}, not OpenAPI 3", hint)
    words = "this is no OpenAPI description" if stated is None else f"OpenAPI {stated} is not known"
    hint = "wirelock imports OpenAPI 3.0 and 3.1, which begin with openapi: 3.x.y"
    return Diagnostic(OPENAPI_VERSION, entry.at("/openapi"), words, hint)


class _Split:
    """The stages of one import."""

    def __init__(self, library: Library, grouping: Grouping, old: bool) -> None:
        self.library = library
        self.operations = operations(library)
        self.graph = Graph(library)
        self.packages = 0
        self._entry = At(library.entry, "", library.entry.value)
        self._grouping: Grouping = grouping
        self._rewriter = Rewriter(library, old)
        self._methods = Methods(library, self._rewriter)

    def artifacts(self, folder: str, known: Mapping[str, str]) -> tuple[Artifact, ...]:
        """Every file, sorted by path."""
        components = self.library.table(self._entry, "components")
        if components is not None:
            for _, schema in self.library.named(components, "schemas"):
                self.graph.add(schema)
        homes = {operation.key: package_of(operation, self._grouping) for operation in self.operations}
        self.packages = len(set(homes.values()))
        places = assigned(self.graph, self._used(homes))
        methods = self._named(homes)
        files = Files(self._wanted(places, methods), known, self.library)
        return tuple(sorted(self._written(files, places, methods, folder), key=lambda artifact: artifact.path))

    def _used(self, homes: Mapping[str, str]) -> dict[str, list[Key]]:
        """The schemas that the operations of each package mention."""
        used: dict[str, list[Key]] = {}
        for operation in self.operations:
            for schema in operation.schemas():
                for target in self.graph.referred(schema):
                    self.graph.add(self.library.at(target.document, target.pointer))
                    used.setdefault(homes[operation.key], []).append(target)
        return used

    def _named(self, homes: Mapping[str, str]) -> dict[str, list[Method]]:
        """The methods of each package, with names that differ, in document order."""
        by_package: dict[str, list[Operation]] = {}
        for operation in self.operations:
            by_package.setdefault(homes[operation.key], []).append(operation)
        return {package: self._in(package, found) for package, found in sorted(by_package.items())}

    def _in(self, package: str, found: Sequence[Operation]) -> list[Method]:
        names = settle({operation.key: method_words(operation) for operation in found})
        return [self._methods.method(operation, names[operation.key], package) for operation in found]

    def _wanted(self, places: Mapping[Key, str], methods: Mapping[str, list[Method]]) -> dict[str, Wanted]:
        own = self.library.entry.path
        wanted = {source_of(key, own): Wanted(package, key.name) for key, package in places.items()}
        for package, found in methods.items():
            for method in found:
                wanted |= {source: Wanted(package, name) for source, (name, _) in method.pieces.items()}
        if any(EMPTY in (method.request, method.response) for found in methods.values() for method in found):
            wanted[EMPTY] = empty()
        return wanted

    def _written(
        self, files: Files, places: Mapping[Key, str], methods: Mapping[str, list[Method]], folder: str
    ) -> list[Artifact]:
        dialect = self._dialect()
        schemas: dict[str, Any] = {}
        for key in places:
            source, at = source_of(key, self.library.entry.path), self.graph.schemas[key]
            for place in inside(at):
                if "discriminator" in place.table:
                    check_discriminator(place, self.library)
            schemas[source] = self._rewriter.rewritten(at, files.link(source))
        pieces = (piece for found in methods.values() for method in found for piece in method.pieces.items())
        schemas |= {source: make(files.link(source)) for source, (_, make) in pieces}
        if EMPTY in files:
            schemas[EMPTY] = EMPTY_SCHEMA
        written = [
            Artifact(f"{folder}/{files.path(source)}", files.content(source, schema, dialect), source)
            for source, schema in schemas.items()
        ]
        return [*written, *(self._service(package, found, files, folder) for package, found in methods.items())]

    def _service(self, package: str, methods: Sequence[Method], files: Files, folder: str) -> Artifact:
        name = service_name(package, files.messages(package))
        tags = {tag: words for tag, words in self._tags().items() if any(m.operation.tag == tag for m in methods)}
        words = next(iter(tags.values()), "") if self._grouping == "tag" else ""
        value = service(name, words, methods, files)
        return Artifact(f"{folder}/{package}/{package}.service.json", printed(value), f"service {package}")

    def _tags(self) -> dict[str, str]:
        stated = list(self.library.items(self._entry, "tags"))
        return {self.library.text(tag, "name"): self.library.text(tag, "description") for tag in stated}

    def _dialect(self) -> str:
        stated = self.library.text(self._entry, "jsonSchemaDialect")
        return DIALECT if not stated or stated.startswith(_BASE_DIALECT) else stated
