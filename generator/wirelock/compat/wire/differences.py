"""The common and the deleted elements of two descriptor sets, computed once for all rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

from wirelock.compat.wire.descriptor_index import D, DescriptorIndex, Element, IndexedField, index_descriptors

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ElementPair(Generic[T]):
    """An element in the old and the new set."""

    old: T
    new: T


@dataclass(frozen=True, slots=True)
class EnumNumber:
    """A number of an enum with its sorted names."""

    enum: Element[EnumDescriptorProto]
    number: int
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """The full name, below the enum instead of beside it."""
        return f"{self.enum.name}.{self.names[0]}"


@dataclass(frozen=True, slots=True)
class RpcMethod:
    """A method with its full name."""

    name: str
    label: str
    proto: MethodDescriptorProto


@dataclass(frozen=True, slots=True)
class DescriptorComparison:
    """Both indexes, and the elements in both: matched by path, full name, number or name."""

    old: DescriptorIndex
    new: DescriptorIndex
    files: tuple[ElementPair[FileDescriptorProto], ...]
    messages: tuple[ElementPair[Element[DescriptorProto]], ...]
    fields: tuple[ElementPair[IndexedField], ...]
    enums: tuple[ElementPair[Element[EnumDescriptorProto]], ...]
    values: tuple[ElementPair[EnumNumber], ...]
    services: tuple[ElementPair[Element[ServiceDescriptorProto]], ...]
    methods: tuple[ElementPair[RpcMethod], ...]

    def find_enclosing(self, name: str) -> str:
        """Return the nearest message, enum, service or file of the new set around an element; "" if there is none."""
        new = self.new
        scope = "" if name in self.old.files else name.rpartition(".")[0]
        while scope:
            if scope in new.messages or scope in new.enums or scope in new.services:
                return scope
            scope = scope.rpartition(".")[0]
        file = new.find_file(name) or self._find_old_file(name)
        return file if file in new.files else ""

    def _find_old_file(self, name: str) -> str:
        """Return the old file of an element or of the elements around it; a path is returned unchanged."""
        while name and name not in self.old.files:
            if file := self.old.find_file(name):
                return file
            name = name.rpartition(".")[0]
        return name


def compare_descriptors(old: FileDescriptorSet, new: FileDescriptorSet) -> DescriptorComparison:
    """Compare two descriptor sets."""
    old_index, new_index = index_descriptors(old), index_descriptors(new)
    messages = _match(old_index.messages, new_index.messages)
    enums = _match(old_index.enums, new_index.enums)
    services = _match(old_index.services, new_index.services)
    fields = [pair for m in messages for pair in _match(old_index.get_fields(m.old), new_index.get_fields(m.new))]
    return DescriptorComparison(
        old_index,
        new_index,
        _match(old_index.files, new_index.files),
        messages,
        (*fields, *_match(old_index.get_extension_fields(), new_index.get_extension_fields())),
        enums,
        tuple(pair for enum in enums for pair in _match(get_values(enum.old), get_values(enum.new))),
        services,
        tuple(pair for service in services for pair in _match(get_methods(service.old), get_methods(service.new))),
    )


def get_values(enum: Element[EnumDescriptorProto]) -> dict[int, EnumNumber]:
    """Return the values of an enum by number."""
    names: dict[int, list[str]] = {}
    for value in enum.proto.value:
        names.setdefault(value.number, []).append(value.name)
    return {number: EnumNumber(enum, number, tuple(sorted(value_names))) for number, value_names in names.items()}


def get_methods(service: Element[ServiceDescriptorProto]) -> dict[str, RpcMethod]:
    """Return the methods of a service by name."""
    return {
        method.name: RpcMethod(f"{service.name}.{method.name}", f"method {service.local_name}.{method.name}", method)
        for method in service.proto.method
    }


def find_deleted_from_file(
    comparison: DescriptorComparison, get_elements: Callable[[DescriptorIndex], Mapping[str, Element[D]]]
) -> Iterator[tuple[Element[D], str]]:
    """Yield the elements of one kind that their existing file no longer has, each with its new file if any."""
    remaining = {(element.file.name, element.local_name) for element in get_elements(comparison.new).values()}
    for element in get_elements(comparison.old).values():
        if element.file.name in comparison.new.files and (element.file.name, element.local_name) not in remaining:
            yield element, comparison.new.find_file(element.name)


def find_deleted_from_package(
    comparison: DescriptorComparison, get_elements: Callable[[DescriptorIndex], Mapping[str, Element[D]]]
) -> Iterator[Element[D]]:
    """Yield the elements of one kind that their existing package no longer has."""
    remaining = {(element.file.package, element.local_name) for element in get_elements(comparison.new).values()}
    packages = comparison.new.packages
    for element in get_elements(comparison.old).values():
        if element.file.package in packages and (element.file.package, element.local_name) not in remaining:
            yield element


def _match(old: Mapping[K, T], new: Mapping[K, T]) -> tuple[ElementPair[T], ...]:
    return tuple(ElementPair(element, new[key]) for key, element in old.items() if key in new)
