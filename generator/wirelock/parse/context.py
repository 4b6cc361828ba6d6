"""Where the parser stands: the document, the pointer, and the sink for what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from wirelock.diagnostics import Code, Diagnostic, Location
from wirelock.ir import Node, TypeId
from wirelock.runtime.json.pointers import pointer_of
from wirelock.runtime.json.text import Json
from wirelock.runtime.schema.dialects import Dialect
from wirelock.source import Document


@dataclass(frozen=True, slots=True)
class Place:
    """One schema object in one document.

    `node` parses a subschema; `resolve` turns a `$ref` into the named type it means, or reports and gives None;
    `named` gives the node of a named type (for allOf, which has to look inside). `around` are the keywords in which
    the schemas of the same value, around this one or beside it, say of which type and shape that value is.
    """

    document: Document
    file: str
    pointer: str
    dialect: Dialect
    sink: list[Diagnostic]
    node: Callable[[Json, Place], Node]
    resolve: Callable[[str, Place], TypeId | None]
    named: Callable[[TypeId], Node | None]
    around: frozenset[str] = frozenset()

    @property
    def where(self) -> Location:
        """The location of this schema."""
        return self.document.at(self.pointer)

    def below(self, *names: str | int) -> Place:
        """The place of a subschema for a value inside."""
        return replace(self, pointer=self.pointer + pointer_of(names), around=frozenset())

    def branch(self, keyword: str, index: int) -> Place:
        """The place of a subschema for the same value."""
        return replace(self, pointer=self.pointer + pointer_of((keyword, index)))

    def report(self, code: Code, message: str, hint: str, keyword: str = "") -> None:
        """Say what is wrong here, at the keyword if one is named."""
        where = self.below(keyword).where if keyword else self.where
        self.sink.append(Diagnostic(code, where, message, hint))
