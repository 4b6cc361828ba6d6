"""The parser state of one schema object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from wirelock.diagnostics import Code, Diagnostic, Location
from wirelock.ir import Node, TypeId
from wirelock.runtime.json.pointers import join_pointer
from wirelock.runtime.json.text import Json
from wirelock.runtime.schema.dialects import Dialect
from wirelock.source import Document


@dataclass(frozen=True, slots=True)
class SchemaContext:
    """The position of a schema object in a document, and the callbacks that parse related schemas.

    `parse_node` parses a subschema. `resolve` returns the named type of a `$ref`, or reports a diagnostic and returns
    None. `get_named_node` returns the node of a named type, which allOf needs to merge it. `surrounding_keywords` are
    the keywords of enclosing and adjacent schemas of the same instance that define its type and shape.
    """

    document: Document
    file: str
    pointer: str
    dialect: Dialect
    diagnostics: list[Diagnostic]
    parse_node: Callable[[Json, SchemaContext], Node]
    resolve: Callable[[str, SchemaContext], TypeId | None]
    get_named_node: Callable[[TypeId], Node | None]
    surrounding_keywords: frozenset[str] = frozenset()

    @property
    def location(self) -> Location:
        """The location of this schema object."""
        return self.document.get_location(self.pointer)

    def enter(self, *names: str | int) -> SchemaContext:
        """Return the context of a subschema that applies to a child of the instance."""
        return replace(self, pointer=self.pointer + join_pointer(names), surrounding_keywords=frozenset())

    def enter_branch(self, keyword: str, index: int) -> SchemaContext:
        """Return the context of a subschema that applies to the same instance."""
        return replace(self, pointer=self.pointer + join_pointer((keyword, index)))

    def report(self, code: Code, message: str, hint: str, keyword: str = "") -> None:
        """Add a diagnostic at this schema object, or at one of its keywords."""
        location = self.enter(keyword).location if keyword else self.location
        self.diagnostics.append(Diagnostic(code, location, message, hint))
