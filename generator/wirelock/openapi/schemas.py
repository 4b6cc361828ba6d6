"""Schemas of a description: their references, and their translation to separate files.

OpenAPI 3.1 schemas are draft 2020-12 with a few additional annotations; those of 3.0 are a dialect that is translated
(OpenAPI 3.0.3, "Schema Object").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from wirelock.openapi.documents import DescriptionReader, DocumentNode
from wirelock.runtime.json.pointers import join_pointer, split_pointer
from wirelock.runtime.json.text import Json
from wirelock.runtime.schema.documents import find_subschemas
from wirelock.source.openapi30 import NULLABLE_IGNORED, replace_subschemas, translate_schema_object

_FILE_ROOT = re.compile(r"(/components/schemas/[^/]+|/(?:\$defs|definitions)/[^/]+)(/.*)?")
_RENAMED = {"xml": "x-xml", "externalDocs": "x-externalDocs", "discriminator": "x-discriminator"}
_DROPPED = ("$id", "id")
"""References become relative to their file, and a base URI would change their meaning."""
_GENERIC_NAMES = frozenset(
    {"paths", "components", "responses", "parameters", "content", "application/json", "schema", "properties"}
)


@dataclass(frozen=True, slots=True, order=True)
class SchemaKey:
    """The document and pointer of a schema that gets its own file."""

    document: str
    pointer: str

    @property
    def name(self) -> str:
        """The name of the schema in the document."""
        if not self.pointer:
            return self.document.rpartition("/")[2].partition(".")[0]
        tokens = split_pointer(self.pointer)
        if _FILE_ROOT.fullmatch(self.pointer):
            return tokens[-1]
        return " ".join(token for token in tokens if token not in _GENERIC_NAMES) or tokens[-1]


def split_node(node: DocumentNode) -> tuple[SchemaKey, str]:
    """Return the schema file that a node belongs to, and the pointer inside that schema."""
    match = _FILE_ROOT.fullmatch(node.pointer)
    if match is None:
        return SchemaKey(node.document.path, node.pointer), ""
    return SchemaKey(node.document.path, match[1]), match[2] or ""


def walk_schema(schema: DocumentNode) -> Iterator[DocumentNode]:
    """Yield a schema and all its subschemas, outermost first."""
    pending = [schema]
    while pending:
        node = pending.pop()
        yield node
        subschemas = [
            node.descend(*tokens)
            for keyword, value in node.members.items()
            for tokens, _ in _find_subschemas(keyword, value)
        ]
        pending += reversed(subschemas)


def _find_subschemas(keyword: str, value: Json) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    if keyword == "contentSchema":
        yield ("contentSchema",), value
    else:
        yield from find_subschemas(keyword, value)


def find_targets(schema: DocumentNode, reader: DescriptionReader) -> Iterator[DocumentNode]:
    """Yield the targets of the references in a schema."""
    for node in walk_schema(schema):
        if node.reference is not None:
            target = reader.resolve(node, node.reference)
            if target is not None:
                yield target


RewriteReference = Callable[[DocumentNode, str], str]
"""Returns the new text of a reference, given the object that contains it."""


@dataclass(frozen=True, slots=True)
class SchemaRewriter:
    """Rewrites the schemas of a description as draft 2020-12."""

    reader: DescriptionReader
    is_openapi30: bool

    def rewrite(self, schema: DocumentNode, rewrite_reference: RewriteReference) -> Json:
        """Return the schema as draft 2020-12, with its references rewritten."""
        if not schema.is_object:
            if not isinstance(schema.value, bool):
                self.reader.report_invalid(schema, "a schema must be an object or a boolean")
            return cast("Json", schema.value)
        members = self._translate(schema) if self.is_openapi30 else schema.members
        return {
            _RENAMED.get(keyword, keyword): self._rewrite_keyword(keyword, value, schema, rewrite_reference)
            for keyword, value in members.items()
            if keyword not in _DROPPED
        }

    def _rewrite_keyword(
        self, keyword: str, value: Any, schema: DocumentNode, rewrite_reference: RewriteReference
    ) -> Json:
        if keyword == "$ref" and isinstance(value, str):
            return rewrite_reference(schema, value)
        if keyword == "discriminator" and isinstance(value, dict):
            return _rewrite_discriminator(cast("dict[str, Any]", value), schema, rewrite_reference)
        subschemas = {
            tokens: self.rewrite(
                DocumentNode(schema.document, schema.pointer + join_pointer(tokens), subschema), rewrite_reference
            )
            for tokens, subschema in _find_subschemas(keyword, value)
        }
        return replace_subschemas(keyword, value, subschemas)

    def _translate(self, schema: DocumentNode) -> dict[str, Any]:
        """Return the members of an OpenAPI 3.0 schema object as draft 2020-12."""
        translation, ignored = translate_schema_object(schema.members)
        if ignored is not None:
            self.reader.report(NULLABLE_IGNORED, schema.descend("nullable"), ignored.message, ignored.hint)
        return translation


def _rewrite_discriminator(
    discriminator: Mapping[str, Any], schema: DocumentNode, rewrite_reference: RewriteReference
) -> Json:
    mapping = discriminator.get("mapping")
    if not isinstance(mapping, dict):
        return dict(discriminator)
    targets = cast("dict[str, Any]", mapping)
    return {
        **discriminator,
        "mapping": {
            value: _rewrite_mapping_target(target, schema, rewrite_reference) for value, target in targets.items()
        },
    }


def _rewrite_mapping_target(target: Any, schema: DocumentNode, rewrite_reference: RewriteReference) -> Json:
    is_reference = isinstance(target, str) and ("#" in target or "/" in target)
    return rewrite_reference(schema, target) if is_reference else cast("Json", target)
