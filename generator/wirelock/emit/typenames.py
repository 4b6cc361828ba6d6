"""The Python names under which validators and codecs of named types are found."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass

from wirelock.build import Build
from wirelock.emit.mapping import type_name
from wirelock.ir import TypeId
from wirelock.naming import settle, snake

_TAKEN = ("codec", "schemas", "Final", "Validator", "annotations")
"""What the modules of validators and codecs import."""


@dataclass(frozen=True, slots=True)
class TypeName:
    """One named type: its Python name, the name users write, its schema place, its message's short name and module."""

    python: str
    type: str
    schema: str
    message: str = ""
    module: str = ""


def by_folder(keys: Sequence[TypeId], build: Build) -> dict[str, tuple[TypeName, ...]]:
    """The named types of each folder (as a Python module name), sorted by Python name."""
    folders: dict[str, list[TypeId]] = {}
    for key in keys:
        folders.setdefault(_identifier(key.package) if key.package else "root", []).append(key)
    return {folder: _names(sorted(group), build) for folder, group in sorted(folders.items())}


def _names(keys: Sequence[TypeId], build: Build) -> tuple[TypeName, ...]:
    wanted = {type_name(key): _identifier(build.graph.definitions[key].name) for key in keys}
    python = settle(wanted, _TAKEN)
    names: list[TypeName] = []
    for key in keys:
        name, root = type_name(key), build.proto.roots.get(key)
        message = root.name.rpartition(".")[2] if root else ""
        module = next(
            (f.path.removesuffix(".proto") for f in build.proto.files if root and _holds(f.package, root.name)), ""
        )
        names.append(
            TypeName(python[name], name, str(key), message, module.replace("/", ".") + "_pb2" if module else "")
        )
    return tuple(sorted(names, key=lambda name: name.python))


def _holds(package: str, message: str) -> bool:
    return message.rpartition(".")[0] == package


def _identifier(name: str) -> str:
    words = snake(name)
    return f"{words}_" if keyword.iskeyword(words) else words
