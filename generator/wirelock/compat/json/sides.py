"""Both sides of a comparison in their two roles: writer and reader of documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wirelock.compat.json.change import Side
from wirelock.compat.json.samples import Samples
from wirelock.compat.json.unmodelled_keywords import UnmodelledKeywords
from wirelock.compat.json.views import View, build_reader_view, build_writer_view
from wirelock.ir import Definition, TypeId
from wirelock.runtime.json.text import Json


@dataclass(frozen=True, slots=True)
class PreparedSide:
    """A side with everything that is computed once."""

    side: Side
    writer: View
    reader: View
    samples: Samples
    keywords: UnmodelledKeywords

    @property
    def definitions(self) -> Mapping[TypeId, Definition]:
        """The named types of the side."""
        return self.side.graph.definitions

    def is_writable(self, key: TypeId, document: Json) -> bool:
        """Return True if this side may write a document."""
        return self._is_valid(self.writer, key, document)

    def is_readable(self, key: TypeId, document: Json) -> bool:
        """Return True if this side accepts a document."""
        return self._is_valid(self.reader, key, document)

    def _is_valid(self, view: View, key: TypeId, document: Json) -> bool:
        node = self.definitions[key].node
        return self.side.accepts(key, document) and not view.find_undeclared(node, document)


def prepare_side(side: Side) -> PreparedSide:
    """Prepare a side for a comparison."""
    writer = build_writer_view(side)
    return PreparedSide(side, writer, build_reader_view(side), Samples(writer), UnmodelledKeywords(side))


@dataclass(frozen=True, slots=True)
class Direction:
    """One direction of a comparison: does the reader accept everything that the writer writes?"""

    writer: PreparedSide
    reader: PreparedSide

    def is_witness(self, written: TypeId, read: TypeId, document: Json) -> bool:
        """Return True if the writer may write a document that the reader rejects."""
        return self.writer.is_writable(written, document) and not self.reader.is_readable(read, document)
