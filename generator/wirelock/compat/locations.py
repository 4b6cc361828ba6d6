"""Where the elements of the protos stand in the schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from wirelock.build import Build
from wirelock.diagnostics import Location
from wirelock.lower.plan import Message
from wirelock.runtime.json.pointers import token

_NOWHERE = Location()


@dataclass(frozen=True, slots=True)
class Places:
    """The schema place of every proto element of one build, by full name, where that is for people, and its files.

    `around` is where each proto file and package is described: at a service of it, or else at a message or an enum;
    `rest` is where everything is that has no such place.
    """

    where: Mapping[str, Location]
    elements: Mapping[str, str]
    folder: str
    files: frozenset[str] = frozenset()
    around: Mapping[str, Location] = field(default_factory=dict[str, Location])
    rest: Location = _NOWHERE

    def at(self, element: str) -> Location | None:
        """Where an element comes from; None for one that is not of this build, such as a file."""
        return self.where.get(element)

    def nearest(self, *names: str) -> Location:
        """Where the first of these files or packages is described that is there; a place that is a line of a file."""
        return next((self.around[name] for name in names if name in self.around), self.rest)

    def element(self, place: str) -> str:
        """The first proto element that comes from a place; "" for a place that has none of its own."""
        return self.elements.get(place, "")

    def still(self, where: Location, element: str) -> Location:
        """A place of either build; if its file is gone, the one nearest to the element that it was."""
        if where.file in self.files:
            return where
        scopes = [element.rsplit(".", parts)[0] for parts in range(1, element.count(".") + 1)]
        near = self.nearest(*scopes)
        return near if near.file else Location(where.file, pointer=where.pointer)

    def place(self, where: Location) -> str:
        """A schema place as both verdicts call it: the file below the schema folder, and the pointer."""
        return _place(where, self.folder)


def places(build: Build) -> Places:
    """Index a build."""
    folder = build.config.schemas
    where = dict(_elements(build))
    elements = {_place(at, folder): name for name, at in reversed(where.items())}
    files = {*(document.path for document in build.documents.values()), *(s.where.file for s in build.graph.services)}
    return Places(where, elements, folder, frozenset(files), dict(_around(build)), Location(build.config.file, 1, 1))


def _around(build: Build) -> Iterator[tuple[str, Location]]:
    services = {service.name: service.where for service in build.graph.services}
    for file in build.proto.files:
        told = [services[service.name] for service in file.services if service.name in services]
        made = [*(message.source for message in file.messages), *(enum.source for enum in file.enums)]
        first = next((where for where in (*told, *made) if where.line), None)
        if first is not None:
            yield from ((file.path, first), (file.package, first))


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
    for one in message.fields:
        name = f"{message.name}.{one.name}"
        if message.form != "object":
            yield name, message.source
            continue
        pointer = f"{message.source.pointer}/properties/{token(one.json)}"
        file = build.documents.get(message.source.file.removeprefix(f"{build.config.schemas}/"))
        yield name, file.at(pointer) if file is not None else message.source
