"""Validators: the schema documents as they are, and one typed name for each type."""

from __future__ import annotations

import json

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.emit.contract import Emitted
from wirelock.emit.render import header, render
from wirelock.emit.typenames import TypeName, by_folder
from wirelock.version import VERSION


def emit(build: Build) -> Emitted:
    """`schemas.json` and a module for each schema folder in `validators/`."""
    home = f"{build.config.generated}/{build.config.package}"
    texts = {f"{home}/schemas.json": json.dumps(schemas(build), indent=1, ensure_ascii=False) + "\n"}
    groups = by_folder(tuple(build.graph.definitions), build)
    for folder, names in groups.items():
        texts[f"{home}/validators/{folder}.py"] = _module(build, folder, names)
    texts[f"{home}/validators/__init__.py"] = render(
        "validators/package.py.j2", header=header(build.config.schemas), folders=sorted(groups)
    )
    return Emitted(tuple(Artifact(path, text.encode(), "validators") for path, text in texts.items()))


def schemas(build: Build) -> dict[str, object]:
    """The content of schemas.json: policy and documents."""
    return {
        "format": 1,
        "generator": f"wirelock {VERSION}",
        "unknownFields": build.config.unknown_fields,
        "formatAssertion": build.config.format_assertion,
        "documents": {file: document.value for file, document in build.documents.items()},
    }


def _module(build: Build, folder: str, names: tuple[TypeName, ...]) -> str:
    return render("validators/module.py.j2", header=header(build.config.schemas), folder=folder, names=names)
