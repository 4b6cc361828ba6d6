"""Parser of schema and service documents into a type graph."""

from __future__ import annotations

from collections.abc import Mapping

from wirelock.diagnostics import Diagnostic, sort_unique
from wirelock.ir import TypeGraph
from wirelock.parse.contradictions import find_infinite_types
from wirelock.parse.cross_checks import find_reference_cycles, find_service_conflicts
from wirelock.parse.schemas import SchemaParser, check_document
from wirelock.parse.services import ServiceParser
from wirelock.parse.uncompilable import find_uncompilable, find_unidentifiable
from wirelock.runtime.schema.dialects import MetaSchemas
from wirelock.source import Document, Sources


def parse(
    folder: str, schemas: Mapping[str, Document], services: Mapping[str, Document], sources: Sources
) -> tuple[TypeGraph, tuple[Diagnostic, ...]]:
    """Parse the schema and service documents of one folder into a type graph; paths are relative to the folder."""
    meta = MetaSchemas({file: document.value for file, document in schemas.items()})
    invalid = [problem for document in schemas.values() if (problem := check_document(document, meta)) is not None]
    invalid += () if invalid else find_unidentifiable(schemas)
    if invalid:  # references to an invalid document would report the same problem again
        return TypeGraph(), sort_unique(invalid)
    schema_parser = SchemaParser(folder, schemas, sources)
    definitions = schema_parser.parse()
    service_parser = ServiceParser(folder, sources, definitions)
    parsed_services = service_parser.parse(services)
    diagnostics = [*schema_parser.diagnostics, *service_parser.diagnostics, *find_service_conflicts(parsed_services)]
    diagnostics += [*find_reference_cycles(definitions)] or [*find_infinite_types(definitions)]
    reported_locations = {diagnostic.location for diagnostic in diagnostics}
    diagnostics += [problem for problem in find_uncompilable(schemas) if problem.location not in reported_locations]
    return TypeGraph(definitions, parsed_services), sort_unique(diagnostics)
