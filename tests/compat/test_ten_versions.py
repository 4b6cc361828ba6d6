"""Ten versions of a real description, imported one over the other: numbers stay, and what is said to change did.

`ten_versions.txt` has what is found between neighbours; `RECORD=1 pytest` writes it anew.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from checkout import configuration
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from shop import Shop

import wirelock
from wirelock.compat import comparison
from wirelock.compat.comparison import compare
from wirelock.compat.json import Broken, JsonChange, Side, json_changes
from wirelock.compat.wire.descriptor_index import index
from wirelock.diagnostics import Diagnostic, Report
from wirelock.ir import TypeId

pytestmark = [
    pytest.mark.xdist_group("ten versions"),  # each is imported once
    pytest.mark.skipif("WIRELOCK_OPENAPI" not in os.environ, reason="WIRELOCK_OPENAPI names no descriptions"),
]

VERSIONS = ("0.5.29", "1.0.61", "1.0.185", "1.1.11", "1.1.53", "1.2.11", "1.3.2", "1.14.41", "1.17.11", "1.18.33")
PAIRS = (*pairwise(VERSIONS), ("1.3.2", "1.17.11"))
"""Neighbours; and two that have a Session on both sides, since the document of 1.14.41 is a small part of the API."""
GOLDEN = Path(__file__).with_name("ten_versions.txt")
ELSEWHERE = Path(__file__).with_name("ten_versions_elsewhere.txt")
"""By pair, the types that have no file of one name on both sides, or stand for a method: their witnesses are not judged."""
BASE = "https://schemas.invalid/"
SESSION = "/Session.schema.json"
ADDED = {
    "1.0.61": {"projectID", "directory", "summary", "time/compacting"},
    "1.0.185": {"time/archived"},
    "1.1.11": {"permission"},
    "1.1.53": {"slug"},
    "1.2.11": set[str](),
    "1.3.2": {"workspaceID"},
    "1.17.11": {"path", "cost", "tokens", "agent", "model", "metadata"},
    "1.18.33": set[str](),
}
"""What a Session got in each version: recorded servers send it since then."""


@dataclass(frozen=True)
class Compared:
    """Two versions: their folders, what the command says, and the changes of the JSON verdict behind it."""

    old: Path
    new: Path
    report: Report
    changes: tuple[JsonChange, ...]

    @property
    def session(self) -> list[Diagnostic]:
        """What is said about Session."""
        return [one for one in self.report.diagnostics if one.where.file.endswith(SESSION)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A project for each version, each imported over a copy of the one before."""
    root = tmp_path_factory.mktemp("versions")
    found: dict[str, Path] = {}
    for version in VERSIONS:
        folder = root / version
        if found:
            shutil.copytree(root / VERSIONS[len(found) - 1], folder)
        folder.mkdir(exist_ok=True)
        (folder / "wirelock.toml").write_text('package = "oc_api"\nproto-package = "oc"\n', "utf-8")
        document = Path(os.environ["WIRELOCK_OPENAPI"]) / f"opencode-openapi-{version}.json"
        assert wirelock.import_document(configuration(folder), str(document)).exit_code == 0
        for stale in (folder / "proto").rglob("*.proto"):
            stale.unlink()
        Shop(folder).generate()
        found[version] = folder
    return found


@pytest.fixture(scope="module")
def compared(folders: dict[str, Path]) -> dict[tuple[str, str], Compared]:
    """The comparisons, each made once."""
    with pytest.MonkeyPatch.context() as patched:
        return {pair: _compared(folders[pair[0]], folders[pair[1]], patched) for pair in PAIRS}


def _compared(old: Path, new: Path, patched: pytest.MonkeyPatch) -> Compared:
    told: list[JsonChange] = []

    def noted(before: Side, after: Side) -> tuple[JsonChange, ...]:
        told.extend(json_changes(before, after))
        return tuple(told)

    patched.setattr(comparison, "json_changes", noted)
    report = compare(configuration(new), str(old))
    assert report.summary["breaking"]["changes"] == len(report.diagnostics)
    return Compared(old, new, report, tuple(told))


