"""Random evolution on the wire: where neither verdict sees a break, each side's codec reads the other's binary."""

from __future__ import annotations

import os
from pathlib import Path

from evolution import GENTLE, Evolution, Schema, evolutions, leaves, nodes, objects
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from wirelock.build import Build, compiled
from wirelock.compat.json import Holds, JsonChange, Side, json_changes
from wirelock.compat.wire.change import WireChange
from wirelock.compat.wire.rules import wire_changes
from wirelock.config import Config
from wirelock.diagnostics import Location
from wirelock.emit import EMITTERS
from wirelock.emit.pb2 import compiled_protos
from wirelock.emit.proto import Dress, printed
from wirelock.ir import TypeId
from wirelock.loader import Loaded, TypeContract, load
from wirelock.lower.ledger.ledger import Ledger, read_ledger
from wirelock.oracle import Reference
from wirelock.proof.strategies import Drawing
from wirelock.runtime.json.text import Json, dump, parse
from wirelock.source import Document

_TYPES = 8
_DOCUMENTS = 4
_NEEDED = ("pb2", "models", "validators", "mapping")
_CONFIG = Config(Path(), "", "shop", "shop")
PROPERTY = settings(
    derandomize="WIRELOCK_EXAMPLES" not in os.environ,  # who asks for more asks for others
    deadline=None,
    max_examples=int(os.environ.get("WIRELOCK_EXAMPLES", "4")),
    suppress_health_check=[*HealthCheck],
    phases=[Phase.generate],  # an example compiles two projects, too much to look for a smaller one
)


class State:
    """One state of a project of several types, each in a package of its own: graph, protos and codecs."""

    def __init__(self, schemas: list[Schema], ledger: Ledger) -> None:
        dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        documents = [Document(f"schemas/{key(i).file}", {**dialect, **schema}) for i, schema in enumerate(schemas)]
        self.build = compiled(_CONFIG, documents, ledger, roots=[key(index) for index in range(len(schemas))])
        assert self.build.sound, self.build.diagnostics
        self.reference = Reference(self.build.documents, False)

    @property
    def ledger(self) -> Ledger:
        """The numbers, for the next state."""
        read = read_ledger(self.build.ledger.content, Location("numbers.json"))
        assert isinstance(read, Ledger), read
        return read

    @property
    def side(self) -> Side:
        """What the JSON verdict compares."""
        values = {file: document.value for file, document in self.build.documents.items()}
        return Side(self.build.graph, "warn", self.reference.is_valid, values)

    @property
    def protos(self) -> FileDescriptorSet:
        """What the wire verdict compares."""
        made = compiled_protos(printed(self.build, Dress()))
        assert isinstance(made, FileDescriptorSet), made
        return made


def key(index: int) -> TypeId:
    """The type that is drawn as one of several."""
    return TypeId(f"p{chr(ord('a') + index)}/order.schema.json")


def loaded(build: Build) -> Loaded:
    """The codecs of a build."""
    emitted = [emitter.emit(build) for emitter in EMITTERS if emitter.name in _NEEDED]
    return load(build, [artifact for one in emitted for artifact in one.artifacts])


def is_carried(evolution: Evolution) -> bool:
    """Whether both schemas can be carried, the new one with the numbers of the old one."""
    try:
        State([evolution.new], State([evolution.old], Ledger()).ledger)
    except AssertionError:
        return False
    return True


filled = objects(leaves | nodes).filter(lambda schema: bool(schema["properties"]))
whole = st.tuples(filled, filled).map(lambda two: {**two[0], "$defs": {"node": two[1]}})
carried = evolutions(whole, GENTLE).filter(is_carried)


@PROPERTY
@given(st.lists(carried, min_size=_TYPES, max_size=_TYPES), st.data())
def test_what_neither_verdict_breaks_is_read_by_both_codecs(several: list[Evolution], data: st.DataObject) -> None:
    old = State([one.old for one in several], Ledger())
    new = State([one.new for one in several], old.ledger)
    json, wire = json_changes(old.side, new.side), wire_changes(old.protos, new.protos)
    compatible = [index for index in range(_TYPES) if not _is_broken(key(index), json, wire)]
    assert compatible
    before, after = loaded(old.build), loaded(new.build)
    for index in compatible:
        was, now = before.contract(key(index)), after.contract(key(index))
        _is_read(key(index), old, was, new, now, several[index], data)
        _is_read(key(index), new, now, old, was, several[index], data)


def _is_broken(key: TypeId, json: tuple[JsonChange, ...], wire: tuple[WireChange, ...]) -> bool:
    proofs = [proof for one in json if one.type.file == key.file for proof in (one.backward, one.forward)]
    broken = [one for one in wire if "WIRE" in one.categories and f".{key.package}." in f".{one.element}."]
    return bool(broken) or not all(isinstance(proof, Holds) for proof in proofs)


def _is_read(
    key: TypeId, writer: State, sent: TypeContract, reader: State, taken: TypeContract,
    evolution: Evolution, data: st.DataObject,
) -> None:  # fmt: skip
    assert sent.codec is not None
    assert taken.codec is not None
    for _ in range(_DOCUMENTS):
        document = _drawn(writer, key, data)
        if sent.codec.findings(dump(document)):
            continue
        read = parse(taken.codec.decode(sent.codec.encode(dump(document))))
        assert reader.reference.is_valid(key, read), (document, read)
        assert isinstance(read, dict)
        assert isinstance(document, dict)
        for name in _unchanged(evolution) & document.keys():
            assert read.get(name) == document[name], (name, document, read)


def _drawn(writer: State, key: TypeId, data: st.DataObject) -> Json:
    try:
        return data.draw(Drawing(writer.build.graph).documents(key))
    except InvalidArgument:  # a node that needs a node in it: there is nothing to draw
        return None


def _unchanged(evolution: Evolution) -> set[str]:
    """The properties that say the same in both states, and refer to nothing that does not."""
    old, new = evolution.old, evolution.new
    if old["$defs"] != new["$defs"]:
        return set()
    return {name for name, schema in old["properties"].items() if new["properties"].get(name) == schema}
