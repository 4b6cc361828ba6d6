"""Named types as the generated validators and codecs export them."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass

from wirelock.build import Build
from wirelock.ir import TypeId
from wirelock.lower.ledger.ledger import get_package, get_short_name
from wirelock.naming import assign_unique_names, to_snake_case

_IMPORTED = ("get_codec", "load_schemas", "Final", "Validator", "annotations")
"""Names that the modules of validators and codecs import."""


@dataclass(frozen=True, slots=True)
class ExportedType:
    """One named type: its Python name, its name, its schema, and the short name and module of its root message."""

    python: str
    type: str
    schema: str
    message: str = ""
    module: str = ""


def group_by_folder(keys: Sequence[TypeId], build: Build) -> dict[str, tuple[ExportedType, ...]]:
    """Return the named types of each schema folder (as a Python module name), sorted by Python name."""
    folders: dict[str, list[TypeId]] = {}
    for key in keys:
        folders.setdefault(_to_identifier(key.package) if key.package else "root", []).append(key)
    return {folder: _build_types(sorted(group), build) for folder, group in sorted(folders.items())}


def _build_types(keys: Sequence[TypeId], build: Build) -> tuple[ExportedType, ...]:
    preferred = {key.name: _to_identifier(build.graph.definitions[key].name) for key in keys}
    names = assign_unique_names(preferred, _IMPORTED)
    modules = {file.package: file.path.removesuffix(".proto").replace("/", ".") + "_pb2" for file in build.proto.files}
    types: list[ExportedType] = []
    for key in keys:
        root = build.proto.roots.get(key)
        message, module = (get_short_name(root.name), modules[get_package(root.name)]) if root else ("", "")
        types.append(ExportedType(names[key.name], key.name, str(key), message, module))
    return tuple(sorted(types, key=lambda type: type.python))


def _to_identifier(name: str) -> str:
    identifier = to_snake_case(name)
    return f"{identifier}_" if keyword.iskeyword(identifier) else identifier
