"""Source to TypeGraph."""

from __future__ import annotations

from collections.abc import Mapping

from wirelock.diagnostics import Diagnostic, in_order
from wirelock.ir import TypeGraph
from wirelock.parse.refused import refused
from wirelock.parse.schemas import SchemaParser, sound
from wirelock.parse.services import ServiceParser
from wirelock.source import Document, Sources


def parse(
    folder: str, schemas: Mapping[str, Document], services: Mapping[str, Document], sources: Sources
) -> tuple[TypeGraph, tuple[Diagnostic, ...]]:
    """Parse the schema and service documents below one folder (paths relative to it) to one graph."""
    unsound = [fault for document in schemas.values() if (fault := sound(document)) is not None]
    broken = {fault.where.file for fault in unsound}
    usable = {file: document for file, document in schemas.items() if document.path not in broken}
    schema_parser = SchemaParser(folder, usable, sources)
    definitions = schema_parser.parse()
    service_parser = ServiceParser(folder, sources, definitions)
    parsed = service_parser.parse(services) if not unsound else ()
    found = [*unsound, *schema_parser.diagnostics, *service_parser.diagnostics]
    places = {diagnostic.where for diagnostic in found}
    found += [fault for fault in refused(usable) if fault.where not in places] if not unsound else []
    return TypeGraph(definitions, parsed), in_order(found)
