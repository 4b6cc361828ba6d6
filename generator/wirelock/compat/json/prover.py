"""Answers to questions: proved by inclusion, refuted by a witness document, or unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import cast

from wirelock.compat.json.boundary_samples import generate_boundary_values
from wirelock.compat.json.change import Proof, Proved, Refuted, Unknown
from wirelock.compat.json.difference import Question
from wirelock.compat.json.inclusion import SubtypeChecker
from wirelock.compat.json.paths import NodePath, embed_values
from wirelock.compat.json.samples import sort_by_size
from wirelock.compat.json.sides import Direction
from wirelock.ir import Node, TypeId
from wirelock.runtime.json.text import Json

_MAX_DOCUMENTS = 80
"""Most documents that are validated for one question."""
_NONE = object()
NO_WITNESS = "neither a proof nor a witness was found"


@dataclass(frozen=True, slots=True)
class LocatedQuestion:
    """A question about the node at the end of a path through the writer's type.

    `written_type` and `read_type` are the type's ids on the two sides. With `members`, values of the question are
    objects of which only these properties are decided.
    """

    question: Question | None
    node: Node
    path: NodePath
    written_type: TypeId
    read_type: TypeId
    members: frozenset[str] | None


class InclusionProver:
    """Proves the questions of one direction."""

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self._checker = SubtypeChecker(direction)

    def is_subtype(self, written_type: TypeId, read_type: TypeId) -> bool:
        """Return True if each document of one type is proved to be a document of another."""
        writer, reader = self._direction.writer, self._direction.reader
        return self._checker.is_subtype(writer.definitions[written_type].node, reader.definitions[read_type].node)

    def prove(self, located: LocatedQuestion) -> Proof:
        """Return the proof for a question."""
        question = located.question
        if question is None or self._checker.is_subtype(question.writer, question.reader):
            return Proved()
        documents = islice(self._build_documents(located, self._find_rejected_values(question)), _MAX_DOCUMENTS)
        witness = next(
            (document for document in sort_by_size(documents) if self._is_witness(located, question, document)), _NONE
        )
        if witness is not _NONE:
            return Refuted(cast("Json", witness))
        return Proved() if self.is_subtype(located.written_type, located.read_type) else Unknown(NO_WITNESS)

    def prove_any(self, written_type: TypeId, read_types: Sequence[TypeId]) -> Proof:
        """Return the proof that each document of one type is valid under at least one of the others."""
        if any(self.is_subtype(written_type, key) for key in read_types):
            return Proved()
        writer = self._direction.writer
        node = writer.definitions[written_type].node
        documents = islice(sort_by_size(writer.samples.sample_variants(node, ())), _MAX_DOCUMENTS)
        for document in documents:
            is_written = writer.is_writable(written_type, document)
            if is_written and not any(self.is_readable(key, document) for key in read_types):
                return Refuted(document)
        return Unknown(NO_WITNESS)

    def is_readable(self, key: TypeId, document: Json) -> bool:
        """Return True if the reader accepts a document as one of a type."""
        return self._direction.reader.is_readable(key, document)

    def _find_rejected_values(self, question: Question) -> tuple[Json, ...]:
        """Return values of the writer's node that the reader's node rejects, judging by shapes."""
        writer_view, reader_view = self._direction.writer.writer, self._direction.reader.reader
        samples = self._direction.writer.samples
        candidates = chain(
            question.candidates, generate_boundary_values(question.writer, question.reader, samples, writer_view)
        )
        values = (value for value in candidates if writer_view.accepts(question.writer, value))
        return sort_by_size(
            value for value in values if question.reference_only or not reader_view.accepts(question.reader, value)
        )

    def _build_documents(self, located: LocatedQuestion, values: Iterable[Json]) -> Iterator[Json]:
        """Yield documents of the type that contain the values."""
        samples, members = self._direction.writer.samples, located.members
        if members is None:
            return embed_values(values, located.path, samples)
        bases = [base for base in samples.sample(located.node) if isinstance(base, dict)]
        incomplete_bases = [{name: value for name, value in base.items() if name not in members} for base in bases]
        objects = ({**base, **value} for value in values if isinstance(value, dict) for base in incomplete_bases)
        return embed_values(objects, located.path, samples)

    def _is_witness(self, located: LocatedQuestion, question: Question, document: Json) -> bool:
        """Return True if a document is a witness.

        With `reference_only` the document must also have the reader's shape, since other rules report differences of
        shape.
        """
        reader = self._direction.reader
        node = reader.definitions[located.read_type].node
        if question.reference_only and not reader.reader.accepts(node, document):
            return False
        return self._direction.is_witness(located.written_type, located.read_type, document)
