"""Ten versions of a real OpenAPI document, each imported over the previous one: numbers persist, and reports are true.

`ten_versions.txt` lists the findings between neighbors; `RECORD=1 pytest` rewrites it.
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
from checkout import load_config, load_project
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from shop import Shop

import wirelock
from wirelock.compat import comparison
from wirelock.compat.comparison import compare
from wirelock.compat.json import JsonChange, Refuted, Side, find_json_changes
from wirelock.compat.wire.descriptor_index import index_descriptors
from wirelock.diagnostics import Diagnostic, Report
from wirelock.ir import TypeId

pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("ten versions"),  # each is imported once
    pytest.mark.skipif("WIRELOCK_OPENAPI" not in os.environ, reason="WIRELOCK_OPENAPI names no descriptions"),
]

VERSIONS = ("0.5.29", "1.0.61", "1.0.185", "1.1.11", "1.1.53", "1.2.11", "1.3.2", "1.14.41", "1.17.11", "1.18.33")
PAIRS = (*pairwise(VERSIONS), ("1.3.2", "1.17.11"))
"""Neighbors, and two versions that both have a Session, since the document of 1.14.41 has only a part of the API."""
GOLDEN = Path(__file__).with_name("ten_versions.txt")
UNPAIRED = Path(__file__).with_name("ten_versions_unpaired.txt")
"""By pair, the ids without a file of the same name on both sides, or of methods: their witnesses are not checked."""
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
"""New properties of a Session in each version, confirmed by recordings."""


@dataclass(frozen=True)
class VersionComparison:
    """Two versions: their folders, the report, and the changes of the JSON verdict."""

    old: Path
    new: Path
    report: Report
    changes: tuple[JsonChange, ...]

    @property
    def session(self) -> list[Diagnostic]:
        """The diagnostics of Session."""
        return [one for one in self.report.diagnostics if one.location.file.endswith(SESSION)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One project for each version, imported over a copy of the previous one."""
    root = tmp_path_factory.mktemp("versions")
    projects: dict[str, Path] = {}
    for version in VERSIONS:
        folder = root / version
        if projects:
            shutil.copytree(root / VERSIONS[len(projects) - 1], folder)
        folder.mkdir(exist_ok=True)
        (folder / "wirelock.toml").write_text('package = "oc_api"\nproto-package = "oc"\n', "utf-8")
        document = Path(os.environ["WIRELOCK_OPENAPI"]) / f"opencode-openapi-{version}.json"
        assert wirelock.import_document(load_project(folder), str(document)).exit_code == 0
        for stale in (folder / "proto").rglob("*.proto"):
            stale.unlink()
        Shop(folder).generate()
        projects[version] = folder
    return projects


@pytest.fixture(scope="module")
def compared(folders: dict[str, Path]) -> dict[tuple[str, str], VersionComparison]:
    """All comparisons."""
    with pytest.MonkeyPatch.context() as patched:
        return {pair: compare_versions(folders[pair[0]], folders[pair[1]], patched) for pair in PAIRS}


def compare_versions(old: Path, new: Path, patched: pytest.MonkeyPatch) -> VersionComparison:
    changes: list[JsonChange] = []

    def find_and_record(old_side: Side, new_side: Side) -> tuple[JsonChange, ...]:
        changes.extend(find_json_changes(old_side, new_side))
        return tuple(changes)

    patched.setattr(comparison, "find_json_changes", find_and_record)
    report = compare(load_config(new), str(old))
    assert report.summary["breaking"]["changes"] == len(report.diagnostics)
    return VersionComparison(old, new, report, tuple(changes))


# numbers


def read_entries(folder: Path) -> dict[tuple[str, int], tuple[str, str, bool]]:
    """Return the ledger entry of each number, by scope: key, type, and True if reserved."""
    ledger = json.loads((folder / "proto/numbers.json").read_text("utf-8"))
    scopes: dict[str, Any] = {**ledger["messages"], **ledger["enums"]}
    return {
        (scope, entry["number"]): (entry["key"], entry["type"], bool(entry.get("reserved")))
        for scope, value in scopes.items()
        for entry in value["entries"]
    }


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_number_keeps_its_field_or_is_reserved(folders: dict[str, Path], old: str, new: str) -> None:
    """No number of a message ever gets another meaning; its type may move to another package."""
    before, after = read_entries(folders[old]), read_entries(folders[new])
    assert len(before) > 100
    for (scope, number), (key, type, _) in before.items():
        assert (scope, number) in after, (scope, number)
        now, kind, _ = after[scope, number]
        assert (now, strip_package(kind)) == (key, strip_package(type)), (scope, number)


def strip_package(type: str) -> str:
    """Return a type without the package of its message or enum."""
    return re.sub(r"(?:\w+\.)+(\w+)", r"\1", type)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_deleted_numbers_are_reserved_in_the_protos(folders: dict[str, Path], old: str, new: str) -> None:
    before, after = read_entries(folders[old]), read_entries(folders[new])
    declared = get_reserved_numbers(Shop(folders[new]).compile_descriptors())
    deleted = [
        scope_and_number for scope_and_number, entry in before.items() if not entry[2] and after[scope_and_number][2]
    ]
    for scope, number in deleted:
        assert scope not in declared or number in declared[scope], (scope, number)


def get_reserved_numbers(descriptors: bytes) -> dict[str, set[int]]:
    """Return the reserved numbers of each message and enum."""
    index = index_descriptors(FileDescriptorSet.FromString(descriptors))
    messages = {
        name: {number for span in element.proto.reserved_range for number in range(span.start, span.end)}
        for name, element in index.messages.items()
    }
    enums = {
        name: {number for span in element.proto.reserved_range for number in range(span.start, span.end + 1)}
        for name, element in index.enums.items()
    }
    return {**messages, **enums}


