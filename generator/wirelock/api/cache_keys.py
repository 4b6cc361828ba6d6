"""Everything that a result depends on, as bytes: wirelock and its engines, the project, a recording, a type."""

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

from wirelock.api.emit import Output
from wirelock.build import Build
from wirelock.emit.mapping import type_name
from wirelock.ir import TypeId, mentioned
from wirelock.runtime.json.text import Json, dump
from wirelock.source import Document, Sources, Target
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
"""The packages whose verdicts a result is made of."""
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


class Basis:
    """What results of one build depend on."""

    def __init__(self, built: Build, output: Output) -> None:
        self._built = built
        self._models = f"{built.config.home}/models/"
        self._artifacts = {artifact.path: artifact.content for artifact in output.artifacts}

    def of_recording(self, path: Path, shown: str) -> bytes | None:
        """What the result of a recording depends on: its bytes and everything else; None if it cannot be read."""
        try:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
        except OSError:
            return None
        return _joined((self._project, shown.encode(), path.suffix.encode(), content))

    def of_type(self, key: TypeId, *settings: int) -> bytes:
        """What the proof of a type depends on: the packages that it reaches, and what was generated for them."""
        packages = self._reach[key.package]
        where = repr(self._built.graph.definitions[key].node.where)
        facts = (type_name(key), where, repr(settings))
        return _joined((self._own, *(fact.encode() for fact in facts), self._of_packages(packages)))

    @cache  # noqa: B019  a basis lives as long as one run
    def _of_packages(self, packages: frozenset[str]) -> bytes:
        return _joined(self._of(packages))

    @cached_property
    def _own(self) -> bytes:
        """wirelock itself, what runs it, and what the project is told to be."""
        return _joined((*_program(), *_environment(), self._configuration))

    @property
    def _configuration(self) -> bytes:
        """The configuration without its place, and without what is applied to results afterwards."""
        config = self._built.config
        facts = (config.package, config.proto_package, config.schemas, config.generated)
        return repr((facts, config.unknown_fields, config.format_assertion)).encode()

    @cached_property
    def _project(self) -> bytes:
        """The whole project: its schemas, its services, and everything that was emitted."""
        emitted = (path.encode() + b"\n" + content for path, content in sorted(self._artifacts.items()))
        return _joined((self._own, *self._schemas.values(), repr(self._built.graph.services).encode(), *emitted))

    @cached_property
    def _schemas(self) -> Mapping[str, bytes]:
        """The schema files by path below their folder; as values, for how they are laid out means nothing."""
        dialect = self._built.config.dialect_of
        return {
            file: _joined((file.encode(), dialect(document.path).encode(), dump(document.value)))
            for file, document in self._built.documents.items()
        }

    def _of(self, packages: frozenset[str]) -> Iterator[bytes]:
        """The schemas of packages with what was made of them, and what was made of no package in particular."""
        yield from (text for file, text in self._schemas.items() if file.rpartition("/")[0] in packages)
        yield from (repr(file).encode() for file in self._built.proto.files if file.folder in packages)
        roots = self._built.models.roots.items()
        passed = {f"{self._models}{name.module}.py" for key, name in roots if key.package not in packages}
        for path, content in sorted(self._artifacts.items()):
            if path.startswith(self._models) and path not in passed:
                yield path.encode() + b"\n" + content
        yield from self._descriptors(packages)

    def _descriptors(self, packages: frozenset[str]) -> Iterator[bytes]:
        from google.protobuf.descriptor_pb2 import FileDescriptorSet  # only where something is proved

        others = {file.path for file in self._built.proto.files if file.folder not in packages}
        for file in FileDescriptorSet.FromString(self._artifacts[f"{self._built.config.home}/descriptors.binpb"]).file:
            if file.name not in others:
                yield file.SerializeToString(deterministic=True)

    # which packages a package reaches

    @cached_property
    def _reach(self) -> Mapping[str, frozenset[str]]:
        """By package, those that its schemas refer to in any way, in any number of steps."""
        steps = self._steps
        reach: dict[str, frozenset[str]] = {}
        for package in steps:
            seen, left = {package}, [package]
            while left:
                new = steps[left.pop()] - seen
                seen |= new
                left += new
            reach[package] = frozenset(seen)
        return reach

    @cached_property
    def _steps(self) -> Mapping[str, set[str]]:
        documents = self._built.documents
        steps: dict[str, set[str]] = {file.rpartition("/")[0]: set() for file in documents}
        for key, definition in self._built.graph.definitions.items():
            steps[key.package] |= {target.package for target in mentioned(definition.node)}
        sources = Sources({document.path: document for document in documents.values()})
        for file, document in documents.items():
            steps[file.rpartition("/")[0]] |= self._referred(document, sources, set(steps))
        return steps

    def _referred(self, document: Document, sources: Sources, every: set[str]) -> set[str]:
        """The packages that a document's references lead to; all of them if one leads nowhere by itself."""
        found: set[str] = set()
        folder = f"{self._built.config.schemas}/"
        for keyword, pointer, reference in _references(document.value):
            target = sources.resolve(document.path, pointer, reference)
            if keyword != "$ref" or not isinstance(target, Target):
                return every
            found.add(target.path.removeprefix(folder).rpartition("/")[0])
        return found & every


def _references(value: Json, pointer: str = "") -> Iterator[tuple[str, str, str]]:
    """Everything that looks like a reference: the keyword, where its schema stands, and what it says."""
    match value:
        case dict():
            for name, inner in value.items():
                if name in _REFERENCES and isinstance(inner, str):
                    yield name, pointer, inner
                yield from _references(inner, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
        case list():
            for index, inner in enumerate(value):
                yield from _references(inner, f"{pointer}/{index}")
        case _:
            pass


def _program() -> Iterator[bytes]:
    """wirelock's own modules: a version is not enough for those who change them."""
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        yield path.relative_to(package).as_posix().encode()
        yield path.read_bytes()


def _environment() -> Iterator[bytes]:
    yield VERSION.encode()
    yield json.dumps([sys.version, platform.machine(), sys.platform]).encode()
    yield os.environ.get("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "").encode()
    yield from (f"{name} {_version(name)}".encode() for name in ENGINES)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _joined(parts: Iterable[bytes]) -> bytes:
    """Parts as one hash in which none runs into the next."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.digest()
