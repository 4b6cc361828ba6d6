"""Where the elements of the protos stand in the schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wirelock.build import Build
from wirelock.diagnostics import Location
from wirelock.lower.plan import Message
from wirelock.runtime.pointers import token


@dataclass(frozen=True, slots=True)
class Places:
    """The schema place of every proto element of one build, by full name, where that is for people, and its files."""

    where: Mapping[str, Location]
    elements: Mapping[str, str]
    folder: str
    files: frozenset[str] = frozenset()

    def at(self, element: str) -> Location | None:
        """Where an element comes from; None for one that is not of this build, such as a file."""
        return self.where.get(element)

    def element(self, place: str) -> str:
        """The first proto element that comes from a place; "" for a place that has none of its own."""
        return self.elements.get(place, "")

    def still(self, where: Location) -> Location:
        """A place, without its line if the file is not of this build."""
        return where if where.file in self.files else Location(where.file, pointer=where.pointer)

    def place(self, where: Location) -> str:
        """A schema place as both verdicts call it: the file below the schema folder, and the pointer."""
        return _place(where, self.folder)


def places(build: Build) -> Places:
    """Index a build."""
    folder = build.config.schemas
    where = dict(_elements(build))
    elements = {_place(at, folder): name for name, at in reversed(where.items())}
    files = {*(document.path for document in build.documents.values()), *(s.where.file for s in build.graph.services)}
    return Places(where, elements, folder, frozenset(files))


def _place(where: Location, folder: str) -> str:
    return f"{where.file.removeprefix(f'{folder}/')}#{where.pointer}"


def _elements(build: Build) -> Iterator[tuple[str, Location]]:
    for file in build.proto.files:
        for message in file.messages:
            yield message.name, message.source
            yield from _fields(build, message)
        for enum in file.enums:
            yield enum.name, enum.source
            yield from ((f"{enum.name}.{value.name}", enum.source) for value in enum.values)
        for service in file.services:
            name = f"{file.package}.{service.name}"
            for rpc in service.rpcs:
                yield f"{name}.{rpc.name}", rpc.method.where
            stated = next((one for one in build.graph.services if one.name == service.name), None)
            if stated is not None:
                yield name, stated.where


def _fields(build: Build, message: Message) -> Iterator[tuple[str, Location]]:
    for field in message.fields:
        name = f"{message.name}.{field.name}"
        if message.form != "object":
            yield name, message.source
            continue
        pointer = f"{message.source.pointer}/properties/{token(field.json)}"
        file = build.documents.get(message.source.file.removeprefix(f"{build.config.schemas}/"))
        yield name, file.at(pointer) if file is not None else message.source
