"""One descriptor set, indexed: its elements by full name, the fields of a message by number."""

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

from wirelock.naming import default_json_name

Cardinality = Literal[
    "optional with explicit presence", "optional with implicit presence", "required", "repeated", "map"
]

_IMPORTS = ("google/", "wirelock/")
"""Where files stand that are nobody's own: what google defines, and the options that we import where one is needed."""

D = TypeVar("D", DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, ServiceDescriptorProto)


@dataclass(frozen=True, slots=True)
class Element(Generic[D]):
    """A message, enum, service or extension: its full name, what it says, and the file it stands in."""

    name: str
    proto: D
    file: FileDescriptorProto

    @property
    def local(self) -> str:
        """Its name inside its package."""
        return _shortened(self.name, self.file)


@dataclass(frozen=True, slots=True)
class Field:
    """A field, or an extension.

    `name` is the full name and `label` what messages call it; both are the map's for the key and the value of a map.
    `type` is the full name of a message or enum, or the scalar type. `oneof` is empty outside of one, and for the one
    that protoc makes of `optional`.
    """

    name: str
    label: str
    type: str
    proto: FieldDescriptorProto
    cardinality: Cardinality
    oneof: str

    @property
    def kind(self) -> str:
        """Its type as protobuf's wire format tells them apart: string, int64, message, enum ..."""
        return _kind(self.proto)

    @property
    def json_name(self) -> str:
        """Its name in ProtoJSON, whether or not the descriptor spells it out."""
        return self.proto.json_name or default_json_name(self.proto.name)


@dataclass(frozen=True, slots=True)
class Side:
    """The elements of one set that are compared, by full name, and its files by path; google's and ours are not.

    `maps` leads from the message that protoc makes of a map to the map's field.
    """

    files: Mapping[str, FileDescriptorProto]
    messages: Mapping[str, Element[DescriptorProto]]
    enums: Mapping[str, Element[EnumDescriptorProto]]
    services: Mapping[str, Element[ServiceDescriptorProto]]
    extensions: Mapping[str, Element[FieldDescriptorProto]]
    maps: Mapping[str, str]

    @property
    def packages(self) -> frozenset[str]:
        """The packages of its files."""
        return frozenset(file.package for file in self.files.values())

    def fields(self, message: Element[DescriptorProto]) -> dict[int, Field]:
        """The fields of a message, by number."""
        oneofs = real_oneofs(message.proto)
        return {field.number: self._field(message, field, oneofs) for field in message.proto.field}

    def extension_fields(self) -> dict[tuple[str, int], Field]:
        """All extensions, by what they extend and their number."""
        return {
            (extension.proto.extendee, extension.proto.number): self._extension(extension)
            for extension in self.extensions.values()
        }

    def file_of(self, name: str) -> str:
        """The path of the file in which a message, enum, service or extension stands; empty for anything else."""
        for elements in (self.messages, self.enums, self.services, self.extensions):
            if name in elements:
                return elements[name].file.name
        return ""

    def _field(
        self, message: Element[DescriptorProto], field: FieldDescriptorProto, oneofs: Mapping[int, str]
    ) -> Field:
        oneof = oneofs.get(field.oneof_index, "") if field.HasField("oneof_index") else ""
        if message.name in self.maps:
            name = self.maps[message.name]
            label = f"the {field.name} of map {_shortened(name, message.file)}"
            return Field(name, label, self._type(field), field, "optional with explicit presence", oneof)
        name = f"{message.name}.{field.name}"
        label = f"field {_shortened(name, message.file)}"
        return Field(name, label, self._type(field), field, self._cardinality(message.file, field), oneof)

    def _type(self, field: FieldDescriptorProto) -> str:
        stated = field.type_name.removeprefix(".")
        return f"map {self.maps[stated]}" if stated in self.maps else stated or _kind(field)

    def _extension(self, stated: Element[FieldDescriptorProto]) -> Field:
        repeated = stated.proto.label == FieldDescriptorProto.LABEL_REPEATED
        cardinality: Cardinality = "repeated" if repeated else "optional with explicit presence"
        return Field(stated.name, f"extension {stated.local}", self._type(stated.proto), stated.proto, cardinality, "")

    def _cardinality(self, file: FileDescriptorProto, field: FieldDescriptorProto) -> Cardinality:
        if field.label == FieldDescriptorProto.LABEL_REPEATED:
            return "map" if field.type_name.removeprefix(".") in self.maps else "repeated"
        if field.label == FieldDescriptorProto.LABEL_REQUIRED:
            return "required"
        message = field.type in (FieldDescriptorProto.TYPE_MESSAGE, FieldDescriptorProto.TYPE_GROUP)
        explicit = message or field.HasField("oneof_index") or file.syntax != "proto3"
        return "optional with explicit presence" if explicit else "optional with implicit presence"


def index(descriptors: FileDescriptorSet) -> Side:
    """Index a descriptor set."""
    files = [file for file in descriptors.file if not file.name.startswith(_IMPORTS)]
    messages = [message for file in files for message in _messages(file)]
    made = {f".{message.name}" for message in messages if message.proto.options.map_entry}
    return Side(
        {file.name: file for file in files},
        _by_name(messages),
        _by_name(enum for file in files for enum in _enums(file)),
        _by_name(
            Element(_full(file.package, service.name), service, file) for file in files for service in file.service
        ),
        _by_name(extension for file in files for extension in _extensions(file)),
        {field.type_name[1:]: name for name, field in _fields(messages) if field.type_name in made},
    )


def real_oneofs(message: DescriptorProto) -> dict[int, str]:
    """The names of the oneofs that somebody wrote, by position; `optional` makes the others."""
    made = {field.oneof_index for field in message.field if field.proto3_optional}
    return {position: oneof.name for position, oneof in enumerate(message.oneof_decl) if position not in made}


def _by_name(elements: Iterable[Element[D]]) -> dict[str, Element[D]]:
    return {element.name: element for element in elements}


def _messages(file: FileDescriptorProto) -> Iterator[Element[DescriptorProto]]:
    for message in file.message_type:
        yield from _with_nested(Element(_full(file.package, message.name), message, file))


def _with_nested(message: Element[DescriptorProto]) -> Iterator[Element[DescriptorProto]]:
    yield message
    for nested in message.proto.nested_type:
        yield from _with_nested(Element(_full(message.name, nested.name), nested, message.file))


def _enums(file: FileDescriptorProto) -> Iterator[Element[EnumDescriptorProto]]:
    yield from (Element(_full(file.package, enum.name), enum, file) for enum in file.enum_type)
    for message in _messages(file):
        yield from (Element(_full(message.name, enum.name), enum, file) for enum in message.proto.enum_type)


def _extensions(file: FileDescriptorProto) -> Iterator[Element[FieldDescriptorProto]]:
    yield from (Element(_full(file.package, field.name), field, file) for field in file.extension)
    for message in _messages(file):
        yield from (Element(_full(message.name, field.name), field, file) for field in message.proto.extension)


def _fields(messages: Iterable[Element[DescriptorProto]]) -> Iterator[tuple[str, FieldDescriptorProto]]:
    for message in messages:
        yield from ((_full(message.name, field.name), field) for field in message.proto.field)


def _kind(field: FieldDescriptorProto) -> str:
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _full(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name


def _shortened(name: str, file: FileDescriptorProto) -> str:
    return name.removeprefix(f"{file.package}.") if file.package else name
