"""The type graph: the target-independent meaning of the schemas and service files.

`Shape` is a closed union that targets lower with an exhaustive `match`. An absent property and a null value differ:
absence belongs to a property (`required`), null is a shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from wirelock.diagnostics import Location
from wirelock.runtime.json.text import Json


@dataclass(frozen=True, slots=True, order=True)
class TypeId:
    """The identity of a named type: a file relative to the schema folder, and a JSON Pointer ("" is the root)."""

    file: str
    pointer: str = ""

    @property
    def package(self) -> str:
        """The folder of the file, which is the last part of the proto package name."""
        return self.file.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The name that users write: `session/sessionInfo`, with `#/$defs/part` for a definition in a file."""
        name = self.file.removesuffix(".schema.json")
        return f"{name}#{self.pointer}" if self.pointer else name

    def __str__(self) -> str:
        return f"{self.file}#{self.pointer}" if self.pointer else self.file


@dataclass(frozen=True, slots=True)
class Bounds:
    """Numeric limits; None means unlimited."""

    minimum: int | float | None = None
    maximum: int | float | None = None
    exclusive_minimum: int | float | None = None
    exclusive_maximum: int | float | None = None
    multiple_of: int | float | None = None


@dataclass(frozen=True, slots=True)
class AnyValue:
    """Any JSON value: the schema `true` or `{}`."""


@dataclass(frozen=True, slots=True)
class Never:
    """No value: the schema `false`; a property of this shape must be absent."""


@dataclass(frozen=True, slots=True)
class Null:
    """The JSON null."""


@dataclass(frozen=True, slots=True)
class Boolean:
    """A JSON boolean."""


@dataclass(frozen=True, slots=True)
class String:
    """A string.

    Lengths count code points. `pattern` is an unanchored ECMA-262 expression. `base64` marks encoded bytes.
    """

    min_length: int = 0
    max_length: int | None = None
    pattern: str | None = None
    format: str = ""
    base64: bool = False


@dataclass(frozen=True, slots=True)
class Integer:
    """A number without a fractional part (1.0 is an integer); `format` may be int32, int64, uint32 or uint64."""

    bounds: Bounds = Bounds()
    format: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """Any JSON number."""

    bounds: Bounds = Bounds()


@dataclass(frozen=True, slots=True)
class StringEnum:
    """A string enum or constant; `extensible` allows servers to send unlisted values (`x-extensible-enum`)."""

    values: tuple[str, ...]
    extensible: bool = False


@dataclass(frozen=True, slots=True)
class ConstSet:
    """A const or enum with values other than strings; compared by JSON equality (1 equals 1.0, 1 differs from true)."""

    values: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Array:
    """An array whose items share one schema."""

    items: Node
    min_items: int = 0
    max_items: int | None = None
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Tuple:
    """An array with one schema for each position; `additional_items` applies to later positions, None forbids them."""

    items: tuple[Node, ...]
    additional_items: Node | None
    min_items: int = 0


@dataclass(frozen=True, slots=True)
class Property:
    """A declared property of an object."""

    name: str
    node: Node
    required: bool


@dataclass(frozen=True, slots=True)
class Object:
    """An object.

    `additional_properties` is "undeclared" (the schema has no rule, `unknown-fields` decides), "closed" (forbidden), or
    the schema of each undeclared property.
    """

    properties: tuple[Property, ...]
    additional_properties: Literal["undeclared", "closed"] | Node = "undeclared"


