"""Schema documents to named types."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace

from wirelock.diagnostics import Diagnostic
from wirelock.ir import Anything, Definition, Never, Node, Shape, TypeId
from wirelock.parse.codes import DIALECT_UNKNOWN, KEYWORD_UNKNOWN, SCHEMA_INVALID
from wirelock.parse.context import Place
from wirelock.parse.contradictions import contradictions
from wirelock.parse.extensions import hints
from wirelock.parse.keywords import CHECKS, KEYWORDS
from wirelock.parse.meta import schema_fault
from wirelock.parse.shapes import shape_of
from wirelock.runtime.json.pointers import names_of, token
from wirelock.runtime.json.text import Json
from wirelock.runtime.schema.dialects import DIALECTS, DRAFT_2020_12, Dialect, MetaSchemas
from wirelock.runtime.schema.documents import value_at
from wirelock.source import Document, Sources, Target
from wirelock.source.dialects import OPENAPI_3_0

SUFFIX = ".schema.json"
MAX_SCHEMA_DEPTH = 64
"""How many values a schema document may have inside each other: what walks them has room for more than these."""
_TYPES = frozenset({"type", "enum", "const", "$ref"})
"""Keywords that say which types a value may have; a type that is referred to answers for itself."""


def sound(document: Document, meta: MetaSchemas) -> Diagnostic | None:
    """What keeps a document from being a schema of one of our dialects, or None."""
    schema = document.value
    if not isinstance(schema, dict | bool):
        return Diagnostic(SCHEMA_INVALID, document.at(""), "a schema is an object or a boolean", "wrap it in an object")
    dialect = _stated(schema, meta)
    if dialect is None:
        words = f"unknown dialect {schema['$schema']!r}" if isinstance(schema, dict) else ""
        hint = f"wirelock knows {', '.join((*DIALECTS, OPENAPI_3_0))}"
        return Diagnostic(DIALECT_UNKNOWN, document.at("/$schema"), words, hint)
    deep = next((at for at in document.positions if at.count("/") > MAX_SCHEMA_DEPTH), None)
    if deep is not None:
        words = f"not a schema that can be read: nested deeper than {MAX_SCHEMA_DEPTH}"
        return Diagnostic(SCHEMA_INVALID, document.at(deep), words, "give inner schemas names in $defs")
    fault = schema_fault(schema, dialect.uri)
    if fault is None:
        return None
    hint = "the keyword's value has a type that its specification does not allow"
    return Diagnostic(SCHEMA_INVALID, document.at(fault.pointer), f"not a valid schema: {fault.message}", hint)


def _stated(schema: dict[str, Json] | bool, meta: MetaSchemas) -> Dialect | None:
    stated = schema.get("$schema", DRAFT_2020_12.uri) if isinstance(schema, dict) else DRAFT_2020_12.uri
    return meta.dialect(stated) if isinstance(stated, str) else None


class SchemaParser:
    """Parses the documents of one project; named types are found by reference as it goes."""

    def __init__(self, folder: str, documents: Mapping[str, Document], sources: Sources) -> None:
        self._folder = folder
        self._documents = documents
        self._sources = sources
        self._definitions: dict[TypeId, Definition] = {}
        self._open: set[TypeId] = set()
        self._mentioned: list[TypeId] = []
        self.diagnostics: list[Diagnostic] = []

    def parse(self) -> dict[TypeId, Definition]:
        """Every file's root, its `$defs`, and whatever else is referred to, in file order."""
        for file, document in self._documents.items():
            self._mentioned.append(TypeId(file))
            for keyword in ("$defs", "definitions"):
                named = value_at(document.value, (keyword,))
                for name in named if isinstance(named, dict) else ():
                    self._mentioned.append(TypeId(file, f"/{keyword}/{token(name)}"))
        while self._mentioned:  # a type is not parsed inside the one that mentions it: chains may be of any length
            self.define(self._mentioned.pop())
        return {key: self._definitions[key] for key in sorted(self._definitions, key=self._order)}

    def _order(self, key: TypeId) -> tuple[str, int, str]:
        return (key.file, 0 if not key.pointer else 1, key.pointer)

    def define(self, key: TypeId) -> Node | None:
        """The node of a named type, parsed if need be; None while it is being parsed (recursion)."""
        if key in self._definitions:
            return self._definitions[key].node
        if key in self._open or key.file not in self._documents:
            return None
        self._open.add(key)
        document = self._documents[key.file]
        place = Place(
            document,
            key.file,
            key.pointer,
            self._sources.dialect(document.path, key.pointer),
            self.diagnostics,
            self._node,
            self._resolve,
            self.define,
        )
        node = self._node(value_at(document.value, names_of(key.pointer)), place)
        self._definitions[key] = Definition(key, _name(key, node), node)
        self._open.discard(key)
        return node

    def _resolve(self, reference: str, place: Place) -> TypeId | None:
        found = self._sources.resolve(place.document.path, place.pointer, reference)
        if not isinstance(found, Target):
            place.report(found.code, found.message, found.hint, "$ref")
            return None
        key = TypeId(found.path.removeprefix(self._folder + "/"), found.pointer)
        if key.file not in self._documents:
            return None
        self._mentioned.append(key)
        return None if self._sources.depends(found.path, found.pointer) else key

    def _node(self, schema: Json, place: Place) -> Node:
        if isinstance(schema, bool):
            return Node(Anything() if schema else Never(), place.where)
        assert isinstance(schema, dict)
        if "$id" in schema and self._is_inside(place) and self._sources.depends(place.document.path, place.pointer):
            return Node(Anything(), place.where, checks=("$id",))  # no class of its own could know where it is used
        if place.dialect.ref_alone and "$ref" in schema:
            schema = {key: value for key, value in schema.items() if key in ("$ref", "$comment") or key[:2] == "x-"}
        facts = self._facts(schema, place)
        contradictions(facts, place)
        shape, beside = shape_of(facts, place)
        return _described(shape, facts, place, beside)

    def _is_inside(self, place: Place) -> bool:
        return TypeId(place.file, place.pointer) not in self._open

    def _facts(self, schema: Mapping[str, Json], place: Place) -> dict[str, object]:
        facts: dict[str, object] = {}
        place = replace(place, around=place.around | _says_of_value(schema))
        for keyword, value in schema.items():
            parse = KEYWORDS.get(keyword)
            if keyword in place.dialect.void:
                hint = f"it is of another dialect than {place.dialect.uri}; state that one, or leave the keyword out"
                place.report(KEYWORD_UNKNOWN, f"keyword {keyword!r} has no effect", hint, keyword)
            elif parse is not None:
                facts[keyword] = parse(value, place)
            elif not keyword.startswith("x-") and keyword not in place.dialect.words:
                near = difflib.get_close_matches(keyword, KEYWORDS, 1)
                hint = f"did you mean {near[0]!r}?" if near else "keywords of your own start with x-"
                place.report(KEYWORD_UNKNOWN, f"unknown keyword {keyword!r} has no effect", hint, keyword)
        return facts


def _says_of_value(schema: Mapping[str, Json]) -> frozenset[str]:
    """The keywords in which a schema says what its branches need not say again; a part of allOf has its say in all."""
    parts = schema.get("allOf", [])
    assert isinstance(parts, list)
    of_parts = (_says_of_value(part) & _TYPES for part in parts if isinstance(part, dict))
    return frozenset[str]((_TYPES | {"properties"}) & schema.keys()).union(*of_parts)


def _described(shape: Shape, facts: Mapping[str, object], place: Place, beside: tuple[str, ...]) -> Node:
    return Node(
        shape,
        place.where,
        str(facts.get("title", "")),
        str(facts.get("description", "")),
        facts.get("deprecated") is True,
        hints(facts, place),
        tuple(dict.fromkeys((*(keyword for keyword in CHECKS if keyword in facts), *beside))),
    )


def _name(key: TypeId, node: Node) -> str:
    """The type's name in words: a file's title, or its file name; a definition's key."""
    if key.pointer:
        return names_of(key.pointer)[-1]
    return node.title or key.file.rpartition("/")[2].removesuffix(SUFFIX)
