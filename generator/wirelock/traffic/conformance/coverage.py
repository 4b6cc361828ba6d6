"""What the recordings exercised: methods, fields, enum values and union branches, out of what the services describe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wirelock.diagnostics import Coverage
from wirelock.ir import (
    Array,
    Choice,
    Constant,
    Definition,
    Method,
    Node,
    Record,
    Ref,
    Service,
    Tuple,
    TypeId,
    Union,
)
from wirelock.lower.unions import json_types
from wirelock.runtime.json.equality import equal
from wirelock.runtime.json.formatting import json_type, literal
from wirelock.runtime.json.text import Json

KINDS = ("methods", "fields", "enum values", "union branches")
Definitions = Mapping[TypeId, Definition]


@dataclass(slots=True)
class Exercised:
    """Collects, kind by kind, what was seen."""

    definitions: Definitions
    seen: dict[str, set[str]] = field(default_factory=lambda: {kind: set[str]() for kind in KINDS})

    def method(self, service: Service, method: Method) -> None:
        """Note an exchange of a method."""
        self.seen["methods"].add(f"{service.name}.{method.name}")

    def document(self, key: TypeId, value: Json) -> None:
        """Note what a valid document of a type holds."""
        self._node(self.definitions[key].node, value, label(key))

    def _node(self, node: Node, value: Json, at: str) -> None:
        match node.shape:
            case Ref(target):
                self._node(self.definitions[target].node, value, label(target))
            case Record() as record if isinstance(value, dict):
                self._record(record, value, at)
            case Array(items) if isinstance(value, list):
                for item in value:
                    self._node(items, item, f"{at}[]")
            case Tuple(items) if isinstance(value, list):
                for index, (position, inner) in enumerate(zip(items, value, strict=False)):
                    self._node(position, inner, f"{at}[{index}]")
            case Choice(values) if value in values:
                self.seen["enum values"].add(f"{at} {literal(value)}")
            case Union(branches):
                self._union(branches, value, at)
            case _:
                pass

    def _record(self, record: Record, value: Mapping[str, Json], at: str) -> None:
        declared = {prop.name: prop.node for prop in record.properties}
        for name, inner in value.items():
            if name in declared:
                self.seen["fields"].add(f"{at}.{name}")
                self._node(declared[name], inner, f"{at}.{name}")
            elif isinstance(record.rest, Node):
                self._node(record.rest, inner, f"{at}.*")

    def _union(self, branches: Sequence[Node], value: Json, at: str) -> None:
        for index, branch in enumerate(branches):
            if fits(branch, value, self.definitions):
                self.seen["union branches"].add(_branch(branch, index, at))
                self._node(branch, value, at)
                return

    def result(self, services: Iterable[Service], types: Iterable[TypeId]) -> tuple[Coverage, ...]:
        """What was and what was not seen, of the methods of services and of everything in reach of types."""
        known: dict[str, set[str]] = {kind: set() for kind in KINDS}
        for service in services:
            known["methods"] |= {f"{service.name}.{method.name}" for method in service.methods if method.verb}
        for kind, name in _reach(types, self.definitions):
            known[kind].add(name)
        return tuple(
            Coverage(kind, tuple(sorted(names & self.seen[kind])), tuple(sorted(names - self.seen[kind])))
            for kind, names in known.items()
        )


def label(key: TypeId) -> str:
    """A named type in a list of fields: the last part of its name."""
    name = key.file.removesuffix(".schema.json")
    return name + (f"#{key.pointer.rpartition('/')[2]}" if key.pointer else "")


def fits(node: Node, value: Json, definitions: Definitions) -> bool:
    """Whether a valid value looks like one of this shape: by its JSON type, required properties and constants."""
    match node.shape:
        case Ref(target):
            return fits(definitions[target].node, value, definitions)
        case Record(properties) if isinstance(value, dict):
            return all(
                fits(prop.node, value[prop.name], definitions) if prop.name in value else not prop.required
                for prop in properties
                if prop.required or _is_constant(prop.node, definitions)
            )
        case Choice(values, extensible):
            return isinstance(value, str) and (extensible or value in values)
        case Constant(values):
            return any(equal(value, one) for one in values)
        case Union(branches):
            return any(fits(branch, value, definitions) for branch in branches)
        case _:
            return json_type(value) in json_types(node, definitions)


def _is_constant(node: Node, definitions: Definitions) -> bool:
    shape = node.shape
    return isinstance(definitions[shape.target].node.shape if isinstance(shape, Ref) else shape, Choice | Constant)


def _branch(branch: Node, index: int, at: str) -> str:
    match branch.shape:
        case Ref(target):
            return f"{at} {label(target)}"
        case _:
            return f"{at} {branch.title or f'branch {index + 1} ({type(branch.shape).__name__.lower()})'}"


def _reach(types: Iterable[TypeId], definitions: Definitions) -> Iterator[tuple[str, str]]:
    """Everything that documents of these types could hold: kind and name."""
    open_types = list(types)
    seen = set(open_types)
    while open_types:
        key = open_types.pop()
        nodes = [(definitions[key].node, label(key))]
        while nodes:
            node, at = nodes.pop()
            yield from _named(node, at)
            for inner, place in _inside(node, at):
                if not isinstance(inner.shape, Ref):
                    nodes.append((inner, place))
                elif inner.shape.target not in seen:
                    seen.add(inner.shape.target)
                    open_types.append(inner.shape.target)


def _named(node: Node, at: str) -> Iterator[tuple[str, str]]:
    match node.shape:
        case Record(properties):
            yield from (("fields", f"{at}.{prop.name}") for prop in properties)
        case Choice(values):
            yield from (("enum values", f"{at} {literal(value)}") for value in values)
        case Union(branches):
            yield from (("union branches", _branch(branch, i, at)) for i, branch in enumerate(branches))
        case _:
            pass


def _inside(node: Node, at: str) -> Iterator[tuple[Node, str]]:
    match node.shape:
        case Ref():
            yield node, at
        case Record(properties, rest):
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
