"""What was emitted, loaded in memory: validator, model and codec by type.

Nothing is written for it, and nothing global is touched: messages live in a descriptor pool of their own and model
modules under a package name of their own, so that any number of projects can be loaded side by side.
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
from wirelock.emit.mapping import type_name
from wirelock.ir import TypeId
from wirelock.lower.class_names import ClassName
from wirelock.runtime.codec.codec import Codec, Codecs, Refused
from wirelock.runtime.findings import NOT_REPRESENTABLE, Finding
from wirelock.runtime.json.text import MalformedText, parse
from wirelock.runtime.models.base import model_findings
from wirelock.runtime.schema.validator import Schemas, Validator

Made = TypeVar("Made")


class Loaded:
    """The artefacts of one build; what types need is made when it is first asked for."""

    def __init__(self, build: Build, artifacts: Iterable[Artifact]) -> None:
        home = f"{build.config.generated}/{build.config.package}/"
        self._files = {a.path.removeprefix(home): a.content for a in artifacts if a.path.startswith(home)}
        self._build = build
        self._contracts: dict[TypeId, TypeContract] = {}
        self._making = RLock()

    def contract(self, key: TypeId) -> TypeContract:
        """Everything generated for that type; KeyError where there is no such type."""
        known = self._contracts.get(key)
        return known or self._contracts.setdefault(key, self._contract(key))

    def prepare(self) -> None:
        """Make what all types share; its size is that of the whole project."""
        self.schemas.prepare()
        with self._making:
            _ = self._codecs, self._pool
            for name in {name.module for name in self._build.models.roots.values()}:
                _compile(f"{self._package}.models.{name}")

    @cached_property
    def schemas(self) -> Schemas:
        """The validators' documents."""
        facts: Any = json.loads(self._files["schemas.json"])
        return Schemas(
            facts["documents"], unknown_fields=facts["unknownFields"], format_assertion=facts["formatAssertion"]
        )

    @cached_property
    def descriptors(self) -> descriptor_pb2.FileDescriptorSet:
        """The descriptors of every proto, and of what they import, each behind what it needs."""
        return descriptor_pb2.FileDescriptorSet.FromString(self._files["descriptors.binpb"])

    def carrier(self, key: TypeId) -> Codec[Message]:
        """A codec that holds nothing against the schema, for what goes on although it breaks it.

        What no field can take raises Refused or, from protobuf, TypeError or ValueError.
        """
        return self._carriers.codec(type_name(key))

    @cached_property
    def _codecs(self) -> Codecs:
        return self._codecs_with(self.schemas)

    @cached_property
    def _carriers(self) -> Codecs:
        return self._codecs_with(_AnythingGoes())

    def _codecs_with(self, schemas: Schemas) -> Codecs:
        return Codecs(json.loads(self._files["mapping.json"]), lambda name: _message_class(self._pool, name), schemas)

    @cached_property
    def _pool(self) -> DescriptorPool:
        return _pool(self.descriptors)

    @cached_property
    def _package(self) -> str:
        read = {
            path: data for path, data in self._files.items() if path.startswith("models/") or path == "schemas.json"
        }
        read["models/__init__.py"] = b""  # it imports every module, and most types need one or two
        return _install(read, lambda: self.schemas)

    def _contract(self, key: TypeId) -> TypeContract:
        name, carried = self._build.models.roots[key], key in self._build.proto.roots
        return TypeContract(
            type_name(key),
            self._alone(lambda: self.schemas.validator(str(key))),
            self._alone(lambda: self._model(name)),
            self._alone(lambda: self._codecs.codec(type_name(key))) if carried else None,
        )

    def _alone(self, make: Callable[[], Made]) -> Callable[[], Made]:
        """What makes something while no other thread makes anything: they would share halves."""

        def alone() -> Made:
            with self._making:
                return make()

        return alone

    def _model(self, name: ClassName) -> Any:
        return getattr(import_module(f"{self._package}.models.{name.module}"), name.name, None)


