"""Import of mutated descriptions: findings, but no crash and no file outside of the schema folder."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, cast

import pytest

from wirelock.openapi import import_description
from wirelock.source import Document
from wirelock.source.origins import FolderOrigin

pytestmark = pytest.mark.long

HERE = Path(__file__).parent
SCENARIOS = (
    "inline-bodies",
    "responses-without-schema",
    "streams-and-websockets",
    "nullable-in-3.0",
    "parameter-styles",
    "recursion",
)
REPLACEMENTS = (None, True, 1, 0.5, "", "../../x", "#/", [], {}, [None], {"$ref": "#"}, {"$ref": 1})


def find_paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value in a JSON value."""
    yield path
    if isinstance(value, dict):
        for name, member in cast("dict[str, object]", value).items():
            yield from find_paths(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[object]", value)):
            yield from find_paths(item, (*path, index))


def replace_at(value: Any, path: tuple[str | int, ...], replacement: object) -> Any:
    """Return a copy with another value at one path."""
    if not path:
        return replacement
    result = copy.deepcopy(value)
    parent = result
    for name in path[:-1]:
        parent = parent[name]
    parent[path[-1]] = copy.deepcopy(replacement)
    return result


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_in_a_description_makes_an_import_crash(name: str) -> None:
    [document] = (HERE / name).glob("document.*")
    origin = FolderOrigin(HERE / name, "", document.name)
    entry = origin.read(origin.entry)
    assert isinstance(entry, Document)
    for path in find_paths(entry.value):
        for replacement in REPLACEMENTS:
            result = import_description(
                Document(entry.path, replace_at(entry.value, path, replacement), entry.positions),
                origin,
                "schemas",
                "tag",
                {},
            )
            for artifact in result.artifacts:
                parts = PurePosixPath(artifact.path).parts
                assert len(parts) == 3 and parts[0] == "schemas" and not set(parts) & {"..", ".", ""}
