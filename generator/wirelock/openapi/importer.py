"""Import of an OpenAPI description as the schema and service files of a project."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wirelock.artifact import Artifact
from wirelock.diagnostics import Code, Diagnostic, Severity, sort_unique
from wirelock.naming import assign_unique_names
from wirelock.openapi.discriminators import check_discriminator
from wirelock.openapi.documents import DescriptionReader, DocumentNode
from wirelock.openapi.files import (
    DIALECT,
    EMPTY,
    EMPTY_FILE,
    EMPTY_SCHEMA,
    PlannedFile,
    SchemaFiles,
    format_json,
    format_source,
)
from wirelock.openapi.methods import ImportedMethod, MethodBuilder, derive_method_name
from wirelock.openapi.operations import Operation, read_operations
from wirelock.openapi.packages import Grouping, SchemaGraph, assign_packages, choose_operation_package
from wirelock.openapi.schemas import SchemaKey, SchemaRewriter, walk_schema
from wirelock.openapi.services import build_service, make_service_name
from wirelock.runtime.json.text import Json
from wirelock.source import Document
from wirelock.source.origins import Origin

OPENAPI_VERSION = Code("OPENAPI_VERSION", Severity.ERROR, fatal=True)
_VERSION = re.compile(r"3\.([01])(\.\d+)?")
_BASE_DIALECT = "https://spec.openapis.org/oas/3.1/dialect/"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The files of a description, with their sources as emitters, and diagnostics.

    `facts` are title, version and OpenAPI version; `counts` the numbers of operations, schemas and packages.
    """

    artifacts: tuple[Artifact, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def is_sound(self) -> bool:
        """True if the files may be written."""
        return not any(diagnostic.is_failure for diagnostic in self.diagnostics)


def import_description(
    entry: Document, origin: Origin, folder: str, grouping: Grouping, known: Mapping[str, str]
) -> ImportResult:
    """Split a description into schema and service files below a schema folder.

    `known` are the files of an earlier import by source, relative to the folder; their schemas keep these names.
    """
    version = _read_version(entry)
    if isinstance(version, Diagnostic):
        return ImportResult(diagnostics=(version,))
    reader = DescriptionReader(entry, origin)
    importer = _Importer(reader, grouping, version.startswith("3.0"))
    artifacts = importer.build_artifacts(folder, known)
    info = reader.get_object(DocumentNode(entry, "", entry.value), "info")
    facts = {name: reader.get_string(info, name) if info else "" for name in ("title", "version")}
    counts = {
        "operations": len(importer.operations),
        "schemas": len(importer.graph.schemas),
        "packages": importer.package_count,
    }
    return ImportResult(artifacts, {**facts, "openapi": version}, counts, sort_unique(reader.diagnostics))


def _read_version(entry: Document) -> str | Diagnostic:
    version = entry.value.get("openapi") if isinstance(entry.value, dict) else None
    if isinstance(version, str) and _VERSION.fullmatch(version):
        return version
    swagger = entry.value.get("swagger") if isinstance(entry.value, dict) else None
    if swagger is not None:
        message = f"this is Swagger {swagger}; expected OpenAPI 3.0 or 3.1"
        hint = "convert it to OpenAPI 3 first, for example with swagger2openapi"
        return Diagnostic(OPENAPI_VERSION, entry.get_location("/swagger"), message, hint)
    message = "this is not an OpenAPI description" if version is None else f"OpenAPI {version} is not supported"
    hint = "wirelock imports OpenAPI 3.0 and 3.1, which begin with openapi: 3.x.y"
    return Diagnostic(OPENAPI_VERSION, entry.get_location("/openapi"), message, hint)


class _Importer:
    """The stages of one import."""

    def __init__(self, reader: DescriptionReader, grouping: Grouping, is_openapi30: bool) -> None:
        self.operations = read_operations(reader)
        self.graph = SchemaGraph(reader)
        self.package_count = 0
        self._reader = reader
        self._root = DocumentNode(reader.entry, "", reader.entry.value)
        self._grouping: Grouping = grouping
        self._rewriter = SchemaRewriter(reader, is_openapi30)
        self._method_builder = MethodBuilder(reader, self._rewriter)

    def build_artifacts(self, folder: str, known: Mapping[str, str]) -> tuple[Artifact, ...]:
        """Return all files, sorted by path."""
        components = self._reader.get_object(self._root, "components")
        if components is not None:
            for _, schema in self._reader.iter_members(components, "schemas"):
                self.graph.add(schema)
        packages = {op.key: choose_operation_package(op, self._grouping) for op in self.operations}
        self.package_count = len(set(packages.values()))
        schema_packages = assign_packages(self.graph, self._find_used_schemas(packages))
        methods = self._build_methods(packages)
        files = SchemaFiles(self._plan_files(schema_packages, methods), known, self._reader)
        schemas = self._rewrite_schemas(files, methods)
        dialect = self._read_dialect()
        artifacts = [
            Artifact(f"{folder}/{files.get_path(source)}", files.format_schema(source, schema, dialect), source)
            for source, schema in schemas.items()
        ]
        artifacts += (self._build_service_file(package, methods[package], files, folder) for package in methods)
        return tuple(sorted(artifacts, key=lambda artifact: artifact.path))

    def _find_used_schemas(self, packages: Mapping[str, str]) -> dict[str, list[SchemaKey]]:
        """Return the schemas that the operations of each package refer to."""
        used: dict[str, list[SchemaKey]] = {}
        for operation in self.operations:
            for schema in operation.iter_schemas():
                for key in self.graph.find_references(schema):
                    self.graph.add(self._reader.get_node(key.document, key.pointer))
                    used.setdefault(packages[operation.key], []).append(key)
        return used

    def _build_methods(self, packages: Mapping[str, str]) -> dict[str, list[ImportedMethod]]:
        """Return the methods of each package in document order, with unique names."""
        by_package: dict[str, list[Operation]] = {}
        for operation in self.operations:
            by_package.setdefault(packages[operation.key], []).append(operation)
        return {
            package: self._build_package_methods(package, operations)
            for package, operations in sorted(by_package.items())
        }

    def _build_package_methods(self, package: str, operations: Sequence[Operation]) -> list[ImportedMethod]:
        names = assign_unique_names({operation.key: derive_method_name(operation) for operation in operations})
        return [self._method_builder.build(operation, names[operation.key], package) for operation in operations]

    def _plan_files(
        self, schema_packages: Mapping[SchemaKey, str], methods: Mapping[str, list[ImportedMethod]]
    ) -> dict[str, PlannedFile]:
        entry = self._reader.entry.path
        planned = {
            format_source(key, entry): PlannedFile(package, key.name) for key, package in schema_packages.items()
        }
        for package, package_methods in methods.items():
            for method in package_methods:
                planned |= {source: PlannedFile(package, name) for source, (name, _) in method.own_schemas.items()}
                if EMPTY in (method.request, method.response):
                    planned[EMPTY] = EMPTY_FILE
        return planned

    def _rewrite_schemas(self, files: SchemaFiles, methods: Mapping[str, list[ImportedMethod]]) -> dict[str, Json]:
        """Return the content of all schema files by source."""
        schemas: dict[str, Json] = {}
        for key, schema in self.graph.schemas.items():
            for node in walk_schema(schema):
                if "discriminator" in node.members:
                    check_discriminator(node, self._reader)
            source = format_source(key, self._reader.entry.path)
            schemas[source] = self._rewriter.rewrite(schema, files.build_reference_rewriter(source))
        for package_methods in methods.values():
            for method in package_methods:
                for source, (_, build_schema) in method.own_schemas.items():
                    schemas[source] = build_schema(files.build_reference_rewriter(source))
        if EMPTY in files:
            schemas[EMPTY] = EMPTY_SCHEMA
        return schemas

    def _build_service_file(
        self, package: str, methods: Sequence[ImportedMethod], files: SchemaFiles, folder: str
    ) -> Artifact:
        name = make_service_name(package, files.get_names(package))
        used_tags = {method.operation.tag for method in methods}
        descriptions = [description for tag, description in self._read_tags().items() if tag in used_tags]
        description = descriptions[0] if descriptions and self._grouping == "tag" else ""
        content = format_json(build_service(name, description, methods, files))
        return Artifact(f"{folder}/{package}/{package}.service.json", content, f"service {package}")

    def _read_tags(self) -> dict[str, str]:
        """Return the descriptions of the declared tags by name."""
        tags = list(self._reader.iter_items(self._root, "tags"))
        return {self._reader.get_string(tag, "name"): self._reader.get_string(tag, "description") for tag in tags}

    def _read_dialect(self) -> str:
        dialect = self._reader.get_string(self._root, "jsonSchemaDialect")
        return DIALECT if not dialect or dialect.startswith(_BASE_DIALECT) else dialect
