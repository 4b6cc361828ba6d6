"""An index of a descriptor set: elements by full name, fields by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)

from wirelock.naming import get_default_json_name

Cardinality = Literal[
    "optional with explicit presence", "optional with implicit presence", "required", "repeated", "map"
]

_IMPORTS = ("google/", "wirelock/")
"""Paths that are not compared: files of Google, and the options that wirelock adds."""

D = TypeVar("D", DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, ServiceDescriptorProto)


@dataclass(frozen=True, slots=True)
class Element(Generic[D]):
    """A message, enum, service or extension with its full name and its file."""

    name: str
    proto: D
    file: FileDescriptorProto

    @property
    def local_name(self) -> str:
        """The name inside the package."""
        return _strip_package(self.name, self.file)


@dataclass(frozen=True, slots=True)
class IndexedField:
    """A field or an extension.

    `name` is the full name, `label` the name for messages; for the key and the value of a map both name the map. `type`
    is the full name of a message or enum, or a scalar type. `oneof` is "" for a field outside of declared oneofs.
    """

    name: str
    label: str
    type: str
    proto: FieldDescriptorProto
    cardinality: Cardinality
    oneof: str

    @property
    def kind(self) -> str:
        """The type in the terms of the wire format: string, int64, message, enum ..."""
        return _get_kind(self.proto)

    @property
    def json_name(self) -> str:
        """The ProtoJSON name, even if the descriptor has none."""
        return self.proto.json_name or get_default_json_name(self.proto.name)


@dataclass(frozen=True, slots=True)
class DescriptorIndex:
    """The compared elements of a set by full name, and its files by path.

    `map_fields` leads from the entry message of a map to the map field.
    """

    files: Mapping[str, FileDescriptorProto]
    messages: Mapping[str, Element[DescriptorProto]]
    enums: Mapping[str, Element[EnumDescriptorProto]]
    services: Mapping[str, Element[ServiceDescriptorProto]]
    extensions: Mapping[str, Element[FieldDescriptorProto]]
    map_fields: Mapping[str, str]

    @property
    def packages(self) -> frozenset[str]:
        """The packages of the files."""
        return frozenset(file.package for file in self.files.values())

    def get_fields(self, message: Element[DescriptorProto]) -> dict[int, IndexedField]:
        """Return the fields of a message by number."""
        oneofs = find_declared_oneofs(message.proto)
        return {field.number: self._index_field(message, field, oneofs) for field in message.proto.field}

    def get_extension_fields(self) -> dict[tuple[str, int], IndexedField]:
        """Return all extensions by extended message and number."""
        return {
            (extension.proto.extendee, extension.proto.number): self._index_extension(extension)
            for extension in self.extensions.values()
        }

    def find_file(self, name: str) -> str:
        """Return the path of the file that declares a message, enum, service or extension; "" for others."""
        for elements in (self.messages, self.enums, self.services, self.extensions):
            if name in elements:
                return elements[name].file.name
        return ""

    def _index_field(
        self, message: Element[DescriptorProto], field: FieldDescriptorProto, oneofs: Mapping[int, str]
    ) -> IndexedField:
        oneof = oneofs.get(field.oneof_index, "") if field.HasField("oneof_index") else ""
        if message.name in self.map_fields:
            name = self.map_fields[message.name]
            label = f"the {field.name} of map {_strip_package(name, message.file)}"
            return IndexedField(name, label, self._get_type(field), field, "optional with explicit presence", oneof)
        name = f"{message.name}.{field.name}"
        label = f"field {_strip_package(name, message.file)}"
        return IndexedField(
            name, label, self._get_type(field), field, self._get_cardinality(message.file, field), oneof
        )

    def _get_type(self, field: FieldDescriptorProto) -> str:
        type_name = field.type_name.removeprefix(".")
        return f"map {self.map_fields[type_name]}" if type_name in self.map_fields else type_name or _get_kind(field)

    def _index_extension(self, extension: Element[FieldDescriptorProto]) -> IndexedField:
        is_repeated = extension.proto.label == FieldDescriptorProto.LABEL_REPEATED
        cardinality: Cardinality = "repeated" if is_repeated else "optional with explicit presence"
        return IndexedField(
            extension.name,
            f"extension {extension.local_name}",
            self._get_type(extension.proto),
            extension.proto,
            cardinality,
            "",
        )

    def _get_cardinality(self, file: FileDescriptorProto, field: FieldDescriptorProto) -> Cardinality:
        if field.label == FieldDescriptorProto.LABEL_REPEATED:
            return "map" if field.type_name.removeprefix(".") in self.map_fields else "repeated"
        if field.label == FieldDescriptorProto.LABEL_REQUIRED:
            return "required"
        is_message = field.type in (FieldDescriptorProto.TYPE_MESSAGE, FieldDescriptorProto.TYPE_GROUP)
        is_explicit = is_message or field.HasField("oneof_index") or file.syntax != "proto3"
        return "optional with explicit presence" if is_explicit else "optional with implicit presence"


def index_descriptors(descriptors: FileDescriptorSet) -> DescriptorIndex:
    """Index a descriptor set."""
    files = [file for file in descriptors.file if not file.name.startswith(_IMPORTS)]
    messages = [message for file in files for message in _iter_messages(file)]
    map_entries = {f".{message.name}" for message in messages if message.proto.options.map_entry}
    return DescriptorIndex(
        {file.name: file for file in files},
        _index_by_name(messages),
        _index_by_name(enum for file in files for enum in _iter_enums(file)),
        _index_by_name(
            Element(_join_names(file.package, service.name), service, file)
            for file in files
            for service in file.service
        ),
        _index_by_name(extension for file in files for extension in _iter_extensions(file)),
        {field.type_name[1:]: name for name, field in _iter_fields(messages) if field.type_name in map_entries},
    )


def find_declared_oneofs(message: DescriptorProto) -> dict[int, str]:
    """Return the names of declared oneofs by position, without those that `optional` creates."""
    synthetic = {field.oneof_index for field in message.field if field.proto3_optional}
    return {position: oneof.name for position, oneof in enumerate(message.oneof_decl) if position not in synthetic}


def _index_by_name(elements: Iterable[Element[D]]) -> dict[str, Element[D]]:
    return {element.name: element for element in elements}


def _iter_messages(file: FileDescriptorProto) -> Iterator[Element[DescriptorProto]]:
    for message in file.message_type:
        yield from _iter_nested(Element(_join_names(file.package, message.name), message, file))


def _iter_nested(message: Element[DescriptorProto]) -> Iterator[Element[DescriptorProto]]:
    yield message
    for nested in message.proto.nested_type:
        yield from _iter_nested(Element(_join_names(message.name, nested.name), nested, message.file))


def _iter_enums(file: FileDescriptorProto) -> Iterator[Element[EnumDescriptorProto]]:
    yield from (Element(_join_names(file.package, enum.name), enum, file) for enum in file.enum_type)
    for message in _iter_messages(file):
        yield from (Element(_join_names(message.name, enum.name), enum, file) for enum in message.proto.enum_type)


def _iter_extensions(file: FileDescriptorProto) -> Iterator[Element[FieldDescriptorProto]]:
    yield from (Element(_join_names(file.package, field.name), field, file) for field in file.extension)
    for message in _iter_messages(file):
        yield from (Element(_join_names(message.name, field.name), field, file) for field in message.proto.extension)


def _iter_fields(messages: Iterable[Element[DescriptorProto]]) -> Iterator[tuple[str, FieldDescriptorProto]]:
    for message in messages:
        yield from ((_join_names(message.name, field.name), field) for field in message.proto.field)


def _get_kind(field: FieldDescriptorProto) -> str:
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _join_names(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name


def _strip_package(name: str, file: FileDescriptorProto) -> str:
    return name.removeprefix(f"{file.package}.") if file.package else name
