"""The TypeGraph: what the schemas and service files mean, apart from how any target will say it.

Shapes are a closed union; a target lowers them with an exhaustive `match`. Absent and null are different things:
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
    """A named type: the schema file below the schema folder, and the JSON Pointer inside it ("" is the root)."""

    file: str
    pointer: str = ""

    @property
    def package(self) -> str:
        """The folder of the file, which is the last part of the proto package."""
        return self.file.rpartition("/")[0]

    def __str__(self) -> str:
        return f"{self.file}#{self.pointer}" if self.pointer else self.file


@dataclass(frozen=True, slots=True)
class Bounds:
    """Numeric limits; None is no limit."""

    minimum: int | float | None = None
    maximum: int | float | None = None
    exclusive_minimum: int | float | None = None
    exclusive_maximum: int | float | None = None
    multiple_of: int | float | None = None


@dataclass(frozen=True, slots=True)
class Anything:
    """`true` or `{}`: every JSON value."""


@dataclass(frozen=True, slots=True)
class Never:
    """`false`: no value; a property of this shape must be absent."""


@dataclass(frozen=True, slots=True)
class Null:
    """The JSON null."""


@dataclass(frozen=True, slots=True)
class Boolean:
    """true or false."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string; lengths count code points, `pattern` is ECMA-262 and unanchored; `base64` is what it stands for."""

    min_length: int = 0
    max_length: int | None = None
    pattern: str | None = None
    format: str = ""
    base64: bool = False


@dataclass(frozen=True, slots=True)
class Integer:
    """A number without a fraction (1.0 is one); `format` may be int32, int64, uint32 or uint64."""

    bounds: Bounds = Bounds()
    format: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """Any JSON number."""

    bounds: Bounds = Bounds()


@dataclass(frozen=True, slots=True)
class Choice:
    """A string enum or string constant; `extensible` when servers may send values not listed (`x-extensible-enum`)."""

    values: tuple[str, ...]
    extensible: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """A const or enum with values other than strings; equality is JSON's (1 equals 1.0, 1 is not true)."""

    values: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Array:
    """A list whose items all have one shape."""

    items: Node
    min_items: int = 0
    max_items: int | None = None
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Tuple:
    """A list with one shape a position; `rest` describes the positions after them, None forbids those."""

    items: tuple[Node, ...]
    rest: Node | None
    min_items: int = 0


@dataclass(frozen=True, slots=True)
class Property:
    """A declared property of a record."""

    name: str
    node: Node
    required: bool


@dataclass(frozen=True, slots=True)
class Record:
    """An object.

    `rest` says what undeclared properties may be: "undeclared" (the schema does not say: the policy decides),
    "closed" (none), or a node that each must satisfy.
    """

    properties: tuple[Property, ...]
    rest: Literal["undeclared", "closed"] | Node = "undeclared"


@dataclass(frozen=True, slots=True)
class Union:
    """anyOf (`exclusive` False), oneOf (True) or a list of types."""

    branches: tuple[Node, ...]
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to a named type."""

    target: TypeId


Shape = (
    Anything
    | Never
    | Null
    | Boolean
    | Text
    | Integer
    | Number
    | Choice
    | Constant
    | Array
    | Tuple
    | Record
    | Union
    | Ref
)


@dataclass(frozen=True, slots=True)
class Hints:
    """What the `x-` keywords of a schema ask of the targets."""

    proto_field: int | None = None
    proto_name: str = ""
    proto_type: str = ""
    renamed_from: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A shape with its place, its words, and the keywords that no shape can say (`checks`; validators enforce them)."""

    shape: Shape
    where: Location
    title: str = ""
    description: str = ""
    deprecated: bool = False
    hints: Hints = Hints()
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A named type: a schema file or a definition that something refers to. `name` is the type's name in words."""

    id: TypeId
    name: str
    node: Node


@dataclass(frozen=True, slots=True)
class StatusBody:
    """What one HTTP status answers with.

    `type` is None for a body that is not described by a schema: then `const` holds the one accepted JSON text,
    `text` is True for plain text, and neither means that there is no body. `rpc` is what the RPC returns instead.
    """

    status: str
    media_type: str = "application/json"
    type: TypeId | None = None
    const: str | None = None
    text: bool = False
    rpc: TypeId | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A call that only remembers a header value for later calls (no HTTP exchange of its own)."""

    key: str
    value: str
    header: str


@dataclass(frozen=True, slots=True)
class Style:
    """How a parameter is written, where that is not the default of its place (OpenAPI 3.1, "Style Values").

    `name` is its name in the request when the property is called otherwise; `content` is the media type of a parameter
    that is a whole document.
    """

    name: str = ""
    style: str = ""
    explode: bool | None = None
    content: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC; `verb` and `path` are empty when it has no HTTP rule. Names are JSON property names.

    `body` is "" (none), "*" (every property that is not a path, query or header parameter) or a property name;
    `response_body` names the property of the response message that the bare HTTP body fills.
    `places` says where a property goes when it is not in the body: property to (query | header | path), and
    `styles` how it is written there if that needs saying.
    """

    name: str
    request: TypeId
    response: TypeId
    where: Location
    description: str = ""
    deprecated: bool = False
    verb: str = ""
    path: str = ""
    body: str = ""
    response_body: str = ""
    responses: tuple[StatusBody, ...] = ()
    places: tuple[tuple[str, str], ...] = ()
    styles: tuple[tuple[str, Style], ...] = ()
    state: State | None = None
    stream: str = ""

    @property
    def answers(self) -> tuple[TypeId, ...]:
        """The types of everything that it answers, errors too."""
        bodies = (key for body in self.responses for key in (body.type, body.rpc) if key is not None)
        return (self.response, *bodies)


@dataclass(frozen=True, slots=True)
class Service:
    """A named set of methods; `package` is the folder of its file.

    `undescribed` are literal paths that fit one of the templates and are other operations all the same
    (`/session/status` is not the session "status").
    """

    name: str
    package: str
    where: Location
    methods: tuple[Method, ...]
    description: str = ""
    undescribed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeGraph:
    """Every named type and service of one project, in file order."""

    definitions: Mapping[TypeId, Definition] = field(default_factory=dict[TypeId, Definition])
    services: tuple[Service, ...] = ()


def parts(node: Node) -> tuple[Node, ...]:
    """The nodes that a node is made of; a reference has none."""
    match node.shape:
        case Array(items):
            return (items,)
        case Tuple(items, rest):
            return (*items, rest) if rest else items
        case Record(properties, rest):
            declared = tuple(property.node for property in properties)
            return (*declared, rest) if isinstance(rest, Node) else declared
        case Union(branches):
            return branches
        case Anything() | Never() | Null() | Boolean() | Text() | Integer() | Number() | Choice() | Constant() | Ref():
            return ()


def descendants(node: Node) -> Iterator[Node]:
    """A node and everything that it is made of."""
    left = [node]
    while left:
        inner = left.pop()
        yield inner
        left += parts(inner)


def mentioned(node: Node) -> Iterator[TypeId]:
    """The named types that a node refers to."""
    return (inner.shape.target for inner in descendants(node) if isinstance(inner.shape, Ref))


def reached(graph: TypeGraph, roots: Iterable[TypeId]) -> set[TypeId]:
    """The named types that documents of these types are made of, these among them."""
    found: set[TypeId] = set()
    left = [*roots]
    while left:
        key = left.pop()
        if key not in found and key in graph.definitions:
            found.add(key)
            left += mentioned(graph.definitions[key].node)
    return found
