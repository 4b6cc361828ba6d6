"""Both sides in the two roles that they take: who writes documents, and who reads them."""

from __future__ import annotations

from dataclasses import dataclass

from wirelock.compat.json.change import Side
from wirelock.compat.json.constraints import Constraints
from wirelock.compat.json.samples import Samples
from wirelock.compat.json.views import View, reads, writes
from wirelock.ir import TypeId
from wirelock.runtime.json.text import Json


@dataclass(frozen=True, slots=True)
class Lens:
    """One side with all that is computed of it once."""

    side: Side
    writer: View
    reader: View
    samples: Samples
    constraints: Constraints

    def written(self, key: TypeId, document: Json) -> bool:
        """Whether a document is one that this side sends."""
        return self._valid(self.writer, key, document)

    def read(self, key: TypeId, document: Json) -> bool:
        """Whether a document is one that this side takes."""
        return self._valid(self.reader, key, document)

    def _valid(self, view: View, key: TypeId, document: Json) -> bool:
        node = self.side.graph.definitions[key].node
        return self.side.accepts(key, document) and not view.undeclared(node, document)


def lens(side: Side) -> Lens:
    """A side, prepared."""
    writer = writes(side)
    return Lens(side, writer, reads(side), Samples(writer), Constraints(side))


@dataclass(frozen=True, slots=True)
class Direction:
    """One of the two questions: does the reader take all that the writer sends?"""

    writer: Lens
    reader: Lens

    def breaks(self, written: TypeId, read: TypeId, document: Json) -> bool:
        """Whether a document is a witness: sent by the one, refused by the other."""
        return self.writer.written(written, document) and not self.reader.read(read, document)
