"""buf is the judge: for every pair and category it finds what we find, as often. Runs where WIRELOCK_BUF names a buf."""

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
from wire_corpus import COMPATIBLE, RULE_FOLDERS, compiled, pair

from wirelock.compat.wire.change import WireChange
from wirelock.compat.wire.descriptor_index import Element, Side, index
from wirelock.compat.wire.rules import RULES, wire_changes

BUF = os.environ.get("WIRELOCK_BUF", "")
CATEGORIES = ("FILE", "PACKAGE", "WIRE_JSON", "WIRE")
IMPORTED = bytes((0xD2, 0xF6, 0x03, 0x02, 0x08, 0x01))
"""A field that buf adds to a file of a set: buf_extension (8042), with is_import (1) set."""

NOT_OURS = {
    "ENUM_SAME_JSON_FORMAT": "a feature of editions; wirelock writes proto3",
    "EXTENSION_MESSAGE_NO_DELETE": "proto3 has no extension ranges",
    "FIELD_SAME_CPP_STRING_TYPE": "an option of C++ that wirelock does not write",
    "FIELD_SAME_DEFAULT": "proto3 has no defaults of one's own",
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
NOT_BUFS = {"RPC_SAME_HTTP_RULE": "buf does not look into google.api.http"}

KINDS: dict[str, Callable[[Side], Mapping[str, Element[Any]]]] = {
    "PACKAGE_ENUM_NO_DELETE": lambda side: side.enums,
    "PACKAGE_EXTENSION_NO_DELETE": lambda side: side.extensions,
    "PACKAGE_MESSAGE_NO_DELETE": lambda side: side.messages,
}
"""buf compares what a package has of these only while it has any: that the last one went, it does not see. We do."""

TYPES = (
    *("int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64"),
    *("bool", "string", "bytes", "double", "float", "Status", "Line"),
)

pytestmark = pytest.mark.skipif(not BUF, reason="WIRELOCK_BUF names no buf")


def run(*arguments: str) -> str:
    """What buf prints; it ends with 100 where it found something."""
    done = subprocess.run([BUF, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 100), done.stderr
    return done.stdout


@cache
def bufs_rules() -> dict[str, frozenset[str]]:
    """The categories of every rule that buf has, as far as we have them."""
    lines = run("config", "ls-breaking-rules", "--version", "v2", "--format", "json").splitlines()
    rules: list[Any] = [json.loads(line) for line in lines]
    return {rule["id"]: frozenset(rule["categories"]) & frozenset(CATEGORIES) for rule in rules}


def image(state: FileDescriptorSet, path: Path) -> str:
    """A descriptor set as buf takes it, google's files marked as imports."""
    marked = FileDescriptorSet()
    for file in state.file:
        marked.file.add().MergeFromString(
            file.SerializeToString() + (IMPORTED if file.name.startswith("google/") else b"")
        )
    path.write_bytes(marked.SerializeToString())
    return str(path)


def bufs(old: FileDescriptorSet, new: FileDescriptorSet, category: str, folder: Path) -> Counter[str]:
    """How often buf finds each rule of a category broken, without the rules that are not ours."""
    config = json.dumps({"version": "v2", "breaking": {"use": [category]}})
    states = (image(new, folder / "new.binpb"), "--against", image(old, folder / "old.binpb"))
    lines = run("breaking", *states, "--exclude-imports", "--config", config, "--error-format", "json").splitlines()
    found = Counter(json.loads(line)["type"] for line in lines)
    return Counter({rule: count for rule, count in found.items() if rule not in NOT_OURS})


def ours(old: FileDescriptorSet, new: FileDescriptorSet, category: str) -> Counter[str]:
    """How often we find each rule of a category broken, without what buf does not see."""
    changes = [change for change in wire_changes(old, new) if category in change.categories]
    return Counter(one.rule for one in changes if one.rule not in NOT_BUFS and not of_the_last(one, old, new))


def of_the_last(change: WireChange, old: FileDescriptorSet, new: FileDescriptorSet) -> bool:
    """Whether this is an enum, message or extension of a package that has none of its kind any more."""
    if change.rule not in KINDS:
        return False
    left = {element.file.package for element in KINDS[change.rule](index(new)).values()}
    return any(change.element.startswith(f"{file.package}.") and file.package not in left for file in old.file)


def test_the_rules_have_bufs_names_and_categories() -> None:
    wanted = {rule: categories for rule, categories in bufs_rules().items() if rule not in NOT_OURS}
    assert {rule.id: frozenset(rule.categories) for rule in RULES if rule.id not in NOT_BUFS} == wanted


def test_what_is_not_ours_is_bufs_and_what_is_not_bufs_is_ours() -> None:
    assert NOT_OURS.keys() <= bufs_rules().keys()
    assert NOT_BUFS.keys() <= {rule.id for rule in RULES}


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_and_its_reverse(name: str, category: str, tmp_path: Path) -> None:
    old, new = pair(name)
    assert ours(old, new, category) == bufs(old, new, category, tmp_path)
    assert ours(new, old, category) == bufs(new, old, category, tmp_path)


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize(("one", "other"), list(zip(PAIRS, PAIRS[5:] + PAIRS[:5], strict=True)))
def test_states_that_have_little_in_common(one: str, other: str, category: str, tmp_path: Path) -> None:
    old, new = pair(one)[0], pair(other)[1]
    assert ours(old, new, category) == bufs(old, new, category, tmp_path)


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_type_against_every_other(category: str, tmp_path: Path) -> None:
    changes = [(old, new) for old in TYPES for new in TYPES]
    old, new = (compiled(_fields([change[side] for change in changes])) for side in (0, 1))
    assert ours(old, new, category) == bufs(old, new, category, tmp_path)


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_cardinality_against_every_other(category: str, tmp_path: Path) -> None:
    forms = ("string", "optional string", "repeated string", "map<string, string>", "Line", "repeated Line")
    changes = [(old, new) for old in forms for new in forms]
    old, new = (compiled(_fields([change[side] for change in changes])) for side in (0, 1))
    assert ours(old, new, category) == bufs(old, new, category, tmp_path)


def _fields(types: list[str]) -> str:
    fields = "".join(f"  {type} f{number} = {number};\n" for number, type in enumerate(types, 1))
    return f'syntax = "proto3";\nenum Status {{ NONE = 0; }}\nmessage Line {{}}\nmessage Order {{\n{fields}}}\n'
