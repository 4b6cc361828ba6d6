"""Limits of documents: each violation is one diagnostic that names the limit."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from wirelock.api.emit import emit_all
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.parse.schemas import MAX_SCHEMA_DEPTH
from wirelock.progress import noop_progress
from wirelock.source.documents import MAX_BYTES

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def build_project(root: Path, text: str | dict[str, Any]) -> Build:
    """Build a project of one schema."""
    (root / "schemas/a").mkdir(parents=True)
    content = text if isinstance(text, str) else json.dumps(text)
    (root / "schemas/a/thing.schema.json").write_text(content, "utf-8")
    return build(Config(root, "wirelock.toml", "small_api", "small"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested deeper than 512"),
        (f'{{"minimum": {"9" * 5000}}}', "integer of 5000 digits (at most 4300)"),
        ('{"minimum": 1e999999999}', "of more than 1000 digits"),
    ],
    ids=["nesting", "digits", "exponent"],
)
def test_a_schema_beyond_a_limit_is_one_diagnostic(tmp_path: Path, text: str, message: str) -> None:
    [finding] = build_project(tmp_path, text).diagnostics
    assert (finding.code.id, finding.is_failure) == ("SOURCE_NOT_JSON", True)
    assert message in finding.message and finding.location.line == 1


def test_a_schema_file_beyond_the_size_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "schemas/a").mkdir(parents=True)
    with (tmp_path / "schemas/a/thing.schema.json").open("wb") as file:
        os.truncate(file.fileno(), MAX_BYTES + 1)
    [finding] = build(Config(tmp_path, "wirelock.toml", "small_api", "small")).diagnostics
    assert (finding.code.id, finding.message) == ("SOURCE_TOO_LARGE", "the file is larger than 64 MiB")


def test_a_graph_with_two_to_the_26_paths_is_walked_once(tmp_path: Path) -> None:
    steps = {
        f"step{n}": {
            "type": "object",
            "properties": {side: {"$ref": f"#/$defs/step{n + 1}"} for side in ("left", "right")},
        }
        for n in range(26)
    }
    schema = {"$schema": DIALECT, "$defs": {**steps, "step26": {"type": "string"}}, "$ref": "#/$defs/step0"}
    project = build_project(tmp_path, schema)
    assert project.diagnostics == ()
    assert len(project.graph.definitions) == 28


def nest(levels: int) -> dict[str, Any]:
    """Build a schema of arrays nested in arrays."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return {"$schema": DIALECT, **schema}


def test_nested_schemas_have_a_depth_limit(tmp_path: Path) -> None:
    deepest = build_project(tmp_path / "deepest", nest(MAX_SCHEMA_DEPTH - 1))
    assert [d for d in deepest.diagnostics if d.is_failure] == []
    assert emit_all(deepest, noop_progress).is_sound
    for levels in (MAX_SCHEMA_DEPTH, 250, 500):
        [finding] = build_project(tmp_path / str(levels), nest(levels)).diagnostics
        assert (finding.code.id, finding.is_failure) == ("SCHEMA_INVALID", True)
        assert "nested deeper than 64" in finding.message and finding.location.line == 1


def test_references_between_types_have_no_depth_limit(tmp_path: Path) -> None:
    names = [f"step{n}" for n in range(300)]
    steps = {
        name: {"type": "object", "properties": {"next": {"$ref": f"#/$defs/{inner}"}}}
        for name, inner in pairwise(names)
    }
    schema = {"$schema": DIALECT, "$ref": "#/$defs/step0", "$defs": {**steps, names[-1]: {"type": "object"}}}
    chained = build_project(tmp_path, schema)
    assert chained.diagnostics == () and len(chained.graph.definitions) == len(names) + 1
