"""Codecs: one typed name for each type that has a message."""

from __future__ import annotations

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.emit.contract import Emitted
from wirelock.emit.render import header, render
from wirelock.emit.typenames import by_folder


def emit(build: Build) -> Emitted:
    """A module for each schema folder in `codecs/`."""
    home = f"{build.config.generated}/{build.config.package}/codecs"
    groups = by_folder(tuple(build.proto.roots), build)
    texts = {
        f"{home}/{folder}.py": render(
            "codecs/module.py.j2", header=header(build.config.schemas), folder=folder, names=names
        )
        for folder, names in groups.items()
    }
    texts[f"{home}/__init__.py"] = render(
        "codecs/package.py.j2", header=header(build.config.schemas), folders=sorted(groups)
    )
    return Emitted(tuple(Artifact(path, text.encode(), "codecs") for path, text in texts.items()))
