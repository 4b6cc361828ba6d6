"""Source to TypeGraph."""

from __future__ import annotations

from collections.abc import Mapping

from wirelock.diagnostics import Diagnostic, in_order
from wirelock.ir import TypeGraph
from wirelock.parse.contradictions import endless
from wirelock.parse.cross_checks import between, circles
from wirelock.parse.schemas import SchemaParser, sound
from wirelock.parse.services import ServiceParser
from wirelock.parse.uncompilable import confused, refused
from wirelock.runtime.schema.dialects import MetaSchemas
from wirelock.source import Document, Sources


def parse(
    folder: str, schemas: Mapping[str, Document], services: Mapping[str, Document], sources: Sources
) -> tuple[TypeGraph, tuple[Diagnostic, ...]]:
    """Parse the schema and service documents below one folder (paths relative to it) to one graph."""
    meta = MetaSchemas({file: document.value for file, document in schemas.items()})
    unsound = [fault for document in schemas.values() if (fault := sound(document, meta)) is not None]
    unsound += () if unsound else confused(schemas)
    if unsound:  # whatever refers to them would be a second finding for one fault
        return TypeGraph(), in_order(unsound)
    schema_parser = SchemaParser(folder, schemas, sources)
    definitions = schema_parser.parse()
    service_parser = ServiceParser(folder, sources, definitions)
    services_found = service_parser.parse(services)
    found = [*schema_parser.diagnostics, *service_parser.diagnostics, *between(services_found)]
    found += [*circles(definitions)] or [*endless(definitions)]
    places = {diagnostic.where for diagnostic in found}
    found += [fault for fault in refused(schemas) if fault.where not in places]
    return TypeGraph(definitions, services_found), in_order(found)