# numbers


def entries(folder: Path) -> dict[tuple[str, int], tuple[str, str, bool]]:
    """What the ledger says of every number, by scope: its key, its type, and whether it is reserved."""
    ledger = json.loads((folder / "proto/numbers.json").read_text("utf-8"))
    scopes: dict[str, Any] = {**ledger["messages"], **ledger["enums"]}
    return {
        (scope, entry["number"]): (entry["key"], entry["type"], bool(entry.get("reserved")))
        for scope, value in scopes.items()
        for entry in value["entries"]
    }


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_number_is_what_it_was_or_reserved(folders: dict[str, Path], old: str, new: str) -> None:
    """Whatever became of a message, none of its numbers ever means something else; its type may move to a package."""
    before, after = entries(folders[old]), entries(folders[new])
    assert len(before) > 100
    for (scope, number), (key, type, _) in before.items():
        assert (scope, number) in after, (scope, number)
        now, kind, _ = after[scope, number]
        assert (now, local(kind)) == (key, local(type)), (scope, number)


def local(type: str) -> str:
    """A type without the package of its message or enum."""
    return re.sub(r"(?:\w+\.)+(\w+)", r"\1", type)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_what_is_gone_is_reserved_in_the_protos(folders: dict[str, Path], old: str, new: str) -> None:
    before, after = entries(folders[old]), entries(folders[new])
    declared = reserved(Shop(folders[new]).descriptors())
    gone = [place for place, entry in before.items() if not entry[2] and after[place][2]]
    for scope, number in gone:
        assert scope not in declared or number in declared[scope], (scope, number)


def reserved(descriptors: bytes) -> dict[str, set[int]]:
    """The numbers that each message and enum reserves."""
    side = index(FileDescriptorSet.FromString(descriptors))
    messages = {
        name: {number for span in one.proto.reserved_range for number in range(span.start, span.end)}
        for name, one in side.messages.items()
    }
    enums = {
        name: {number for span in one.proto.reserved_range for number in range(span.start, span.end + 1)}
        for name, one in side.enums.items()
    }
    return {**messages, **enums}


@pytest.mark.parametrize("pair", PAIRS)
def test_no_change_moves_or_reuses_a_number(compared: dict[tuple[str, str], Compared], pair: tuple[str, str]) -> None:
    broken = {rule for one in compared[pair].report.diagnostics if one.change for rule in one.change.wire}
    assert broken.isdisjoint(
        {
            "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED",
            "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED",
            "ENUM_VALUE_SAME_NAME",
            "FIELD_SAME_NAME",
            "FIELD_SAME_ONEOF",
        }
    )


# Session


@pytest.mark.parametrize("version", ADDED)
def test_what_a_session_got(compared: dict[tuple[str, str], Compared], version: str) -> None:
    (pair,) = (pair for pair in PAIRS if pair[1] == version and pair[0] != "1.14.41")
    added = [one for one in compared[pair].session if one.code.id == "PROPERTY_ADDED"]
    places = {one.where.pointer.removeprefix("/properties/").replace("/properties/", "/") for one in added}
    assert places == ADDED[version]
    required = {"projectID", "directory", "slug"}
    for one in added:
        assert one.change is not None
        assert one.change.use == "responses"
        assert one.change.forward == "holds"
        name = one.where.pointer.rpartition("/")[2]
        assert one.change.backward == ("broken" if name in required else "holds")
        assert name not in json.loads(one.change.backward_witness or "{}")


def test_a_session_lost_nothing_but_what_its_schema_lost(compared: dict[tuple[str, str], Compared]) -> None:
    """Wherever it is on both sides, nothing of a Session is said to be removed or required."""
    for pair, one in compared.items():
        if "1.14.41" not in pair:
            codes = {diagnostic.code.id for diagnostic in one.session}
            assert codes.isdisjoint({"PROPERTY_REMOVED", "PROPERTY_REQUIRED", "PROPERTY_RENAMED", "TYPE_REMOVED"})


