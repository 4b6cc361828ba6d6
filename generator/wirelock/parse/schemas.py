"""Parser of schema documents into named types."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace

from wirelock.diagnostics import Diagnostic
from wirelock.ir import AnyValue, Definition, Never, Node, Shape, TypeId
from wirelock.parse.codes import DIALECT_UNKNOWN, KEYWORD_UNKNOWN, SCHEMA_INVALID
from wirelock.parse.context import SchemaContext
from wirelock.parse.contradictions import report_contradictions
from wirelock.parse.extensions import parse_extensions
from wirelock.parse.keywords import KEYWORDS, UNMODELLED_KEYWORDS
from wirelock.parse.meta import find_violation
from wirelock.parse.shapes import build_shape
from wirelock.runtime.json.formatting import describe_value
from wirelock.runtime.json.pointers import escape_token, split_pointer
from wirelock.runtime.json.text import Json
from wirelock.runtime.schema.dialects import DIALECTS, DRAFT_2020_12, Dialect, MetaSchemas
from wirelock.runtime.schema.documents import get_value_at
from wirelock.source import Document, ReferenceTarget, Sources
from wirelock.source.dialects import OPENAPI_3_0

SUFFIX = ".schema.json"
MAX_SCHEMA_DEPTH = 64
"""The maximum nesting depth of a schema document, below the recursion limit of the code that walks it."""
_TYPE_KEYWORDS = frozenset({"type", "enum", "const", "$ref"})
"""Keywords that determine the allowed types of a value; a referenced type determines its own."""


def check_document(document: Document, meta: MetaSchemas) -> Diagnostic | None:
    """Return a diagnostic if a document is not a valid schema of a known dialect, else None."""
    schema = document.value
    if not isinstance(schema, dict | bool):
        message = f"not a schema: {describe_value(schema)}"
        return Diagnostic(SCHEMA_INVALID, document.get_location(""), message, "use an object or a boolean")
    dialect = _find_dialect(schema, meta)
    if dialect is None:
        message = f"unknown dialect {schema['$schema']!r}" if isinstance(schema, dict) else ""
        hint = f"use one of {', '.join((*DIALECTS, OPENAPI_3_0))}"
        return Diagnostic(DIALECT_UNKNOWN, document.get_location("/$schema"), message, hint)
    too_deep = next((at for at in document.positions if at.count("/") > MAX_SCHEMA_DEPTH), None)
    if too_deep is not None:
        message = f"the schema is nested deeper than {MAX_SCHEMA_DEPTH} levels"
        return Diagnostic(SCHEMA_INVALID, document.get_location(too_deep), message, "move inner schemas to $defs")
    violation = find_violation(schema, dialect.uri)
    if violation is None:
        return None
    hint = f"correct the value as defined by {dialect.uri}"
    return Diagnostic(
        SCHEMA_INVALID, document.get_location(violation.pointer), f"not a valid schema: {violation.message}", hint
    )


def _find_dialect(schema: dict[str, Json] | bool, meta: MetaSchemas) -> Dialect | None:
    declared = schema.get("$schema", DRAFT_2020_12.uri) if isinstance(schema, dict) else DRAFT_2020_12.uri
    return meta.get_dialect(declared) if isinstance(declared, str) else None


class SchemaParser:
    """Parses the documents of one project, with the named types that references lead to."""

    def __init__(self, folder: str, documents: Mapping[str, Document], sources: Sources) -> None:
        self._folder = folder
        self._documents = documents
        self._sources = sources
        self._definitions: dict[TypeId, Definition] = {}
        self._in_progress: set[TypeId] = set()
        self._pending: list[TypeId] = []
        self.diagnostics: list[Diagnostic] = []

    def parse(self) -> dict[TypeId, Definition]:
        """Parse the root of each file, its `$defs` and all other referenced subschemas; returns them in file order."""
        for file, document in self._documents.items():
            self._pending.append(TypeId(file))
            for keyword in ("$defs", "definitions"):
                named = get_value_at(document.value, (keyword,))
                for name in named if isinstance(named, dict) else ():
                    self._pending.append(TypeId(file, f"/{keyword}/{escape_token(name)}"))
        while self._pending:  # a loop instead of recursion, because chains of references may have any length
            self.parse_type(self._pending.pop())
        return {key: self._definitions[key] for key in sorted(self._definitions, key=self._get_sort_key)}

    def _get_sort_key(self, key: TypeId) -> tuple[str, int, str]:
        return (key.file, 0 if not key.pointer else 1, key.pointer)

    def parse_type(self, key: TypeId) -> Node | None:
        """Return the node of a named type, parsed on first use; None while it is being parsed (recursion)."""
        if key in self._definitions:
            return self._definitions[key].node
        if key in self._in_progress or key.file not in self._documents:
            return None
        self._in_progress.add(key)
        document = self._documents[key.file]
        context = SchemaContext(
            document,
            key.file,
            key.pointer,
            self._sources.get_dialect(document.path, key.pointer),
            self.diagnostics,
            self._parse_node,
            self._resolve_reference,
            self.parse_type,
        )
        node = self._parse_node(get_value_at(document.value, split_pointer(key.pointer)), context)
        self._definitions[key] = Definition(key, _name_type(key, node), node)
        self._in_progress.discard(key)
        return node

    def _resolve_reference(self, reference: str, context: SchemaContext) -> TypeId | None:
        target = self._sources.resolve(context.document.path, context.pointer, reference)
        if not isinstance(target, ReferenceTarget):
            context.report(target.code, target.message, target.hint, "$ref")
            return None
        key = TypeId(target.path.removeprefix(self._folder + "/"), target.pointer)
        if key.file not in self._documents:
            return None
        self._pending.append(key)
        return None if self._sources.depends_on_dynamic_scope(target.path, target.pointer) else key

    def _parse_node(self, schema: Json, context: SchemaContext) -> Node:
        if isinstance(schema, bool):
            return Node(AnyValue() if schema else Never(), context.location)
        assert isinstance(schema, dict)
        if (
            "$id" in schema
            and self._is_nested(context)
            and self._sources.depends_on_dynamic_scope(context.document.path, context.pointer)
        ):
            # the meaning depends on the place of use, so no class can represent it
            return Node(AnyValue(), context.location, unmodelled_keywords=("$id",))
        if context.dialect.ref_overrides_siblings and "$ref" in schema:
            schema = {key: value for key, value in schema.items() if key in ("$ref", "$comment") or key[:2] == "x-"}
        keywords = self._parse_keywords(schema, context)
        report_contradictions(keywords, context)
        shape, unmodelled = build_shape(keywords, context)
        return _build_node(shape, keywords, context, unmodelled)

    def _is_nested(self, context: SchemaContext) -> bool:
        return TypeId(context.file, context.pointer) not in self._in_progress

    def _parse_keywords(self, schema: Mapping[str, Json], context: SchemaContext) -> dict[str, object]:
        keywords: dict[str, object] = {}
        context = replace(context, surrounding_keywords=context.surrounding_keywords | _find_typing_keywords(schema))
        for keyword, value in schema.items():
            parse = KEYWORDS.get(keyword)
            if keyword in context.dialect.ignored_keywords:
                hint = f"{context.dialect.uri} does not define it: remove the keyword, or declare another dialect"
                context.report(KEYWORD_UNKNOWN, f"keyword {keyword!r} has no effect", hint, keyword)
            elif parse is not None:
                keywords[keyword] = parse(value, context)
            elif not keyword.startswith("x-") and keyword not in context.dialect.annotations:
                near = difflib.get_close_matches(keyword, KEYWORDS, 1)
                hint = (
                    f"did you mean {near[0]!r}?"
                    if near
                    else "correct or remove the keyword; custom keywords begin with x-"
                )
                context.report(KEYWORD_UNKNOWN, f"unknown keyword {keyword!r} has no effect", hint, keyword)
        return keywords


def _find_typing_keywords(schema: Mapping[str, Json]) -> frozenset[str]:
    """Return the keywords that define type and shape for all branches of a schema, including those inside allOf."""
    parts = schema.get("allOf", [])
    assert isinstance(parts, list)
    of_parts = (_find_typing_keywords(part) & _TYPE_KEYWORDS for part in parts if isinstance(part, dict))
    return frozenset[str]((_TYPE_KEYWORDS | {"properties"}) & schema.keys()).union(*of_parts)


def _build_node(
    shape: Shape, keywords: Mapping[str, object], context: SchemaContext, unmodelled: tuple[str, ...]
) -> Node:
    return Node(
        shape,
        context.location,
        str(keywords.get("title", "")),
        str(keywords.get("description", "")),
        keywords.get("deprecated") is True,
        parse_extensions(keywords, context),
        tuple(dict.fromkeys((*(keyword for keyword in UNMODELLED_KEYWORDS if keyword in keywords), *unmodelled))),
    )


def _name_type(key: TypeId, node: Node) -> str:
    """Return the name of a type: the key of a definition, else the title or the name of the file."""
    if key.pointer:
        return split_pointer(key.pointer)[-1]
    return node.title or key.file.rpartition("/")[2].removesuffix(SUFFIX)
