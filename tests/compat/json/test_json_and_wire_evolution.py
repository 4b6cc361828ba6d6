"""Random evolution on the wire: if neither verdict reports a break, each side's codec reads the other's binary."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from evolution import GENTLE, Evolution, Schema, build_evolutions, build_objects, leaves, nodes
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from wirelock.build import Build, compile_documents
from wirelock.compat.json import JsonChange, Proved, Side, find_json_changes
from wirelock.compat.wire.change import WireChange
from wirelock.compat.wire.rules import find_wire_changes
from wirelock.config import Config
from wirelock.diagnostics import Location
from wirelock.emit import EMITTERS
from wirelock.emit.pb2 import compile_protos
from wirelock.emit.proto import PrintOptions, print_protos
from wirelock.ir import TypeId
from wirelock.loader import LoadedArtifacts, TypeContract, load_artifacts
from wirelock.lower.ledger.ledger import Ledger, read_ledger
from wirelock.oracle import ReferenceValidator
from wirelock.proof.strategies import DocumentStrategies
from wirelock.runtime.json.text import Json, dump, parse
from wirelock.source import Document

pytestmark = pytest.mark.long

_TYPES = 8
_DOCUMENTS = 4
_NEEDED = ("pb2", "models", "validators", "mapping")
_CONFIG = Config(Path(), "", "shop", "shop")
PROPERTY = settings(
    derandomize="WIRELOCK_EXAMPLES" not in os.environ,  # a larger number of examples should also draw new ones
    deadline=None,
    max_examples=int(os.environ.get("WIRELOCK_EXAMPLES", "4")),
    suppress_health_check=[*HealthCheck],
    phases=[Phase.generate],  # shrinking is slow, since an example compiles two projects
)


class ProjectState:
    """One state of a project with several types, each in its own package: graph, protos and codecs."""

    def __init__(self, schemas: list[Schema], ledger: Ledger) -> None:
        dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        documents = [
            Document(f"schemas/{build_key(i).file}", {**dialect, **schema}) for i, schema in enumerate(schemas)
        ]
        self.build = compile_documents(
            _CONFIG, documents, ledger, roots=[build_key(index) for index in range(len(schemas))]
        )
        assert self.build.is_sound, self.build.diagnostics
        self.reference = ReferenceValidator(self.build.documents, False)

    @property
    def ledger(self) -> Ledger:
        """The ledger for the next state."""
        read = read_ledger(self.build.ledger.content, Location("numbers.json"))
        assert isinstance(read, Ledger), read
        return read

    @property
    def side(self) -> Side:
        """The input of the JSON verdict."""
        values = {file: document.value for file, document in self.build.documents.items()}
        return Side(self.build.graph, "warn", self.reference.is_valid, values)

    @property
    def protos(self) -> FileDescriptorSet:
        """The input of the wire verdict."""
        descriptors = compile_protos(print_protos(self.build, PrintOptions()))
        assert isinstance(descriptors, FileDescriptorSet), descriptors
        return descriptors


def build_key(index: int) -> TypeId:
    """Return the id of one of the types."""
    return TypeId(f"p{chr(ord('a') + index)}/order.schema.json")


def load_codecs(build: Build) -> LoadedArtifacts:
    """Load the codecs of a build."""
    emitted = [emitter.emit(build) for emitter in EMITTERS if emitter.name in _NEEDED]
    return load_artifacts(build, [artifact for output in emitted for artifact in output.artifacts])


def is_supported(evolution: Evolution) -> bool:
    """Return True if both schemas compile, the new one with the numbers of the old one."""
    try:
        ProjectState([evolution.new], ProjectState([evolution.old], Ledger()).ledger)
    except AssertionError:
        return False
    return True


filled_objects = build_objects(leaves | nodes).filter(lambda schema: bool(schema["properties"]))
recursive_schemas = st.tuples(filled_objects, filled_objects).map(lambda two: {**two[0], "$defs": {"node": two[1]}})
supported_evolutions = build_evolutions(recursive_schemas, GENTLE).filter(is_supported)


@PROPERTY
@given(st.lists(supported_evolutions, min_size=_TYPES, max_size=_TYPES), st.data())
def test_compatible_documents_are_read_by_both_codecs(pairs: list[Evolution], data: st.DataObject) -> None:
    old = ProjectState([evolution.old for evolution in pairs], Ledger())
    new = ProjectState([evolution.new for evolution in pairs], old.ledger)
    json, wire = find_json_changes(old.side, new.side), find_wire_changes(old.protos, new.protos)
    compatible = [index for index in range(_TYPES) if not _has_break(build_key(index), json, wire)]
    assert compatible
    before, after = load_codecs(old.build), load_codecs(new.build)
    for index in compatible:
        old_contract, new_contract = before.get_contract(build_key(index)), after.get_contract(build_key(index))
        _check_round_trip(build_key(index), old, old_contract, new, new_contract, pairs[index], data)
        _check_round_trip(build_key(index), new, new_contract, old, old_contract, pairs[index], data)


def _has_break(key: TypeId, json: tuple[JsonChange, ...], wire: tuple[WireChange, ...]) -> bool:
    proofs = [proof for change in json if change.type.file == key.file for proof in (change.backward, change.forward)]
    broken = [change for change in wire if "WIRE" in change.categories and f".{key.package}." in f".{change.element}."]
    return bool(broken) or not all(isinstance(proof, Proved) for proof in proofs)


def _check_round_trip(
    key: TypeId, writer: ProjectState, sent: TypeContract, reader: ProjectState, taken: TypeContract,
    evolution: Evolution, data: st.DataObject,
) -> None:  # fmt: skip
    assert sent.codec is not None
    assert taken.codec is not None
    for _ in range(_DOCUMENTS):
        document = _draw_document(writer, key, data)
        if sent.codec.check(dump(document)):
            continue
        read = parse(taken.codec.decode(sent.codec.encode(dump(document))))
        assert reader.reference.is_valid(key, read), (document, read)
        assert isinstance(read, dict)
        assert isinstance(document, dict)
        for name in _get_unchanged(evolution) & document.keys():
            assert read.get(name) == document[name], (name, document, read)


def _draw_document(writer: ProjectState, key: TypeId, data: st.DataObject) -> Json:
    try:
        return data.draw(DocumentStrategies(writer.build.graph).build(key))
    except InvalidArgument:  # an infinitely recursive node has no documents
        return None


def _get_unchanged(evolution: Evolution) -> set[str]:
    """Return the names of properties that are equal in both states and contain no changed reference."""
    old, new = evolution.old, evolution.new
    if old["$defs"] != new["$defs"]:
        return set()
    return {name for name, schema in old["properties"].items() if new["properties"].get(name) == schema}
