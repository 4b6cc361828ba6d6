"""Comparison with buf: the same violations, as often, for each pair and category. Requires WIRELOCK_BUF."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from wire_corpus import COMPATIBLE, RULE_FOLDERS, compile_protos, load_pair

from wirelock.compat.wire.change import WireChange
from wirelock.compat.wire.descriptor_index import DescriptorIndex, Element, index_descriptors
from wirelock.compat.wire.rules import RULES, find_wire_changes

BUF = os.environ.get("WIRELOCK_BUF", "")
CATEGORIES = ("FILE", "PACKAGE", "WIRE_JSON", "WIRE")
IMPORTED = bytes((0xD2, 0xF6, 0x03, 0x02, 0x08, 0x01))
"""A field that buf adds to imported files: buf_extension (8042) with is_import (1)."""

UNSUPPORTED_RULES = {
    "ENUM_SAME_JSON_FORMAT": "a feature of editions; wirelock writes proto3",
    "EXTENSION_MESSAGE_NO_DELETE": "proto3 has no extension ranges",
    "FIELD_SAME_CPP_STRING_TYPE": "an option of C++ that wirelock does not write",
    "FIELD_SAME_DEFAULT": "proto3 has no explicit defaults",
    "FIELD_SAME_JAVA_UTF8_VALIDATION": "an option of Java that wirelock does not write",
    "FIELD_SAME_UTF8_VALIDATION": "follows from the syntax, which FILE_SAME_SYNTAX checks",
    "MESSAGE_SAME_JSON_FORMAT": "a feature of editions; wirelock writes proto3",
    **{
        f"FILE_SAME_{option}": "a file option that wirelock does not write"
        for option in (
            "CC_ENABLE_ARENAS",
            "CC_GENERIC_SERVICES",
            "CSHARP_NAMESPACE",
            "GO_PACKAGE",
            "JAVA_GENERIC_SERVICES",
            "JAVA_MULTIPLE_FILES",
            "JAVA_OUTER_CLASSNAME",
            "JAVA_PACKAGE",
            "OBJC_CLASS_PREFIX",
            "OPTIMIZE_FOR",
            "PHP_CLASS_PREFIX",
            "PHP_METADATA_NAMESPACE",
            "PHP_NAMESPACE",
            "PY_GENERIC_SERVICES",
            "RUBY_PACKAGE",
            "SWIFT_PREFIX",
        )
    },
}
PAIRS = [*RULE_FOLDERS, *COMPATIBLE]
OWN_RULES = {"RPC_SAME_HTTP_RULE": "buf ignores google.api.http"}

KINDS: dict[str, Callable[[DescriptorIndex], Mapping[str, Element[Any]]]] = {
    "PACKAGE_ENUM_NO_DELETE": lambda side: side.enums,
    "PACKAGE_EXTENSION_NO_DELETE": lambda side: side.extensions,
    "PACKAGE_MESSAGE_NO_DELETE": lambda side: side.messages,
}
"""Kinds that buf does not compare if a package has none left; wirelock does."""

TYPES = (
    *("int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64"),
    *("bool", "string", "bytes", "double", "float", "Status", "Line"),
)

pytestmark = [pytest.mark.long, pytest.mark.skipif(not BUF, reason="WIRELOCK_BUF names no buf")]


def run_buf(*arguments: str) -> str:
    """Run buf; return its output. Exit code 100 means that it found something."""
    process = subprocess.run([BUF, *arguments], capture_output=True, text=True, check=False)
    assert process.returncode in (0, 100), process.stderr
    return process.stdout


@cache
def read_buf_rules() -> dict[str, frozenset[str]]:
    """Return the categories of each rule of buf, limited to those that wirelock has."""
    lines = run_buf("config", "ls-breaking-rules", "--version", "v2", "--format", "json").splitlines()
    rules: list[Any] = [json.loads(line) for line in lines]
    return {rule["id"]: frozenset(rule["categories"]) & frozenset(CATEGORIES) for rule in rules}


def write_image(state: FileDescriptorSet, path: Path) -> str:
    """Write a descriptor set as an image of buf, with the files of Google marked as imports."""
    marked = FileDescriptorSet()
    for file in state.file:
        marked.file.add().MergeFromString(
            file.SerializeToString() + (IMPORTED if file.name.startswith("google/") else b"")
        )
    path.write_bytes(marked.SerializeToString())
    return str(path)


def count_buf_violations(old: FileDescriptorSet, new: FileDescriptorSet, category: str, folder: Path) -> Counter[str]:
    """Return how often buf reports each rule of a category, without unsupported rules."""
    config = json.dumps({"version": "v2", "breaking": {"use": [category]}})
    states = (write_image(new, folder / "new.binpb"), "--against", write_image(old, folder / "old.binpb"))
    lines = run_buf("breaking", *states, "--exclude-imports", "--config", config, "--error-format", "json").splitlines()
    counts = Counter(json.loads(line)["type"] for line in lines)
    return Counter({rule: count for rule, count in counts.items() if rule not in UNSUPPORTED_RULES})


def count_violations(old: FileDescriptorSet, new: FileDescriptorSet, category: str) -> Counter[str]:
    """Return how often wirelock reports each rule of a category, without those that buf cannot report."""
    changes = [change for change in find_wire_changes(old, new) if category in change.categories]
    return Counter(
        change.rule for change in changes if change.rule not in OWN_RULES and not is_last_of_its_kind(change, old, new)
    )


def is_last_of_its_kind(change: WireChange, old: FileDescriptorSet, new: FileDescriptorSet) -> bool:
    """Return True for an enum, message or extension of a package that has none of its kind left."""
    if change.rule not in KINDS:
        return False
    left = {element.file.package for element in KINDS[change.rule](index_descriptors(new)).values()}
    return any(change.element.startswith(f"{file.package}.") and file.package not in left for file in old.file)


def test_rules_have_the_names_and_categories_of_buf() -> None:
    expected = {rule: categories for rule, categories in read_buf_rules().items() if rule not in UNSUPPORTED_RULES}
    assert {rule.id: frozenset(rule.categories) for rule in RULES if rule.id not in OWN_RULES} == expected


def test_listed_rules_exist() -> None:
    assert UNSUPPORTED_RULES.keys() <= read_buf_rules().keys()
    assert OWN_RULES.keys() <= {rule.id for rule in RULES}


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_and_its_reverse(name: str, category: str, tmp_path: Path) -> None:
    old, new = load_pair(name)
    assert count_violations(old, new, category) == count_buf_violations(old, new, category, tmp_path)
    assert count_violations(new, old, category) == count_buf_violations(new, old, category, tmp_path)


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize(("one", "other"), list(zip(PAIRS, PAIRS[5:] + PAIRS[:5], strict=True)))
def test_unrelated_states(one: str, other: str, category: str, tmp_path: Path) -> None:
    old, new = load_pair(one)[0], load_pair(other)[1]
    assert count_violations(old, new, category) == count_buf_violations(old, new, category, tmp_path)


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_type_against_every_other(category: str, tmp_path: Path) -> None:
    changes = [(old, new) for old in TYPES for new in TYPES]
    old, new = (compile_protos(build_fields([change[side] for change in changes])) for side in (0, 1))
    assert count_violations(old, new, category) == count_buf_violations(old, new, category, tmp_path)


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_cardinality_against_every_other(category: str, tmp_path: Path) -> None:
    forms = ("string", "optional string", "repeated string", "map<string, string>", "Line", "repeated Line")
    changes = [(old, new) for old in forms for new in forms]
    old, new = (compile_protos(build_fields([change[side] for change in changes])) for side in (0, 1))
    assert count_violations(old, new, category) == count_buf_violations(old, new, category, tmp_path)


def build_fields(types: list[str]) -> str:
    fields = "".join(f"  {type} f{number} = {number};\n" for number, type in enumerate(types, 1))
    return f'syntax = "proto3";\nenum Status {{ NONE = 0; }}\nmessage Line {{}}\nmessage Order {{\n{fields}}}\n'