@pytest.mark.parametrize("pair", PAIRS)
def test_no_change_moves_or_reuses_a_number(
    compared: dict[tuple[str, str], VersionComparison], pair: tuple[str, str]
) -> None:
    broken = {rule for one in compared[pair].report.diagnostics if one.impact for rule in one.impact.wire_rules}
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
def test_new_properties_of_a_session(compared: dict[tuple[str, str], VersionComparison], version: str) -> None:
    (pair,) = (pair for pair in PAIRS if pair[1] == version and pair[0] != "1.14.41")
    added = [one for one in compared[pair].session if one.code.id == "PROPERTY_ADDED"]
    places = {one.location.pointer.removeprefix("/properties/").replace("/properties/", "/") for one in added}
    assert places == ADDED[version]
    required = {"projectID", "directory", "slug"}
    for one in added:
        assert one.impact is not None
        assert one.impact.usage == "responses"
        assert one.impact.forward == "holds"
        name = one.location.pointer.rpartition("/")[2]
        assert one.impact.backward == ("broken" if name in required else "holds")
        assert name not in json.loads(one.impact.backward_witness or "{}")


def test_session_keeps_its_properties(compared: dict[tuple[str, str], VersionComparison]) -> None:
    """If both versions have a Session, none of its properties is reported as removed or required."""
    for pair, one in compared.items():
        if "1.14.41" not in pair:
            codes = {diagnostic.code.id for diagnostic in one.session}
            assert codes.isdisjoint({"PROPERTY_REMOVED", "PROPERTY_REQUIRED", "PROPERTY_RENAMED", "TYPE_REMOVED"})


def test_unchanged_session_is_not_reported(compared: dict[tuple[str, str], VersionComparison]) -> None:
    for pair in (("1.1.53", "1.2.11"), ("1.17.11", "1.18.33")):
        files = [next(folder.rglob("Session.schema.json")) for folder in (compared[pair].old, compared[pair].new)]
        assert len({file.read_text("utf-8") for file in files}) == 1
        assert compared[pair].session == []


# witnesses


@pytest.mark.parametrize("pair", PAIRS)
def test_every_witness_holds(compared: dict[tuple[str, str], VersionComparison], pair: tuple[str, str]) -> None:
    """python-jsonschema on the original files: valid on one side, invalid on the other."""
    comparison = compared[pair]
    before, after = SchemaFolder(comparison.old), SchemaFolder(comparison.new)
    unpaired: set[str] = set()
    for change in comparison.changes:
        for proof, writer, reader in ((change.backward, before, after), (change.forward, after, before)):
            if not isinstance(proof, Refuted):
                continue
            if not (writer.find_file(change.type) and reader.find_file(change.type)):
                unpaired.add(change.type.file)
            else:
                assert writer.is_valid(change.type, proof.witness), change
                assert not reader.is_valid(change.type, proof.witness), change
    listed = [line.split(" ") for line in UNPAIRED.read_text("utf-8").splitlines()]
    assert unpaired == {file for old, new, file in listed if (old, new) == pair}


class SchemaFolder:
    """The schemas of a folder."""

    def __init__(self, folder: Path) -> None:
        root = folder / "schemas"
        files = {path.relative_to(root).as_posix(): path for path in root.rglob("*.schema.json")}
        contents = {f"{BASE}{name}": json.loads(path.read_text("utf-8")) for name, path in files.items()}
        self._files = tuple(files)
        self._registry: Registry[Any] = Registry[Any]().with_resources(
            (uri, Resource[Any](content, DRAFT202012)) for uri, content in contents.items()
        )

    def find_file(self, key: TypeId) -> str:
        """Return the file of a type, which may have moved to another package; "" for none or several."""
        if key.file in self._files:
            return key.file
        name = key.file.rpartition("/")[2]
        moved = [file for file in self._files if file.rpartition("/")[2] == name]
        return moved[0] if len(moved) == 1 else ""

    def is_valid(self, key: TypeId, document: object) -> bool:
        """Return True if a document is valid under the type."""
        schema = {"$ref": f"{BASE}{self.find_file(key)}#{key.pointer}"}
        return bool(Draft202012Validator(schema, registry=self._registry).is_valid(document))


# reports


def format_comparison(pair: tuple[str, str], comparison: VersionComparison) -> Iterator[str]:
    """Yield the counts by code and severity, and each line about Session."""
    counts = Counter((diagnostic.code.id, diagnostic.level.value) for diagnostic in comparison.report.diagnostics)
    yield f"{pair[0]} to {pair[1]}: {', '.join(f'{n} {name}' for name, n in comparison.report.summary['breaking'].items())}"
    yield from (f"  {number:>4} {level:<7} {code}" for (code, level), number in sorted(counts.items()))
    yield from (f"    {line}" for line in format_session(comparison.session))
    yield ""


def format_session(diagnostics: Sequence[Diagnostic]) -> Iterator[str]:
    """Yield a line for each change of Session."""
    for diagnostic in diagnostics:
        assert diagnostic.impact is not None
        sides = ", ".join(
            (diagnostic.impact.backward or "-", diagnostic.impact.forward or "-", *diagnostic.impact.wire_rules)
        )
        yield f"Session{diagnostic.location.pointer} {diagnostic.code.id}: {diagnostic.message} ({sides})"


def test_comparisons_match_the_golden_file(compared: dict[tuple[str, str], VersionComparison]) -> None:
    text = "\n".join(line for pair, one in compared.items() for line in format_comparison(pair, one))
    if os.environ.get("RECORD"):
        GOLDEN.write_text(text, "utf-8")
    assert text == GOLDEN.read_text("utf-8")
