"""Random evolution: no document contradicts a proof, and every witness is confirmed by the reference validator."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import pytest
from evolution import Evolution, Schema, build_evolutions
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from wirelock.build import compile_documents
from wirelock.compat.json import JsonChange, Proof, Proved, Refuted, Side, find_json_changes
from wirelock.compat.json.sides import Direction, prepare_side
from wirelock.config import Config, UnknownFields
from wirelock.ir import TypeId
from wirelock.lower.ledger.ledger import Ledger
from wirelock.oracle import ReferenceValidator
from wirelock.proof.strategies import DocumentStrategies
from wirelock.runtime.json.text import Json
from wirelock.source import Document

pytestmark = pytest.mark.long

ROOT = TypeId("t/a.schema.json")
_EXAMPLES = int(os.environ.get("WIRELOCK_EXAMPLES", "120"))
_DOCUMENTS = 12
PROPERTY = settings(
    derandomize="WIRELOCK_EXAMPLES" not in os.environ,  # a larger number of examples should also draw new ones
    deadline=None,
    max_examples=_EXAMPLES,
    suppress_health_check=[*HealthCheck],
)
policies = st.sampled_from(("error", "warn", "keep"))


def build_side(schema: Schema, policy: str) -> Side | None:
    """Return one side; None if the schema is rejected."""
    config = Config(Path(), "", "shop", "shop", unknown_fields=cast("UnknownFields", policy))
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    documents = [Document(f"schemas/{ROOT.file}", {**dialect, **schema})]
    built = compile_documents(config, documents, Ledger())
    if not built.is_sound:
        return None
    reference = ReferenceValidator(built.documents, False)
    values = {file: document.value for file, document in built.documents.items()}
    return Side(built.graph, config.unknown_fields, reference.is_valid, values)


@PROPERTY
@given(build_evolutions(), policies, st.data())
def test_proofs_and_witnesses_agree_with_random_documents(
    evolution: Evolution, policy: str, data: st.DataObject
) -> None:
    old, new = build_side(evolution.old, policy), build_side(evolution.new, policy)
    assume(old is not None and new is not None)
    assert old is not None and new is not None
    before, after = prepare_side(old), prepare_side(new)
    changes = find_json_changes(old, new)
    backward, forward = Direction(before, after), Direction(after, before)
    for change in changes:
        _check_witness(change, change.backward, backward)
        _check_witness(change, change.forward, forward)
    if all(isinstance(change.backward, Proved) for change in changes):
        _check_proof(backward, old, data)
    if all(isinstance(change.forward, Proved) for change in changes):
        _check_proof(forward, new, data)


def _check_witness(change: JsonChange, proof: Proof, direction: Direction) -> None:
    if isinstance(proof, Refuted):
        assert direction.writer.side.accepts(change.type, proof.witness)
        assert direction.is_witness(change.type, change.type, proof.witness)


def _check_proof(direction: Direction, writer: Side, data: st.DataObject) -> None:
    documents = DocumentStrategies(writer.graph).build(ROOT)
    for _ in range(_DOCUMENTS):
        document: Json = _draw_document(documents, data)
        if direction.writer.is_writable(ROOT, document):
            assert direction.reader.is_readable(ROOT, document), document


def _draw_document(documents: st.SearchStrategy[Json], data: st.DataObject) -> Json:
    try:
        return data.draw(documents)
    except InvalidArgument:  # an infinitely recursive node has no documents
        reject()
