"""The pairs of schemas in this folder: a folder or a single schema for each state; `settings.toml` applies to both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from checkout import load_config

from wirelock.build import build
from wirelock.compat.json import JsonChange, Proof, Proved, Refuted, Side, Unknown
from wirelock.oracle import ReferenceValidator
from wirelock.runtime.json.text import dump

HERE = Path(__file__).parent
FOLDERS = sorted({path.parent.relative_to(HERE).as_posix() for path in HERE.rglob("changes.txt")})
DIALECT = "https://json-schema.org/draft/2020-12/schema"


@cache
def load_pair(name: str) -> tuple[Side, Side]:
    """Return both sides of a folder."""
    old, new = (_read_state(HERE / name, state) for state in ("old", "new"))
    settings = HERE / name / "settings.toml"
    text = settings.read_text("utf-8") if settings.is_file() else ""
    return build_side(old, text), build_side(new, text)


def build_side(schemas: Mapping[str, Any], settings: str = "") -> Side:
    """Return one side of a project, from schemas and services by file below the schema folder."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "wirelock.toml").write_text(f'package = "shop"\n{settings}', "utf-8")
        for file, schema in schemas.items():
            path = Path(folder) / "schemas" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            content = {"$schema": DIALECT, **schema} if file.endswith(".schema.json") else schema
            path.write_text(json.dumps(content), "utf-8")
        built = build(load_config(Path(folder)))
    assert built.is_sound, built.diagnostics
    config = built.config
    reference = ReferenceValidator(built.documents, config.format_assertion)
    documents = {file: document.value for file, document in built.documents.items()}
    return Side(built.graph, config.unknown_fields, reference.is_valid, documents, config.format_assertion)


def format_changes(changes: tuple[JsonChange, ...]) -> str:
    """Return one paragraph for each change: rule, location, message, hint and both proofs."""
    return "".join(
        f"{change.rule} of {change.type} at {change.schema_location}\n    {change.message}\n    {change.hint}\n"
        f"    backward {format_proof(change.backward)}\n    forward {format_proof(change.forward)}\n"
        for change in changes
    )


def format_proof(proof: Proof) -> str:
    """Return a proof as text of the golden files."""
    match proof:
        case Proved():
            return "holds"
        case Refuted(witness):
            return f"broken by {dump(witness).decode()}"
        case Unknown(reason):
            return f"unproved: {reason}"


def _read_state(folder: Path, state: str) -> dict[str, Any]:
    single = folder / f"{state}.schema.json"
    if single.is_file():
        return {"shop/order.schema.json": json.loads(single.read_text("utf-8"))}
    files = sorted((folder / state).rglob("*.json"))
    return {path.relative_to(folder / state).as_posix(): json.loads(path.read_text("utf-8")) for path in files}