class TypeContract:
    """Validator, model and codec of one named type, held against JSON texts; each is made when it is first needed.

    `codec` makes the codec; it is None for a type that has no message of its own.
    """

    def __init__(
        self,
        name: str,
        validator: Callable[[], Validator],
        model: Callable[[], Any],
        codec: Callable[[], Codec[Message]] | None,
    ) -> None:
        self.name = name
        self._make_validator = validator
        self._make_model = model
        self._make_codec = codec

    @property
    def carried(self) -> bool:
        """Whether there is a codec."""
        return self._make_codec is not None

    @cached_property
    def validator(self) -> Validator:
        """The validator; raises SchemaRefused if the schema cannot be used."""
        return self._make_validator()

    @cached_property
    def model(self) -> Any:
        """The Pydantic model."""
        return self._make_model()

    @cached_property
    def codec(self) -> Codec[Message] | None:
        """The codec, if there is one."""
        return self._make_codec() if self._make_codec is not None else None

    def making(self, *, model: bool = True) -> Iterator[None]:
        """Make all of it, also what is made when it is first used, and stop at each step; with or without the model."""
        for _ in self.validator.making():
            yield
        if model:
            self.model_findings(b"{}")
            yield
        self.codec_findings(b"{}")

    def validator_findings(self, text: bytes) -> tuple[Finding, ...]:
        """Why the validator does not take a text."""
        return self.validator.findings(text)

    def model_findings(self, text: bytes) -> tuple[Finding, ...]:
        """Why the Pydantic model does not take a text."""
        try:
            value = parse(text)
        except MalformedText as error:
            return (error.finding,)
        return model_findings(self.model, value)

    def codec_findings(self, text: bytes) -> tuple[Finding, ...]:
        """Why the codec does not take a text."""
        return () if self.codec is None else self.codec.findings(text)

    def round_trip(self, text: bytes) -> bytes | tuple[Finding, ...]:
        """The text that comes back from protobuf's binary form."""
        if self.codec is None:
            return (Finding("", NOT_REPRESENTABLE, "the type has no message of its own"),)
        try:
            return self.codec.decode(self.codec.encode(text))
        except Refused as error:
            return error.findings


class _AnythingGoes(Schemas):
    """Schemas that take every document."""

    def __init__(self) -> None:
        super().__init__({"anything": True}, unknown_fields="keep", format_assertion=False)

    def validator(self, root: str) -> Validator:
        """The same one for every type."""
        return super().validator("anything")


def load(build: Build, artifacts: Sequence[Artifact]) -> Loaded:
    """Load the artefacts of one build."""
    return Loaded(build, artifacts)


def _pool(descriptors: descriptor_pb2.FileDescriptorSet) -> DescriptorPool:
    pool = DescriptorPool()
    for file in descriptors.file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


def _message_class(pool: DescriptorPool, name: str) -> type[Message]:
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


class _Source(Loader):
    """Executes one module from its text."""

    def __init__(self, name: str, text: bytes) -> None:
        self._name = name
        self._text = text

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)  # our own emitted text

    @cached_property
    def code(self) -> CodeType:
        """The module compiled."""
        return compile(self._text, f"<{self._name}>", "exec")


class _Finder(MetaPathFinder):
    """Finds the modules of one loaded package."""

    def __init__(self, package: str, files: Mapping[str, bytes]) -> None:
        texts = {package: b"", **{f"{package}.{_module(path)}": text for path, text in files.items()}}
        self._modules = {name: _Source(name, text) for name, text in texts.items()}

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname not in self._modules:
            return None
        is_package = any(name.startswith(fullname + ".") for name in self._modules)
        return spec_from_loader(fullname, self._modules[fullname], is_package=is_package)


def _compile(name: str) -> None:
    """Compile a module of a loaded package before it is imported: one step, which holds the interpreter."""
    spec = find_spec(name)
    if spec is not None and isinstance(spec.loader, _Source):
        _ = spec.loader.code


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _install(files: Mapping[str, bytes], schemas: Callable[[], Schemas]) -> str:
    """Make model modules importable under a name that depends on their content alone."""
    digest = hashlib.sha256(b"\0".join(part for path in sorted(files) for part in (path.encode(), files[path])))
    package = f"_wirelock_{digest.hexdigest()[:16]}"
    if package not in sys.modules:
        modules = {path: text for path, text in files.items() if path.endswith(".py")}
        sys.meta_path.append(_Finder(package, modules))
        import_module(package)
        sys.modules[f"{package}._runtime"] = runtime
        for name in ("models", "models.base"):
            sys.modules[f"{package}._runtime.{name}"] = import_module(f"wirelock.runtime.{name}")
        validators = ModuleType(f"{package}.validators")
        validators.__dict__["schemas"] = schemas
        sys.modules[validators.__name__] = validators
    return package
