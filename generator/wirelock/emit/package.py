"""What makes the output a package: `__init__`, `py.typed`, and the runtime it needs, copied byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.emit.contract import Emitted
from wirelock.emit.render import header, render


def emit(build: Build) -> Emitted:
    """`__init__.py`, `py.typed` and `_runtime/`; and an `__init__.py` in folders that hold protobuf modules alone."""
    home = f"{build.config.generated}/{build.config.package}"
    text = render("package/package.py.j2", header=header(build.config.schemas), proto=build.config.proto_package)
    contents = {f"{home}/__init__.py": text.encode(), f"{home}/py.typed": b""}
    contents |= {f"{home}/_runtime/{name}": content for name, content in runtime().items()}
    for file in build.proto.files:
        for folder in _folders(file.path):
            contents.setdefault(f"{home}/{folder}/__init__.py", b"")
    return Emitted(tuple(Artifact(path, content, "package") for path, content in sorted(contents.items())))


def runtime() -> dict[str, bytes]:
    """The modules of the runtime by their path below it."""
    return dict(sorted(_modules(files("wirelock").joinpath("runtime"), "")))


def _modules(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _modules(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".py"):
            yield f"{prefix}{entry.name}", entry.read_bytes()


def _folders(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
