"""Codecs: one typed name for each type that has a message."""

from __future__ import annotations

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.emit.contract import EmitResult
from wirelock.emit.exported_types import group_by_folder
from wirelock.emit.render import format_header, render


def emit(build: Build) -> EmitResult:
    """Emit the package `codecs/`, with one module per schema folder."""
    home = f"{build.config.package_folder}/codecs"
    groups = group_by_folder(tuple(build.proto.roots), build)
    texts = {
        f"{home}/{folder}.py": render(
            "codecs/module.py.j2", header=format_header(build.config.schemas), folder=folder, names=names
        )
        for folder, names in groups.items()
    }
    texts[f"{home}/__init__.py"] = render(
        "codecs/package.py.j2", header=format_header(build.config.schemas), folders=sorted(groups)
    )
    return EmitResult(tuple(Artifact(path, text.encode(), "codecs") for path, text in texts.items()))
