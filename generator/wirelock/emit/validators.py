"""Validators: the unchanged schema documents, and one typed name for each type."""

from __future__ import annotations

import json

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.emit.contract import EmitResult
from wirelock.emit.exported_types import ExportedType, group_by_folder
from wirelock.emit.render import format_header, render
from wirelock.version import VERSION


def emit(build: Build) -> EmitResult:
    """Emit `schemas.json` and the package `validators/`, with one module per schema folder."""
    home = build.config.package_folder
    texts = {f"{home}/schemas.json": json.dumps(build_schemas(build), indent=1, ensure_ascii=False) + "\n"}
    groups = group_by_folder(tuple(build.graph.definitions), build)
    for folder, names in groups.items():
        texts[f"{home}/validators/{folder}.py"] = _render_module(build, folder, names)
    texts[f"{home}/validators/__init__.py"] = render(
        "validators/package.py.j2", header=format_header(build.config.schemas), folders=sorted(groups)
    )
    return EmitResult(tuple(Artifact(path, text.encode(), "validators") for path, text in texts.items()))


def build_schemas(build: Build) -> dict[str, object]:
    """Return the content of schemas.json: the policy on undeclared properties and formats, and the documents."""
    return {
        "format": 1,
        "generator": f"wirelock {VERSION}",
        "unknownFields": build.config.unknown_fields,
        "formatAssertion": build.config.format_assertion,
        "documents": {file: document.value for file, document in build.documents.items()},
    }


def _render_module(build: Build, folder: str, names: tuple[ExportedType, ...]) -> str:
    return render("validators/module.py.j2", header=format_header(build.config.schemas), folder=folder, names=names)
