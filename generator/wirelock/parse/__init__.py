"""Source to TypeGraph."""

from __future__ import annotations

from collections.abc import Mapping

from wirelock.diagnostics import Diagnostic, in_order
from wirelock.ir import TypeGraph
from wirelock.parse.schemas import SchemaParser, sound
from wirelock.parse.services import ServiceParser
from wirelock.source import Document, Sources


def parse(
    folder: str, schemas: Mapping[str, Document], services: Mapping[str, Document], sources: Sources
) -> tuple[TypeGraph, tuple[Diagnostic, ...]]:
    """Parse the schema and service documents below one folder (paths relative to it) to one graph."""
    unsound = [fault for document in schemas.values() if (fault := sound(document)) is not None]
    broken = {fault.where.file for fault in unsound}
    schema_parser = SchemaParser(folder, {f: d for f, d in schemas.items() if d.path not in broken}, sources)
    definitions = schema_parser.parse()
    service_parser = ServiceParser(folder, sources, definitions)
    parsed = service_parser.parse(services) if not unsound else ()
    found = in_order((*unsound, *schema_parser.diagnostics, *service_parser.diagnostics))
    return TypeGraph(definitions, parsed), found
