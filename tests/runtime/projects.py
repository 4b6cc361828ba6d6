"""Projects compiled and loaded in memory: those of `tests/scenarios`, and projects of a few schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from checkout import ROOT, load_config

from wirelock.api.emit import emit_all
from wirelock.build import Build, build
from wirelock.ir import TypeId
from wirelock.loader import LoadedArtifacts, TypeContract, load_artifacts
from wirelock.progress import noop_progress


@cache
def load_scenario(name: str) -> tuple[Build, LoadedArtifacts]:
    """Return the project of a scenario; cached, because generating models takes a second."""
    return _load(ROOT / "tests/scenarios" / name / "input")


def load_type(name: str) -> TypeContract:
    """Return the artifacts of a type in a scenario, `unions:order/payment`."""
    folder, _, type_name = name.partition(":")
    return get_contract(load_scenario(folder)[1], type_name)


def build_project(folder: Path, schemas: Mapping[str, Any], unknown_fields: str = "warn") -> LoadedArtifacts:
    """Write a project of schemas by name (`order/order`) to a folder and return its artifacts."""
    (folder / "wirelock.toml").write_text(f'package = "shop_api"\nunknown-fields = "{unknown_fields}"\n', "utf-8")
    for name, schema in schemas.items():
        path = folder / f"schemas/{name}.schema.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        path.write_text(json.dumps(document), "utf-8")
    return _load(folder)[1]


def get_contract(loaded: LoadedArtifacts, name: str) -> TypeContract:
    """Return the validator, model and codec of a type (`order/order`)."""
    contract = loaded.get_contract(TypeId(f"{name}.schema.json"))
    assert isinstance(contract, TypeContract)
    return contract


def _load(folder: Path) -> tuple[Build, LoadedArtifacts]:
    built = build(load_config(folder))
    output = emit_all(built, noop_progress)
    assert output.is_sound, output.diagnostics
    return built, load_artifacts(built, output.artifacts)
