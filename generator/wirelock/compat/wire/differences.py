"""What two descriptor sets have in common and what one has lost: computed once, asked by every rule."""

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

from wirelock.compat.wire.descriptor_index import D, Element, Field, Side, index

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """The same element before and after."""

    old: T
    new: T


@dataclass(frozen=True, slots=True)
class Value:
    """One number of an enum, with every name it goes by, sorted."""

    enum: Element[EnumDescriptorProto]
    number: int
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """Full name, below the enum rather than beside it."""
        return f"{self.enum.name}.{self.names[0]}"


@dataclass(frozen=True, slots=True)
class Method:
    """A method with its full name."""

    name: str
    label: str
    proto: MethodDescriptorProto


@dataclass(frozen=True, slots=True)
class Differences:
    """Both sides, and what is on both: by path, by full name, and inside of these by number or name."""

    old: Side
    new: Side
    files: tuple[Pair[FileDescriptorProto], ...]
    messages: tuple[Pair[Element[DescriptorProto]], ...]
    fields: tuple[Pair[Field], ...]
    enums: tuple[Pair[Element[EnumDescriptorProto]], ...]
    values: tuple[Pair[Value], ...]
    services: tuple[Pair[Element[ServiceDescriptorProto]], ...]
    methods: tuple[Pair[Method], ...]

    def within(self, name: str) -> str:
        """The nearest element of the new set around this one: a message, enum, service, or file; empty without any."""
        new = self.new
        scope = "" if name in self.old.files else name.rpartition(".")[0]
        while scope:
            if scope in new.messages or scope in new.enums or scope in new.services:
                return scope
            scope = scope.rpartition(".")[0]
        home = new.file_of(name) or self._old_file(name)
        return home if home in new.files else ""

    def _old_file(self, name: str) -> str:
        """The file an element was in, or that of what was around it; a path is its own."""
        while name and name not in self.old.files:
            if home := self.old.file_of(name):
                return home
            name = name.rpartition(".")[0]
        return name


def differences(old: FileDescriptorSet, new: FileDescriptorSet) -> Differences:
    """Compare two descriptor sets."""
    before, after = index(old), index(new)
    messages = _pairs(before.messages, after.messages)
    enums = _pairs(before.enums, after.enums)
    services = _pairs(before.services, after.services)
    fields = [pair for m in messages for pair in _pairs(before.fields(m.old), after.fields(m.new))]
    return Differences(
        before,
        after,
        _pairs(before.files, after.files),
        messages,
        (*fields, *_pairs(before.extension_fields(), after.extension_fields())),
        enums,
        tuple(pair for enum in enums for pair in _pairs(values(enum.old), values(enum.new))),
        services,
        tuple(pair for service in services for pair in _pairs(methods(service.old), methods(service.new))),
    )


def values(enum: Element[EnumDescriptorProto]) -> dict[int, Value]:
    """The values of an enum, by number."""
    names: dict[int, list[str]] = {}
    for value in enum.proto.value:
        names.setdefault(value.number, []).append(value.name)
    return {number: Value(enum, number, tuple(sorted(found))) for number, found in names.items()}


def methods(service: Element[ServiceDescriptorProto]) -> dict[str, Method]:
    """The methods of a service, by name."""
    return {
        method.name: Method(f"{service.name}.{method.name}", f"method {service.local}.{method.name}", method)
        for method in service.proto.method
    }


def gone_from_file(
    found: Differences, of: Callable[[Side], Mapping[str, Element[D]]]
) -> Iterator[tuple[Element[D], str]]:
    """The elements of one kind that their file, which is still there, no longer has; with the file they are in now."""
    kept = {(element.file.name, element.local) for element in of(found.new).values()}
    for element in of(found.old).values():
        if element.file.name in found.new.files and (element.file.name, element.local) not in kept:
            yield element, found.new.file_of(element.name)


def gone_from_package(found: Differences, of: Callable[[Side], Mapping[str, Element[D]]]) -> Iterator[Element[D]]:
    """The elements of one kind that their package, which is still there, no longer has."""
    kept = {(element.file.package, element.local) for element in of(found.new).values()}
    packages = found.new.packages
    for element in of(found.old).values():
        if element.file.package in packages and (element.file.package, element.local) not in kept:
            yield element


def _pairs(old: Mapping[K, T], new: Mapping[K, T]) -> tuple[Pair[T], ...]:
    return tuple(Pair(element, new[key]) for key, element in old.items() if key in new)
