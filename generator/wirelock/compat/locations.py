"""Schema locations of the proto elements of a build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from wirelock.build import Build
from wirelock.diagnostics import Location
from wirelock.lower.plan import Message
from wirelock.runtime.json.pointers import escape_token

_NOWHERE = Location()


@dataclass(frozen=True, slots=True)
class ElementLocations:
    """The schema locations of the proto elements of one build.

    `locations` leads from the full name of an element to the location that reports show; `elements` leads from the
    schema location as text (`file#pointer` below the schema folder) to the element. `containers` has the location of a
    service, message or enum of each proto file and package; `fallback` is the location of everything else.
    """

    locations: Mapping[str, Location]
    elements: Mapping[str, str]
    folder: str
    files: frozenset[str] = frozenset()
    containers: Mapping[str, Location] = field(default_factory=dict[str, Location])
    fallback: Location = _NOWHERE

    def find(self, element: str) -> Location | None:
        """Return the location of an element; None if this build has no such element."""
        return self.locations.get(element)

    def find_nearest(self, *names: str) -> Location:
        """Return the location of the first of these files or packages that exists, or the fallback."""
        return next((self.containers[name] for name in names if name in self.containers), self.fallback)

    def find_element(self, schema_location: str) -> str:
        """Return the first proto element of a schema location; "" if none is generated from it."""
        return self.elements.get(schema_location, "")

    def relocate(self, location: Location, element: str) -> Location:
        """Return a location of either build, or the nearest one in this build if its file does not exist here.

        `element` is the proto element at the location in the other build.
        """
        if location.file in self.files:
            return location
        scopes = [element.rsplit(".", parts)[0] for parts in range(1, element.count(".") + 1)]
        nearest = self.find_nearest(*scopes)
        return nearest if nearest.file else Location(location.file, pointer=location.pointer)

    def format_schema_location(self, location: Location) -> str:
        """Return a location as `file#pointer` below the schema folder."""
        return _format_schema_location(location, self.folder)


def index_locations(build: Build) -> ElementLocations:
    """Index the elements of a build."""
    folder = build.config.schemas
    locations = dict(_locate_elements(build))
    elements = {_format_schema_location(location, folder): name for name, location in reversed(locations.items())}
    files = {
        *(document.path for document in build.documents.values()),
        *(s.location.file for s in build.graph.services),
    }
    return ElementLocations(
        locations,
        elements,
        folder,
        frozenset(files),
        dict(_locate_containers(build)),
        Location(build.config.file, 1, 1),
    )


def _locate_containers(build: Build) -> Iterator[tuple[str, Location]]:
    services = {service.name: service.location for service in build.graph.services}
    for file in build.proto.files:
        service_locations = [services[service.name] for service in file.services if service.name in services]
        type_locations = [*(message.source for message in file.messages), *(enum.source for enum in file.enums)]
        first = next((location for location in (*service_locations, *type_locations) if location.line), None)
        if first is not None:
            yield from ((file.path, first), (file.package, first))


def _format_schema_location(location: Location, folder: str) -> str:
    return f"{location.file.removeprefix(f'{folder}/')}#{location.pointer}"


def _locate_elements(build: Build) -> Iterator[tuple[str, Location]]:
    for file in build.proto.files:
        for message in file.messages:
            yield message.name, message.source
            yield from _locate_fields(build, message)
        for enum in file.enums:
            yield enum.name, enum.source
            yield from ((f"{enum.name}.{value.name}", enum.source) for value in enum.values)
        for service in file.services:
            name = f"{file.package}.{service.name}"
            for rpc in service.rpcs:
                yield f"{name}.{rpc.name}", rpc.method.location
            source = next((other for other in build.graph.services if other.name == service.name), None)
            if source is not None:
                yield name, source.location


def _locate_fields(build: Build, message: Message) -> Iterator[tuple[str, Location]]:
    for message_field in message.fields:
        name = f"{message.name}.{message_field.name}"
        if message.form != "object":
            yield name, message.source
            continue
        pointer = f"{message.source.pointer}/properties/{escape_token(message_field.json)}"
        file = build.documents.get(message.source.file.removeprefix(f"{build.config.schemas}/"))
        yield name, file.get_location(pointer) if file is not None else message.source
