"""Cache keys: hashes of everything that a result depends on."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from wirelock.api.emit import EmittedFiles
from wirelock.build import Build
from wirelock.ir import TypeId, find_references
from wirelock.runtime.json.text import Json, dump
from wirelock.source import Document, ReferenceTarget, Sources
from wirelock.version import VERSION

ENGINES = (
    "googleapis-common-protos",
    "grpcio-tools",
    "hypothesis",
    "jsonschema",
    "jsonschema-rs",
    "jsonschema-specifications",
    "msgspec",
    "protobuf",
    "pydantic",
    "pydantic-core",
    "referencing",
    "regress",
)
"""The packages that take part in a verdict."""
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


class CacheKeys:
    """Cache keys for the results of one build."""

    def __init__(self, built: Build, output: EmittedFiles) -> None:
        self._built = built
        self._models = f"{built.config.package_folder}/models/"
        self._artifacts = {artifact.path: artifact.content for artifact in output.artifacts}

    def for_recording(self, path: Path, name: str) -> bytes | None:
        """Return the key of a recording's result, or None if the file cannot be read."""
        try:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
        except OSError:
            return None
        return _hash_parts((self._project_hash, name.encode(), path.suffix.encode(), content))

    def for_type(self, key: TypeId, *settings: int) -> bytes:
        """Return the key of a type's proof: it covers the packages that the type reaches and their generated files."""
        packages = self._reachable_packages[key.package]
        location = repr(self._built.graph.definitions[key].node.location)
        facts = (key.name, location, repr(settings))
        return _hash_parts((self._environment_hash, *(fact.encode() for fact in facts), self._hash_packages(packages)))

    @cache  # noqa: B019  a basis lives as long as one run
    def _hash_packages(self, packages: frozenset[str]) -> bytes:
        return _hash_parts(self._list_parts(packages))

    @cached_property
    def _environment_hash(self) -> bytes:
        """wirelock itself, its environment, and the project's settings."""
        return _hash_parts((*iter_program_files(), *iter_environment(), self._settings))

    @property
    def _settings(self) -> bytes:
        """The settings that affect results, without those that are applied to finished reports."""
        config = self._built.config
        facts = (config.package, config.proto_package, config.schemas, config.generated)
        return repr((facts, config.unknown_fields, config.format_assertion)).encode()

    @cached_property
    def _project_hash(self) -> bytes:
        """The whole project: schemas, services, and all emitted files."""
        emitted = (path.encode() + b"\n" + content for path, content in sorted(self._artifacts.items()))
        return _hash_parts(
            (self._environment_hash, *self._schema_hashes.values(), repr(self._built.graph.services).encode(), *emitted)
        )

    @cached_property
    def _schema_hashes(self) -> Mapping[str, bytes]:
        """The schema files by path; their values are hashed, because layout does not matter."""
        dialect = self._built.config.get_dialect
        return {
            file: _hash_parts((file.encode(), dialect(document.path).encode(), dump(document.value)))
            for file, document in self._built.documents.items()
        }

    def _list_parts(self, packages: frozenset[str]) -> Iterator[bytes]:
        """List the schemas and generated files of packages, and the files that belong to no package."""
        yield from (text for file, text in self._schema_hashes.items() if file.rpartition("/")[0] in packages)
        yield from (repr(file).encode() for file in self._built.proto.files if file.folder in packages)
        roots = self._built.models.roots.items()
        passed = {f"{self._models}{name.module}.py" for key, name in roots if key.package not in packages}
        for path, content in sorted(self._artifacts.items()):
            if path.startswith(self._models) and path not in passed:
                yield path.encode() + b"\n" + content
        yield from self._list_descriptors(packages)

    def _list_descriptors(self, packages: frozenset[str]) -> Iterator[bytes]:
        from google.protobuf.descriptor_pb2 import FileDescriptorSet  # only proofs need protobuf

        others = {file.path for file in self._built.proto.files if file.folder not in packages}
        content = self._artifacts[f"{self._built.config.package_folder}/descriptors.binpb"]
        for file in FileDescriptorSet.FromString(content).file:
            if file.name not in others:
                yield file.SerializeToString(deterministic=True)

    # which packages a package reaches

    @cached_property
    def _reachable_packages(self) -> Mapping[str, frozenset[str]]:
        """By package, the packages that its schemas reference directly or indirectly."""
        steps = self._referenced_packages
        reach: dict[str, frozenset[str]] = {}
        for package in steps:
            seen, queue = {package}, [package]
            while queue:
                new = steps[queue.pop()] - seen
                seen |= new
                queue += new
            reach[package] = frozenset(seen)
        return reach

    @cached_property
    def _referenced_packages(self) -> Mapping[str, set[str]]:
        documents = self._built.documents
        steps: dict[str, set[str]] = {file.rpartition("/")[0]: set() for file in documents}
        for key, definition in self._built.graph.definitions.items():
            steps[key.package] |= {target.package for target in find_references(definition.node)}
        sources = Sources({document.path: document for document in documents.values()})
        for file, document in documents.items():
            steps[file.rpartition("/")[0]] |= self._find_referenced_packages(document, sources, set(steps))
        return steps

    def _find_referenced_packages(self, document: Document, sources: Sources, packages: set[str]) -> set[str]:
        """Return the packages that a document references; all packages if a reference cannot be resolved statically."""
        referenced: set[str] = set()
        folder = f"{self._built.config.schemas}/"
        for keyword, pointer, reference in iter_references(document.value):
            target = sources.resolve(document.path, pointer, reference)
            if keyword != "$ref" or not isinstance(target, ReferenceTarget):
                return packages
            referenced.add(target.path.removeprefix(folder).rpartition("/")[0])
        return referenced & packages


def iter_references(value: Json, pointer: str = "") -> Iterator[tuple[str, str, str]]:
    """Iterate over all references in a value: keyword, pointer of its schema, and reference."""
    match value:
        case dict():
            for name, inner in value.items():
                if name in _REFERENCES and isinstance(inner, str):
                    yield name, pointer, inner
                yield from iter_references(inner, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
        case list():
            for index, inner in enumerate(value):
                yield from iter_references(inner, f"{pointer}/{index}")
        case _:
            pass


def iter_program_files() -> Iterator[bytes]:
    """Iterate over wirelock's own modules; a version number does not cover local changes."""
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        yield path.relative_to(package).as_posix().encode()
        yield path.read_bytes()


def iter_environment() -> Iterator[bytes]:
    yield VERSION.encode()
    yield json.dumps([sys.version, platform.machine(), sys.platform]).encode()
    yield os.environ.get("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "").encode()
    yield from (f"{name} {_find_version(name)}".encode() for name in ENGINES)


def _find_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _hash_parts(parts: Iterable[bytes]) -> bytes:
    """Hash parts with their lengths, so that no two lists of parts collide."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.digest()
