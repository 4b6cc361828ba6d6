"""The pairs of schemas of this folder: a folder for each state, or one schema for each; `settings.toml` holds for both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from checkout import configuration

from wirelock.build import build
from wirelock.compat.json import Broken, Holds, JsonChange, Proof, Side, Unproved
from wirelock.oracle import Reference
from wirelock.runtime.json.text import dump

HERE = Path(__file__).parent
FOLDERS = sorted({path.parent.relative_to(HERE).as_posix() for path in HERE.rglob("changes.txt")})
DIALECT = "https://json-schema.org/draft/2020-12/schema"


@cache
def pair(name: str) -> tuple[Side, Side]:
    """Both states of a folder."""
    old, new = (_state(HERE / name, state) for state in ("old", "new"))
    settings = HERE / name / "settings.toml"
    stated = settings.read_text("utf-8") if settings.is_file() else ""
    return side(old, stated), side(new, stated)


def side(schemas: Mapping[str, Any], settings: str = "") -> Side:
    """One state of a project: schemas and services by their file below the schema folder."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "wirelock.toml").write_text(f'package = "shop"\n{settings}', "utf-8")
        for file, schema in schemas.items():
            path = Path(folder) / "schemas" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            stated = {"$schema": DIALECT, **schema} if file.endswith(".schema.json") else schema
            path.write_text(json.dumps(stated), "utf-8")
        built = build(configuration(Path(folder)))
    assert built.sound, built.diagnostics
    config = built.config
    reference = Reference(built.documents, config.format_assertion)
    documents = {file: document.value for file, document in built.documents.items()}
    return Side(built.graph, config.unknown_fields, reference.is_valid, documents, config.format_assertion)


def listing(changes: tuple[JsonChange, ...]) -> str:
    """One change a paragraph: the rule and the place, what changed, and both proofs."""
    return "".join(
        f"{change.rule} of {change.type} at {change.place}\n    {change.message}\n    {change.hint}\n"
        f"    backward {words(change.backward)}\n    forward {words(change.forward)}\n"
        for change in changes
    )


def words(proof: Proof) -> str:
    """A proof as the golden files say it."""
    match proof:
        case Holds():
            return "holds"
        case Broken(witness):
            return f"broken by {dump(witness).decode()}"
        case Unproved(reason):
            return f"unproved: {reason}"


def _state(folder: Path, state: str) -> dict[str, Any]:
    single = folder / f"{state}.schema.json"
    if single.is_file():
        return {"shop/order.schema.json": json.loads(single.read_text("utf-8"))}
    files = sorted((folder / state).rglob("*.json"))
    return {path.relative_to(folder / state).as_posix(): json.loads(path.read_text("utf-8")) for path in files}