@dataclass(frozen=True, slots=True)
class Union:
    """An anyOf or a list of types (`exclusive` is False), or a oneOf (`exclusive` is True)."""

    branches: tuple[Node, ...]
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to a named type."""

    target: TypeId


Shape = (
    AnyValue
    | Never
    | Null
    | Boolean
    | String
    | Integer
    | Number
    | StringEnum
    | ConstSet
    | Array
    | Tuple
    | Object
    | Union
    | Ref
)


@dataclass(frozen=True, slots=True)
class Extensions:
    """The values of the `x-` keywords of a schema."""

    proto_field: int | None = None
    proto_name: str = ""
    proto_type: str = ""
    renamed_from: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A schema: its shape, source location, annotations, and the keywords that only validators enforce."""

    shape: Shape
    location: Location
    title: str = ""
    description: str = ""
    deprecated: bool = False
    extensions: Extensions = Extensions()
    unmodelled_keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A named type: a schema file, an entry of `$defs`, or another subschema that a reference names.

    `name` is the title, file name or key as written, before it becomes an identifier.
    """

    id: TypeId
    name: str
    node: Node


@dataclass(frozen=True, slots=True)
class StatusBody:
    """The response body of one HTTP status.

    `type` is None for a body without a schema: `const` is then the only accepted JSON text, `text` marks plain text,
    and neither means no body. `rpc` is the type that the RPC returns instead of the body.
    """

    status: str
    media_type: str = "application/json"
    type: TypeId | None = None
    const: str | None = None
    text: bool = False
    rpc: TypeId | None = None


@dataclass(frozen=True, slots=True)
class StateHeader:
    """A call that stores a header value for later calls and makes no HTTP request."""

    key: str
    value: str
    header: str


@dataclass(frozen=True, slots=True)
class ParameterStyle:
    """The serialization of a parameter that differs from the default (OpenAPI 3.1, "Style Values").

    `name` is the name in the request if the property name differs; `content` is the media type of a parameter that
    holds a document.
    """

    name: str = ""
    style: str = ""
    explode: bool | None = None
    content: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """An RPC; `verb` and `path` are empty if it has no HTTP rule. Names are JSON property names.

    `body` is "" (none), "*" (every property that is not a path, query or header parameter) or a property name.
    `response_body` names the property of the response message that the HTTP body fills. `parameter_locations` maps
    properties outside of the body to query, header or path; `parameter_styles` has their serialization if it is not the
    default.
    """

    name: str
    request: TypeId
    response: TypeId
    location: Location
    description: str = ""
    deprecated: bool = False
    verb: str = ""
    path: str = ""
    body: str = ""
    response_body: str = ""
    responses: tuple[StatusBody, ...] = ()
    parameter_locations: tuple[tuple[str, str], ...] = ()
    parameter_styles: tuple[tuple[str, ParameterStyle], ...] = ()
    state: StateHeader | None = None
    stream: str = ""

    @property
    def response_types(self) -> tuple[TypeId, ...]:
        """The types of all responses, including errors."""
        bodies = (key for body in self.responses for key in (body.type, body.rpc) if key is not None)
        return (self.response, *bodies)


@dataclass(frozen=True, slots=True)
class Service:
    """A named set of methods; `package` is the folder of its file.

    `undescribed` are literal paths that match a path template but belong to other operations (`/session/status` is not
    the session "status").
    """

    name: str
    package: str
    location: Location
    methods: tuple[Method, ...]
    description: str = ""
    undescribed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeGraph:
    """All named types and services of one project, in file order."""

    definitions: Mapping[TypeId, Definition] = field(default_factory=dict[TypeId, Definition])
    services: tuple[Service, ...] = ()


def children(node: Node) -> tuple[Node, ...]:
    """Return the direct subschemas of a node in document order; a reference has none."""
    match node.shape:
        case Array(items):
            return (items,)
        case Tuple(items, rest):
            return (*items, rest) if rest else items
        case Object(properties, rest):
            declared = tuple(property.node for property in properties)
            return (*declared, rest) if isinstance(rest, Node) else declared
        case Union(branches):
            return branches
        case (
            AnyValue()
            | Never()
            | Null()
            | Boolean()
            | String()
            | Integer()
            | Number()
            | StringEnum()
            | ConstSet()
            | Ref()
        ):
            return ()


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all its descendants; does not follow references."""
    left = [node]
    while left:
        inner = left.pop()
        yield inner
        left += children(inner)


def find_references(node: Node) -> Iterator[TypeId]:
    """Yield the named types that a node and its descendants refer to."""
    return (inner.shape.target for inner in walk(node) if isinstance(inner.shape, Ref))


def find_reachable_types(graph: TypeGraph, roots: Iterable[TypeId]) -> set[TypeId]:
    """Return the named types that are reachable from `roots`, including the roots."""
    results: set[TypeId] = set()
    left = [*roots]
    while left:
        key = left.pop()
        if key not in results and key in graph.definitions:
            results.add(key)
            left += find_references(graph.definitions[key].node)
    return results
