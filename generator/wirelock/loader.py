"""Loading of generated artifacts from memory: validator, model and codec of each type.

Nothing is written to disk. Each project has its own descriptor pool and its own package name for model modules, so
that any number of projects can be loaded at the same time.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, spec_from_loader
from threading import RLock
from types import CodeType, ModuleType
from typing import Any, TypeVar

from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message

from wirelock import runtime
from wirelock.artifact import Artifact
from wirelock.build import Build
from wirelock.ir import TypeId
from wirelock.lower.class_names import ClassName
from wirelock.runtime.codec.codec import Codec, CodecError, Codecs
from wirelock.runtime.findings import NOT_REPRESENTABLE, Finding
from wirelock.runtime.json.text import MalformedText, parse
from wirelock.runtime.models.base import check_model
from wirelock.runtime.schema.validator import Schemas, Validator

T = TypeVar("T")


class LoadedArtifacts:
    """The artifacts of one build; the objects of each type are built on first use."""

    def __init__(self, build: Build, artifacts: Iterable[Artifact]) -> None:
        home = f"{build.config.package_folder}/"
        self._files = {a.path.removeprefix(home): a.content for a in artifacts if a.path.startswith(home)}
        self._build = build
        self._contracts: dict[TypeId, TypeContract] = {}
        self._lock = RLock()

    def get_contract(self, key: TypeId) -> TypeContract:
        """Return validator, model and codec of a type; raises KeyError if the type does not exist."""
        known = self._contracts.get(key)
        return known or self._contracts.setdefault(key, self._build_contract(key))

    def prepare(self) -> None:
        """Build the objects that all types share; takes time proportional to the size of the project."""
        self.schemas.preload()
        with self._lock:
            _ = self._codecs, self._pool
            for name in {name.module for name in self._build.models.roots.values()}:
                _compile(f"{self._package_name}.models.{name}")

    @cached_property
    def schemas(self) -> Schemas:
        """The schema documents of the validators."""
        facts: Any = json.loads(self._files["schemas.json"])
        return Schemas(
            facts["documents"], unknown_fields=facts["unknownFields"], format_assertion=facts["formatAssertion"]
        )

    @cached_property
    def descriptors(self) -> descriptor_pb2.FileDescriptorSet:
        """The descriptors of all protos and their imports, in dependency order."""
        return descriptor_pb2.FileDescriptorSet.FromString(self._files["descriptors.binpb"])

    def get_lenient_codec(self, key: TypeId) -> Codec[Message]:
        """Return a codec without schema validation, for invalid messages that are forwarded.

        The codec raises CodecError for a value that no field can hold, or protobuf's TypeError or ValueError.
        """
        return self._lenient_codecs.get_codec(key.name)

    @cached_property
    def _codecs(self) -> Codecs:
        return self._build_codecs(self.schemas)

    @cached_property
    def _lenient_codecs(self) -> Codecs:
        return self._build_codecs(_PermissiveSchemas())

    def _build_codecs(self, schemas: Schemas) -> Codecs:
        return Codecs(
            json.loads(self._files["mapping.json"]), lambda name: _get_message_class(self._pool, name), schemas
        )

    @cached_property
    def _pool(self) -> DescriptorPool:
        return _build_pool(self.descriptors)

    @cached_property
    def _package_name(self) -> str:
        read = {
            path: data for path, data in self._files.items() if path.startswith("models/") or path == "schemas.json"
        }
        read["models/__init__.py"] = b""  # the original imports every module, but most types need one or two
        return _install(read, lambda: self.schemas)

    def _build_contract(self, key: TypeId) -> TypeContract:
        name, carried = self._build.models.roots[key], key in self._build.proto.roots
        return TypeContract(
            key.name,
            self._synchronize(lambda: self.schemas.get_validator(str(key))),
            self._synchronize(lambda: self._load_model(name)),
            self._synchronize(lambda: self._codecs.get_codec(key.name)) if carried else None,
        )

    def _synchronize(self, make: Callable[[], T]) -> Callable[[], T]:
        """Wrap a factory so that only one thread builds objects at a time; the objects share partial state."""

        def make_locked() -> T:
            with self._lock:
                return make()

        return make_locked

    def _load_model(self, name: ClassName) -> Any:
        return getattr(import_module(f"{self._package_name}.models.{name.module}"), name.name, None)


class TypeContract:
    """Validator, model and codec of one named type, each built on first use.

    The arguments are factories; `codec` is None for a type without a message of its own.
    """

    def __init__(
        self,
        name: str,
        validator: Callable[[], Validator],
        model: Callable[[], Any],
        codec: Callable[[], Codec[Message]] | None,
    ) -> None:
        self.name = name
        self._build_validator = validator
        self._load_model = model
        self._build_codec = codec

    @property
    def has_codec(self) -> bool:
        """True if the type has a codec."""
        return self._build_codec is not None

    @cached_property
    def validator(self) -> Validator:
        """The validator; raises UnusableSchemaError if no validator can be built from the schema."""
        return self._build_validator()

    @cached_property
    def model(self) -> Any:
        """The Pydantic model."""
        return self._load_model()

    @cached_property
    def codec(self) -> Codec[Message] | None:
        """The codec; None if the type has none."""
        return self._build_codec() if self._build_codec is not None else None

    def build_steps(self, *, model: bool = True) -> Iterator[None]:
        """Build the validator, the model unless `model` is False, and the codec; yield after each step."""
        for _ in self.validator.build_steps():
            yield
        if model:
            self.check_model(b"{}")
            yield
        self.check_codec(b"{}")

    def check_schema(self, text: bytes) -> tuple[Finding, ...]:
        """Return the reasons why the validator rejects a JSON text; empty if it is valid."""
        return self.validator.check(text)

    def check_model(self, text: bytes) -> tuple[Finding, ...]:
        """Return the reasons why the Pydantic model rejects a JSON text; empty if it is valid."""
        try:
            value = parse(text)
        except MalformedText as error:
            return (error.finding,)
        return check_model(self.model, value)

    def check_codec(self, text: bytes) -> tuple[Finding, ...]:
        """Return the reasons why the codec rejects a JSON text; empty if it is valid or the type has no codec."""
        return () if self.codec is None else self.codec.check(text)

    def round_trip(self, text: bytes) -> bytes | tuple[Finding, ...]:
        """Return the JSON text after a round trip through the protobuf wire format, or the findings of the codec."""
        if self.codec is None:
            return (Finding("", NOT_REPRESENTABLE, "the type has no message of its own"),)
        try:
            return self.codec.decode(self.codec.encode(text))
        except CodecError as error:
            return error.findings


class _PermissiveSchemas(Schemas):
    """Schemas that accept every document."""

    def __init__(self) -> None:
        super().__init__({"anything": True}, unknown_fields="keep", format_assertion=False)

    def get_validator(self, root: str) -> Validator:
        """Return a validator that accepts every document, for any type."""
        return super().get_validator("anything")


def load_artifacts(build: Build, artifacts: Sequence[Artifact]) -> LoadedArtifacts:
    """Load the artifacts of one build."""
    return LoadedArtifacts(build, artifacts)


def _build_pool(descriptors: descriptor_pb2.FileDescriptorSet) -> DescriptorPool:
    pool = DescriptorPool()
    for file in descriptors.file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


def _get_message_class(pool: DescriptorPool, name: str) -> type[Message]:
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


class _SourceLoader(Loader):
    """The loader of one module from its source text."""

    def __init__(self, name: str, text: bytes) -> None:
        self._name = name
        self._text = text

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)  # the source text is generated by wirelock

    @cached_property
    def code(self) -> CodeType:
        """The compiled code of the module."""
        return compile(self._text, f"<{self._name}>", "exec")


class _ModuleFinder(MetaPathFinder):
    """The finder of the modules of one loaded package."""

    def __init__(self, package: str, files: Mapping[str, bytes]) -> None:
        texts = {package: b"", **{f"{package}.{_to_module_name(path)}": text for path, text in files.items()}}
        self._modules = {name: _SourceLoader(name, text) for name, text in texts.items()}

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname not in self._modules:
            return None
        is_package = any(name.startswith(fullname + ".") for name in self._modules)
        return spec_from_loader(fullname, self._modules[fullname], is_package=is_package)


def _compile(name: str) -> None:
    """Compile a module of a loaded package in advance, since compilation blocks the interpreter during the import."""
    spec = find_spec(name)
    if spec is not None and isinstance(spec.loader, _SourceLoader):
        _ = spec.loader.code


def _to_module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _install(files: Mapping[str, bytes], schemas: Callable[[], Schemas]) -> str:
    """Make model modules importable under a package name derived from their content, and return that name."""
    digest = hashlib.sha256(b"\0".join(part for path in sorted(files) for part in (path.encode(), files[path])))
    package = f"_wirelock_{digest.hexdigest()[:16]}"
    if package not in sys.modules:
        modules = {path: text for path, text in files.items() if path.endswith(".py")}
        sys.meta_path.append(_ModuleFinder(package, modules))
        import_module(package)
        sys.modules[f"{package}._runtime"] = runtime
        for name in ("models", "models.base"):
            sys.modules[f"{package}._runtime.{name}"] = import_module(f"wirelock.runtime.{name}")
        validators = ModuleType(f"{package}.validators")
        validators.__dict__["load_schemas"] = schemas
        sys.modules[validators.__name__] = validators
    return package
