"""compile: a schema in memory, and everything that would be generated for it; no files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from google.protobuf.message import Message

from wirelock.artifact import Artifact
from wirelock.build import SCHEMA_SUFFIX, Build, compiled
from wirelock.config import Config, wrong_dialect
from wirelock.diagnostics import Diagnostic, Location
from wirelock.emit import EMITTERS
from wirelock.ir import TypeId
from wirelock.loader import Loaded, TypeContract, load
from wirelock.lower.ledger.ledger import Ledger
from wirelock.runtime.codec.codec import Codec, Refused
from wirelock.runtime.findings import Finding
from wirelock.runtime.json.text import Json
from wirelock.source import Document
from wirelock.source.dialects import DEFAULT
from wirelock.traffic.conformance.codes import FINDINGS

_NEEDED = ("pb2", "models", "validators", "mapping")
_ROOT = TypeId(f"document{SCHEMA_SUFFIX}")
_PACKAGE = "compiled"


class SchemaError(ValueError):
    """The schema cannot be compiled; `diagnostics` say why."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("; ".join(f"{d.where}: {d.message}" for d in diagnostics))
        self.diagnostics = diagnostics


class Compiled:
    """One schema: its verdict, its model, and its way to protobuf and back. Each is made when it is first used."""

    def __init__(self, build: Build) -> None:
        self._build = build

    def is_valid(self, text: bytes | str) -> bool:
        """Whether a JSON text is valid; text that is not I-JSON is not."""
        return self._contract.validator.is_valid(text)

    def is_valid_instance(self, instance: Json) -> bool:
        """Whether a parsed JSON value is valid."""
        return self._contract.validator.is_valid_instance(instance)

    def findings(self, text: bytes | str) -> list[Diagnostic]:
        """Why a JSON text is not valid, one diagnostic a fault; for a valid one, what in it is undeclared."""
        return [_diagnostic(finding) for finding in self._contract.validator.findings(text)]

    @property
    def model(self) -> Any:
        """The Pydantic model class."""
        return self._contract.model

    def encode(self, text: bytes | str) -> bytes:
        """Protobuf's binary form of a JSON text; raises `Refused`."""
        return self._codec.encode(text)

    def decode(self, wire: bytes) -> bytes:
        """The JSON text of protobuf's binary form; raises `Refused`."""
        return self._codec.decode(wire)

    @property
    def _codec(self) -> Codec[Message]:
        if self._contract.codec is None:
            raise Refused((Finding("", "NOT_REPRESENTABLE", "the schema has no message"),))
        return self._contract.codec

    @cached_property
    def _contract(self) -> TypeContract:
        return self._loaded.contract(_ROOT)

    @cached_property
    def _loaded(self) -> Loaded:
        artifacts: list[Artifact] = []
        for emitter in EMITTERS:
            if emitter.name in _NEEDED:
                emitted = emitter.emit(self._build)
                if emitted.diagnostics:
                    raise SchemaError(emitted.diagnostics)
                artifacts += emitted.artifacts
        return load(self._build, artifacts)


def compile(
    schema: Json,
    registry: Mapping[str, Json] | None = None,
    dialect: str | None = None,
    format_assertion: bool = False,
) -> Compiled:
    """Compile a JSON Schema.

    `registry` are further schemas by the URI that references call them; `dialect` is the dialect of schemas that
    state none, by URI or by name (2020-12). Undeclared properties are kept. Raises SchemaError.
    """
    return Compiled(schema_build(schema, registry, dialect, format_assertion=format_assertion))


def schema_build(
    schema: Json,
    registry: Mapping[str, Json] | None = None,
    dialect: str | None = None,
    *,
    format_assertion: bool = False,
) -> Build:
    """A project of one schema, as `compile` takes it; raises SchemaError."""
    name, uri = _dialect(dialect)
    config = Config(
        Path(), "", _PACKAGE, _PACKAGE, unknown_fields="keep", format_assertion=format_assertion, dialect=name
    )
    documents = [_document(_ROOT.file, schema, uri), *registered(registry or {}, uri)]
    built = compiled(config, documents, Ledger(), roots=(_ROOT,))
    if not built.sound:
        raise SchemaError(tuple(diagnostic for diagnostic in built.diagnostics if diagnostic.fails))
    return built


def _dialect(stated: str | None) -> tuple[str, str | None]:
    """The name and the URI of a dialect, of which it has one; raises SchemaError."""
    if stated is None or ":" in stated:
        return DEFAULT, stated
    fault = wrong_dialect(stated, Location())
    if fault is not None:
        raise SchemaError((fault,))
    return stated, None


def registered(registry: Mapping[str, Json], dialect: str | None = None) -> list[Document]:
    """Further schemas as documents: each has the URI at which it is known for its `$id`."""
    schemas = [schema for uri, known in registry.items() for schema in _at(uri, known)]
    return [_document(f"registry{i}{SCHEMA_SUFFIX}", schema, dialect) for i, schema in enumerate(schemas, 1)]


def _document(file: str, schema: Json, dialect: str | None) -> Document:
    if dialect is not None and isinstance(schema, dict) and "$schema" not in schema:
        schema = {"$schema": dialect, **schema}
    return Document(f"schemas/{file}", schema)


def _at(uri: str, schema: Json) -> list[Json]:
    """A schema with that `$id`; beside one that calls itself otherwise stands a schema of that name which means it."""
    match schema:
        case dict():
            own = schema.get("$id")
            name = urljoin(uri, own) if isinstance(own, str) else uri
            alias: list[Json] = [{"$id": uri, "allOf": [{"$ref": name}]}]
            return [{**schema, "$id": name}, *(alias if name.removesuffix("#") != uri.removesuffix("#") else [])]
        case False:
            return [{"$id": uri, "not": {}}]
        case _:
            return [{"$id": uri}]


def _diagnostic(finding: Finding) -> Diagnostic:
    return Diagnostic(FINDINGS[finding.code], Location(pointer=finding.pointer), finding.message, schema=finding.schema)
