"""Checks of discriminators (OpenAPI 3.1, "Discriminator Object").

A discriminator does not affect validity, so the schema files keep it for readers only; the code that parses unions
distinguishes branches by their constants.
"""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.diagnostics import Code, Severity
from wirelock.openapi.documents import DescriptionReader, DocumentNode
from wirelock.runtime.json.pointers import escape_token

DISCRIMINATOR_UNKNOWN = Code("DISCRIMINATOR_UNKNOWN", Severity.ERROR, fatal=True)


def check_discriminator(schema: DocumentNode, reader: DescriptionReader) -> None:
    """Report a discriminator that names an undeclared property or a missing schema."""
    discriminator = reader.get_object(schema, "discriminator")
    if discriminator is None:
        return
    name = reader.get_string(discriminator, "propertyName")
    if not name:
        reader.report_invalid(discriminator, "a discriminator must have a propertyName")
        return
    declared = set(_find_properties(schema, reader, set()))
    if name not in declared:
        message = f"the discriminator property {name} is not declared by any branch"
        hint = f"the branches declare {', '.join(sorted(declared)) or 'no properties'}"
        reader.report(DISCRIMINATOR_UNKNOWN, discriminator.descend("propertyName"), message, hint)
    for value, target in reader.iter_members(discriminator, "mapping"):
        if not (isinstance(target.value, str) and _is_schema(target.value, target, reader)):
            message = f"the discriminator maps {value} to {target.value}, which is not a schema"
            reader.report(DISCRIMINATOR_UNKNOWN, target, message, "use the name of a schema, or a reference to one")


def _is_schema(target: str, node: DocumentNode, reader: DescriptionReader) -> bool:
    """Return True if a mapping target is the name of a schema of the document, or a reference to one."""
    component = reader.find(node, f"#/components/schemas/{escape_token(target)}")
    return isinstance(component, DocumentNode) or isinstance(reader.find(node, target), DocumentNode)


def _find_properties(schema: DocumentNode, reader: DescriptionReader, seen: set[tuple[str, str]]) -> Iterator[str]:
    """Yield the names of the properties that a schema and its branches declare."""
    node = reader.dereference(schema)
    if node is None or node.key in seen or not node.is_object:
        return
    seen.add(node.key)
    yield from node.descend("properties").members if "properties" in node.members else ()
    for keyword in ("oneOf", "anyOf", "allOf"):
        for branch in reader.iter_items(node, keyword):
            yield from _find_properties(branch, reader, seen)
