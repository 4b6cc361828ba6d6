"""The answer to the question that a difference raises: proved by inclusion, refuted by a document, or neither."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import cast

from wirelock.compat.json.boundary_samples import contrasting
from wirelock.compat.json.change import Broken, Holds, Proof, Unproved
from wirelock.compat.json.difference import Question
from wirelock.compat.json.inclusion import Inclusion
from wirelock.compat.json.paths import Way, embedded
from wirelock.compat.json.samples import smallest_first
from wirelock.compat.json.sides import Direction
from wirelock.ir import Node, TypeId
from wirelock.runtime.json.text import Json

_MOST_TRIED = 80
"""Documents that the reference is asked about for one question."""
_NONE = object()
NO_WITNESS = "no document was found that shows a break, and none was proved impossible"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about the writer's node at the end of a way through a type, as the two sides call the type.

    With `members`, the values of the question are objects in which only these properties are decided.
    """

    question: Question | None
    place: Node
    way: Way
    written: TypeId
    read: TypeId
    members: frozenset[str] | None


class Prover:
    """The proofs of one direction."""

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self._inclusion = Inclusion(direction)

    def includes(self, written: TypeId, read: TypeId) -> bool:
        """Whether every document of the one type is proved to be a document of the other."""
        ours, theirs = self._direction.writer.side.graph, self._direction.reader.side.graph
        return self._inclusion.holds(ours.definitions[written].node, theirs.definitions[read].node)

    def proof(self, asked: Asked) -> Proof:
        """The proof for a question about a place."""
        question = asked.question
        if question is None or self._inclusion.holds(question.writer, question.reader):
            return Holds()
        documents = islice(self._documents(asked, self._refused(question)), _MOST_TRIED)
        witness = next((one for one in smallest_first(documents) if self._shows(asked, question, one)), _NONE)
        if witness is not _NONE:
            return Broken(cast("Json", witness))
        return Holds() if self.includes(asked.written, asked.read) else Unproved(NO_WITNESS)

    def one_of(self, written: TypeId, read: Sequence[TypeId]) -> Proof:
        """The proof that every document of the one type is one of at least one of the others."""
        if any(self.includes(written, key) for key in read):
            return Holds()
        writer = self._direction.writer
        node = writer.side.graph.definitions[written].node
        documents = islice(smallest_first(writer.samples.around(node, ())), _MOST_TRIED)
        for document in documents:
            if writer.written(written, document) and not any(self.reads(key, document) for key in read):
                return Broken(document)
        return Unproved(NO_WITNESS)

    def reads(self, key: TypeId, document: Json) -> bool:
        """Whether the reader takes a document as one of a type."""
        return self._direction.reader.read(key, document)

    def _refused(self, question: Question) -> tuple[Json, ...]:
        """Values of the writer's node that the reader's refuses, as far as shapes tell."""
        writing, reading = self._direction.writer.writer, self._direction.reader.reader
        samples = self._direction.writer.samples
        tries = chain(question.tries, contrasting(question.writer, question.reader, samples, writing))
        found = (value for value in tries if writing.has(question.writer, value))
        return smallest_first(v for v in found if question.judged or not reading.has(question.reader, v))

    def _documents(self, asked: Asked, values: Iterable[Json]) -> Iterator[Json]:
        """Documents of the type with the values in their place."""
        samples, members = self._direction.writer.samples, asked.members
        if members is None:
            return embedded(values, asked.way, samples)
        bases = [base for base in samples.of(asked.place) if isinstance(base, dict)]
        others = [{name: value for name, value in base.items() if name not in members} for base in bases]
        full = ({**base, **value} for value in values if isinstance(value, dict) for base in others)
        return embedded(full, asked.way, samples)

    def _shows(self, asked: Asked, question: Question, document: Json) -> bool:
        """Whether a document is a witness; where only the reference judges, one that has the reader's shape."""
        reading = self._direction.reader
        node = reading.side.graph.definitions[asked.read].node
        if question.judged and not reading.reader.has(node, document):
            return False
        return self._direction.breaks(asked.written, asked.read, document)
