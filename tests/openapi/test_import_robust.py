"""Whatever stands anywhere in a description: findings, never a crash, and never a file outside the schema folder."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, cast

import pytest

from wirelock.openapi import import_description
from wirelock.source import Document
from wirelock.source.origins import Folder

HERE = Path(__file__).parent
SCENARIOS = ("inline-bodies", "bare-answers", "streams-and-sockets", "nullable-in-3.0", "parameter-styles", "recursion")
STRANGE = (None, True, 1, 0.5, "", "../../x", "#/", [], {}, [None], {"$ref": "#"}, {"$ref": 1})


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a JSON value."""
    yield path
    if isinstance(value, dict):
        for name, inner in cast("dict[str, object]", value).items():
            yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(cast("list[object]", value)):
            yield from places(inner, (*path, index))


def changed(value: Any, path: tuple[str | int, ...], strange: object) -> Any:
    """The value with something else at one place."""
    if not path:
        return strange
    result = copy.deepcopy(value)
    here = result
    for name in path[:-1]:
        here = here[name]
    here[path[-1]] = copy.deepcopy(strange)
    return result


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_in_a_description_makes_an_import_crash(name: str) -> None:
    [document] = (HERE / name).glob("document.*")
    origin = Folder(HERE / name, "", document.name)
    entry = origin.read(origin.entry)
    assert isinstance(entry, Document)
    for path in places(entry.value):
        for strange in STRANGE:
            result = import_description(
                Document(entry.path, changed(entry.value, path, strange), entry.positions), origin, "schemas", "tag", {}
            )
            for artifact in result.artifacts:
                parts = PurePosixPath(artifact.path).parts
                assert len(parts) == 3 and parts[0] == "schemas" and not set(parts) & {"..", ".", ""}
