"""Coverage: methods, fields, enum values and union branches that the traffic exercised."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wirelock.diagnostics import Coverage
from wirelock.ir import (
    Array,
    ConstSet,
    Definition,
    Method,
    Node,
    Object,
    Ref,
    Service,
    StringEnum,
    Tuple,
    TypeId,
    Union,
)
from wirelock.lower.unions import get_json_types
from wirelock.runtime.json.equality import are_equal
from wirelock.runtime.json.formatting import format_value, get_json_type
from wirelock.runtime.json.text import Json

KINDS = ("methods", "fields", "enum values", "union branches")
Definitions = Mapping[TypeId, Definition]


@dataclass(slots=True)
class CoverageRecorder:
    """Records covered elements by kind."""

    definitions: Definitions
    seen: dict[str, set[str]] = field(default_factory=lambda: {kind: set[str]() for kind in KINDS})

    def record_method(self, service: Service, method: Method) -> None:
        """Record an exchange of a method."""
        self.seen["methods"].add(f"{service.name}.{method.name}")

    def record_document(self, key: TypeId, value: Json) -> None:
        """Record the elements of a valid document."""
        self._record_node(self.definitions[key].node, value, format_type(key))

    def _record_node(self, node: Node, value: Json, at: str) -> None:
        match node.shape:
            case Ref(target):
                self._record_node(self.definitions[target].node, value, format_type(target))
            case Object() as record if isinstance(value, dict):
                self._record_object(record, value, at)
            case Array(items) if isinstance(value, list):
                for item in value:
                    self._record_node(items, item, f"{at}[]")
            case Tuple(items) if isinstance(value, list):
                for index, (position, inner) in enumerate(zip(items, value, strict=False)):
                    self._record_node(position, inner, f"{at}[{index}]")
            case StringEnum(values) if value in values:
                self.seen["enum values"].add(f"{at} {format_value(value)}")
            case Union(branches):
                self._record_union(branches, value, at)
            case _:
                pass

    def _record_object(self, record: Object, value: Mapping[str, Json], at: str) -> None:
        declared = {prop.name: prop.node for prop in record.properties}
        for name, inner in value.items():
            if name in declared:
                self.seen["fields"].add(f"{at}.{name}")
                self._record_node(declared[name], inner, f"{at}.{name}")
            elif isinstance(record.additional_properties, Node):
                self._record_node(record.additional_properties, inner, f"{at}.*")

    def _record_union(self, branches: Sequence[Node], value: Json, at: str) -> None:
        for index, branch in enumerate(branches):
            if matches_shape(branch, value, self.definitions):
                self.seen["union branches"].add(_format_branch(branch, index, at))
                self._record_node(branch, value, at)
                return

    def to_coverage(self, services: Iterable[Service], types: Iterable[TypeId]) -> tuple[Coverage, ...]:
        """Return covered and missed elements of services and of all types reachable from some types."""
        known: dict[str, set[str]] = {kind: set() for kind in KINDS}
        for service in services:
            known["methods"] |= {f"{service.name}.{method.name}" for method in service.methods if method.verb}
        for kind, name in _iter_reachable(types, self.definitions):
            known[kind].add(name)
        return tuple(
            Coverage(kind, tuple(sorted(names & self.seen[kind])), tuple(sorted(names - self.seen[kind])))
            for kind, names in known.items()
        )


def format_type(key: TypeId) -> str:
    """Format a type in a list of fields by the last part of its name."""
    name = key.file.removesuffix(".schema.json")
    return name + (f"#{key.pointer.rpartition('/')[2]}" if key.pointer else "")


def matches_shape(node: Node, value: Json, definitions: Definitions) -> bool:
    """Return True if a valid value matches a shape by JSON type, required properties and constants."""
    match node.shape:
        case Ref(target):
            return matches_shape(definitions[target].node, value, definitions)
        case Object(properties) if isinstance(value, dict):
            return all(
                matches_shape(prop.node, value[prop.name], definitions) if prop.name in value else not prop.required
                for prop in properties
                if prop.required or _is_constant(prop.node, definitions)
            )
        case StringEnum(values, extensible):
            return isinstance(value, str) and (extensible or value in values)
        case ConstSet(values):
            return any(are_equal(value, entry) for entry in values)
        case Union(branches):
            return any(matches_shape(branch, value, definitions) for branch in branches)
        case _:
            return get_json_type(value) in get_json_types(node, definitions)


def _is_constant(node: Node, definitions: Definitions) -> bool:
    shape = node.shape
    return isinstance(definitions[shape.target].node.shape if isinstance(shape, Ref) else shape, StringEnum | ConstSet)


def _format_branch(branch: Node, index: int, at: str) -> str:
    match branch.shape:
        case Ref(target):
            return f"{at} {format_type(target)}"
        case _:
            return f"{at} {branch.title or f'branch {index + 1} ({type(branch.shape).__name__.lower()})'}"


def _iter_reachable(types: Iterable[TypeId], definitions: Definitions) -> Iterator[tuple[str, str]]:
    """Iterate over kind and name of all elements that documents of some types can have."""
    open_types = list(types)
    seen = set(open_types)
    while open_types:
        key = open_types.pop()
        nodes = [(definitions[key].node, format_type(key))]
        while nodes:
            node, at = nodes.pop()
            yield from _iter_names(node, at)
            for inner, place in _iter_children(node, at):
                if not isinstance(inner.shape, Ref):
                    nodes.append((inner, place))
                elif inner.shape.target not in seen:
                    seen.add(inner.shape.target)
                    open_types.append(inner.shape.target)


def _iter_names(node: Node, at: str) -> Iterator[tuple[str, str]]:
    match node.shape:
        case Object(properties):
            yield from (("fields", f"{at}.{prop.name}") for prop in properties)
        case StringEnum(values):
            yield from (("enum values", f"{at} {format_value(value)}") for value in values)
        case Union(branches):
            yield from (("union branches", _format_branch(branch, i, at)) for i, branch in enumerate(branches))
        case _:
            pass


def _iter_children(node: Node, at: str) -> Iterator[tuple[Node, str]]:
    match node.shape:
        case Ref():
            yield node, at
        case Object(properties, rest):
            yield from ((prop.node, f"{at}.{prop.name}") for prop in properties)
            if isinstance(rest, Node):
                yield rest, f"{at}.*"
        case Array(items):
            yield items, f"{at}[]"
        case Tuple(items):
            yield from ((item, f"{at}[{index}]") for index, item in enumerate(items))
        case Union(branches):
            yield from ((branch, at) for branch in branches)
        case _:
            pass
