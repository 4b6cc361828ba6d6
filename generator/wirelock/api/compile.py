"""compile: a schema in memory, with everything that would be generated for it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from google.protobuf.message import Message

from wirelock.artifact import Artifact
from wirelock.build import SCHEMA_SUFFIX, Build, compile_documents
from wirelock.config import Config, check_dialect
from wirelock.diagnostics import Diagnostic, Location
from wirelock.emit import EMITTERS
from wirelock.ir import TypeId
from wirelock.loader import LoadedArtifacts, TypeContract, load_artifacts
from wirelock.lower.ledger.ledger import Ledger
from wirelock.runtime.codec.codec import Codec, CodecError
from wirelock.runtime.findings import Finding
from wirelock.runtime.json.text import Json
from wirelock.source import Document
from wirelock.source.dialects import DEFAULT_DIALECT
from wirelock.traffic.conformance.codes import FINDINGS

_NEEDED = ("pb2", "models", "validators", "mapping")
_ROOT = TypeId(f"document{SCHEMA_SUFFIX}")
_PACKAGE = "compiled"


class SchemaError(ValueError):
    """Raised when a schema cannot be compiled; `diagnostics` has the reasons."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("; ".join(f"{d.location}: {d.message}" for d in diagnostics))
        self.diagnostics = diagnostics


class Compiled:
    """A compiled schema: validator, model and codec, each built at first use."""

    def __init__(self, build: Build) -> None:
        self._build = build

    def is_valid(self, text: bytes | str) -> bool:
        """Return True if a JSON text is valid; a text that is not I-JSON is invalid."""
        return self._contract.validator.is_valid(text)

    def is_valid_instance(self, instance: Json) -> bool:
        """Return True if a parsed JSON value is valid."""
        return self._contract.validator.is_valid_instance(instance)

    def findings(self, text: bytes | str) -> list[Diagnostic]:
        """Return one diagnostic per fault of a JSON text, or, for a valid text, per undeclared property."""
        return [_to_diagnostic(finding) for finding in self._contract.validator.check(text)]

    @property
    def model(self) -> Any:
        """The Pydantic model class."""
        return self._contract.model

    def encode(self, text: bytes | str) -> bytes:
        """Encode a JSON text as protobuf; raises `CodecError`."""
        return self._codec.encode(text)

    def decode(self, wire: bytes) -> bytes:
        """Decode protobuf to a JSON text; raises `CodecError`."""
        return self._codec.decode(wire)

    @property
    def _codec(self) -> Codec[Message]:
        if self._contract.codec is None:
            raise CodecError((Finding("", "NOT_REPRESENTABLE", "the schema has no message"),))
        return self._contract.codec

    @cached_property
    def _contract(self) -> TypeContract:
        return self._loaded.get_contract(_ROOT)

    @cached_property
    def _loaded(self) -> LoadedArtifacts:
        artifacts: list[Artifact] = []
        for emitter in EMITTERS:
            if emitter.name in _NEEDED:
                emitted = emitter.emit(self._build)
                if emitted.diagnostics:
                    raise SchemaError(emitted.diagnostics)
                artifacts += emitted.artifacts
        return load_artifacts(self._build, artifacts)


def compile(
    schema: Json,
    registry: Mapping[str, Json] | None = None,
    dialect: str | None = None,
    format_assertion: bool = False,
) -> Compiled:
    """Compile a JSON Schema.

    `registry` maps URIs to further schemas that references may name. `dialect` is a URI or a name (2020-12) for schemas
    without `$schema`. Undeclared properties are kept. Raises SchemaError.
    """
    return Compiled(build_schema(schema, registry, dialect, format_assertion=format_assertion))


def build_schema(
    schema: Json,
    registry: Mapping[str, Json] | None = None,
    dialect: str | None = None,
    *,
    format_assertion: bool = False,
) -> Build:
    """Build a project of one schema, with the arguments of `compile`; raises SchemaError."""
    name, uri = _resolve_dialect(dialect)
    config = Config(
        Path(), "", _PACKAGE, _PACKAGE, unknown_fields="keep", format_assertion=format_assertion, dialect=name
    )
    documents = [make_document(_ROOT.file, schema, uri), *load_registry(registry or {}, uri)]
    built = compile_documents(config, documents, Ledger(), roots=(_ROOT,))
    if not built.is_sound:
        raise SchemaError(tuple(diagnostic for diagnostic in built.diagnostics if diagnostic.is_failure))
    return built


def _resolve_dialect(dialect: str | None) -> tuple[str, str | None]:
    """Return the name and the URI of a dialect, one of which is set; raises SchemaError."""
    if dialect is None or ":" in dialect:
        return DEFAULT_DIALECT, dialect
    fault = check_dialect(dialect, Location())
    if fault is not None:
        raise SchemaError((fault,))
    return dialect, None


def load_registry(registry: Mapping[str, Json], dialect: str | None = None) -> list[Document]:
    """Return the schemas of a registry as documents whose `$id` is their registry URI."""
    schemas = [schema for uri, text in registry.items() for schema in _identify(uri, text)]
    return [make_document(f"registry{i}{SCHEMA_SUFFIX}", schema, dialect) for i, schema in enumerate(schemas, 1)]


def make_document(file: str, schema: Json, dialect: str | None) -> Document:
    if dialect is not None and isinstance(schema, dict) and "$schema" not in schema:
        schema = {"$schema": dialect, **schema}
    return Document(f"schemas/{file}", schema)


def _identify(uri: str, schema: Json) -> list[Json]:
    """Return a schema with an `$id`, and an alias for its registry URI if its own `$id` differs."""
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


def _to_diagnostic(finding: Finding) -> Diagnostic:
    return Diagnostic(
        FINDINGS[finding.code], Location(pointer=finding.pointer), finding.message, schema_location=finding.schema
    )
