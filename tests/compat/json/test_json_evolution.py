"""Random evolution: what is declared to hold is never contradicted by a document, and every witness is one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from evolution import Evolution, Schema, evolutions
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from wirelock.build import compiled
from wirelock.compat.json import Broken, Holds, JsonChange, Proof, Side, json_changes
from wirelock.compat.json.sides import Direction, lens
from wirelock.config import Config, UnknownFields
from wirelock.ir import TypeId
from wirelock.lower.ledger.ledger import Ledger
from wirelock.oracle import Reference
from wirelock.proof.strategies import Drawing
from wirelock.runtime.json.text import Json
from wirelock.source import Document

ROOT = TypeId("t/a.schema.json")
_EXAMPLES = int(os.environ.get("WIRELOCK_EXAMPLES", "120"))
_DOCUMENTS = 12
PROPERTY = settings(
    derandomize="WIRELOCK_EXAMPLES" not in os.environ,  # who asks for more asks for others
    deadline=None,
    max_examples=_EXAMPLES,
    suppress_health_check=[*HealthCheck],
)
policies = st.sampled_from(("error", "warn", "keep"))


def side(schema: Schema, policy: str) -> Side | None:
    """One state; None where the schema is refused."""
    config = Config(Path(), "", "shop", "shop", unknown_fields=cast("UnknownFields", policy))
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    documents = [Document(f"schemas/{ROOT.file}", {**dialect, **schema})]
    built = compiled(config, documents, Ledger())
    if not built.sound:
        return None
    reference = Reference(built.documents, False)
    values = {file: document.value for file, document in built.documents.items()}
    return Side(built.graph, config.unknown_fields, reference.is_valid, values)


@PROPERTY
@given(evolutions(), policies, st.data())
def test_what_holds_is_never_contradicted_and_every_witness_holds(
    evolution: Evolution, policy: str, data: st.DataObject
) -> None:
    old, new = side(evolution.old, policy), side(evolution.new, policy)
    assume(old is not None and new is not None)
    assert old is not None and new is not None
    before, after = lens(old), lens(new)
    changes = json_changes(old, new)
    backward, forward = Direction(before, after), Direction(after, before)
    for change in changes:
        _witness_holds(change, change.backward, backward)
        _witness_holds(change, change.forward, forward)
    if all(isinstance(change.backward, Holds) for change in changes):
        _never_contradicted(backward, old, data)
    if all(isinstance(change.forward, Holds) for change in changes):
        _never_contradicted(forward, new, data)


def _witness_holds(change: JsonChange, proof: Proof, direction: Direction) -> None:
    if isinstance(proof, Broken):
        assert direction.writer.side.accepts(change.type, proof.witness)
        assert direction.breaks(change.type, change.type, proof.witness)


def _never_contradicted(direction: Direction, writer: Side, data: st.DataObject) -> None:
    documents = Drawing(writer.graph).documents(ROOT)
    for _ in range(_DOCUMENTS):
        document: Json = _drawn(documents, data)
        if direction.writer.written(ROOT, document):
            assert direction.reader.read(ROOT, document), document


def _drawn(documents: st.SearchStrategy[Json], data: st.DataObject) -> Json:
    try:
        return data.draw(documents)
    except InvalidArgument:  # a node that needs a node in it: there is nothing to draw
        reject()
