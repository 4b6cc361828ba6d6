"""The files around the generated modules: `__init__.py`, `py.typed`, and a copy of the runtime."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.emit.contract import EmitResult
from wirelock.emit.render import format_header, render


def emit(build: Build) -> EmitResult:
    """Emit `__init__.py`, `py.typed` and `_runtime/`, and `__init__.py` in folders with protobuf modules only."""
    home = build.config.package_folder
    text = render("package/package.py.j2", header=format_header(build.config.schemas), proto=build.config.proto_package)
    contents = {f"{home}/__init__.py": text.encode(), f"{home}/py.typed": b""}
    contents |= {f"{home}/_runtime/{name}": content for name, content in read_runtime().items()}
    for file in build.proto.files:
        for folder in _get_parent_folders(file.path):
            contents.setdefault(f"{home}/{folder}/__init__.py", b"")
    return EmitResult(tuple(Artifact(path, content, "package") for path, content in sorted(contents.items())))


def read_runtime() -> dict[str, bytes]:
    """Return the modules of the runtime by path, byte for byte."""
    return dict(sorted(_iter_modules(files("wirelock").joinpath("runtime"), "")))


def _iter_modules(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _iter_modules(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".py"):
            yield f"{prefix}{entry.name}", entry.read_bytes()


def _get_parent_folders(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
