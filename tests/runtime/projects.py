"""Projects compiled and loaded in memory: those of `tests/scenarios`, and small ones from schemas by file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from checkout import ROOT, configuration

from wirelock.api.emit import emitted
from wirelock.build import Build, build
from wirelock.ir import TypeId
from wirelock.loader import Loaded, TypeContract, load
from wirelock.progress import silent


@cache
def scenario(name: str) -> tuple[Build, Loaded]:
    """A scenario's project; compiled once a run, since models take a second."""
    return _loaded(ROOT / "tests/scenarios" / name / "input")


def artefacts(name: str) -> TypeContract:
    """The artefacts of a type in a scenario, `unions:order/payment`."""
    folder, _, type_name = name.partition(":")
    return contract(scenario(folder)[1], type_name)


def project(folder: Path, schemas: Mapping[str, Any], unknown_fields: str = "warn") -> Loaded:
    """A project of schemas by name (`order/order`), written to a folder."""
    (folder / "wirelock.toml").write_text(f'package = "shop_api"\nunknown-fields = "{unknown_fields}"\n', "utf-8")
    for name, schema in schemas.items():
        path = folder / f"schemas/{name}.schema.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        stated = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        path.write_text(json.dumps(stated), "utf-8")
    return _loaded(folder)[1]


def contract(loaded: Loaded, name: str) -> TypeContract:
    """Validator, model and codec of a type (`order/order`)."""
    found = loaded.contract(TypeId(f"{name}.schema.json"))
    assert isinstance(found, TypeContract)
    return found


def _loaded(folder: Path) -> tuple[Build, Loaded]:
    built = build(configuration(folder))
    output = emitted(built, silent)
    assert output.sound, output.diagnostics
    return built, load(built, output.artifacts)