def test_a_session_that_did_not_change_is_not_mentioned(compared: dict[tuple[str, str], Compared]) -> None:
    for pair in (("1.1.53", "1.2.11"), ("1.17.11", "1.18.33")):
        files = [next(folder.rglob("Session.schema.json")) for folder in (compared[pair].old, compared[pair].new)]
        assert len({file.read_text("utf-8") for file in files}) == 1
        assert compared[pair].session == []


# witnesses


@pytest.mark.parametrize("pair", PAIRS)
def test_every_witness_holds(compared: dict[tuple[str, str], Compared], pair: tuple[str, str]) -> None:
    """python-jsonschema on the files as they are: valid on the one side, invalid on the other."""
    one = compared[pair]
    before, after = Schemas(one.old), Schemas(one.new)
    left: set[str] = set()
    for change in one.changes:
        for proof, writer, reader in ((change.backward, before, after), (change.forward, after, before)):
            if not isinstance(proof, Broken):
                continue
            if not (writer.file(change.type) and reader.file(change.type)):
                left.add(change.type.file)
            else:
                assert writer.is_valid(change.type, proof.witness), change
                assert not reader.is_valid(change.type, proof.witness), change
    listed = [line.split(" ") for line in ELSEWHERE.read_text("utf-8").splitlines()]
    assert left == {file for old, new, file in listed if (old, new) == pair}


class Schemas:
    """The schemas of a folder."""

    def __init__(self, folder: Path) -> None:
        root = folder / "schemas"
        files = {path.relative_to(root).as_posix(): path for path in root.rglob("*.schema.json")}
        contents = {f"{BASE}{name}": json.loads(path.read_text("utf-8")) for name, path in files.items()}
        self._files = tuple(files)
        self._registry: Registry[Any] = Registry[Any]().with_resources(
            (uri, Resource[Any](content, DRAFT202012)) for uri, content in contents.items()
        )

    def file(self, key: TypeId) -> str:
        """The file of a type, which may have moved to another package; "" for none, and for more than one."""
        if key.file in self._files:
            return key.file
        name = key.file.rpartition("/")[2]
        moved = [file for file in self._files if file.rpartition("/")[2] == name]
        return moved[0] if len(moved) == 1 else ""

    def is_valid(self, key: TypeId, document: object) -> bool:
        """Whether a document is one of the type."""
        schema = {"$ref": f"{BASE}{self.file(key)}#{key.pointer}"}
        return bool(Draft202012Validator(schema, registry=self._registry).is_valid(document))


# everything


def listing(pair: tuple[str, str], one: Compared) -> Iterator[str]:
    """Counts by code and severity, and every line about Session."""
    counts = Counter((found.code.id, found.level.value) for found in one.report.diagnostics)
    yield f"{pair[0]} to {pair[1]}: {', '.join(f'{n} {name}' for name, n in one.report.summary['breaking'].items())}"
    yield from (f"  {number:>4} {level:<7} {code}" for (code, level), number in sorted(counts.items()))
    yield from (f"    {line}" for line in session_lines(one.session))
    yield ""


def session_lines(found: Sequence[Diagnostic]) -> Iterator[str]:
    """A line for each change of Session."""
    for one in found:
        assert one.change is not None
        sides = ", ".join((one.change.backward or "-", one.change.forward or "-", *one.change.wire))
        yield f"Session{one.where.pointer} {one.code.id}: {one.message} ({sides})"


def test_what_happened_between_neighbours(compared: dict[tuple[str, str], Compared]) -> None:
    text = "\n".join(line for pair, one in compared.items() for line in listing(pair, one))
    if os.environ.get("RECORD"):
        GOLDEN.write_text(text, "utf-8")
    assert text == GOLDEN.read_text("utf-8")
