"""The proto plan: what the `.proto` files, the codecs and mapping.json will say, as values.

A *shape* says how a JSON value and a protobuf value correspond; a *form* says what JSON a whole message stands for.
Every field number in here comes from the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from wirelock.diagnostics import Location
from wirelock.ir import Method, TypeId

ScalarName = Literal["string", "int32", "int64", "uint32", "uint64", "double", "bool", "bytes", "null"]
"""Proto scalar types; `null` is google.protobuf.NullValue."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A proto scalar."""

    type: ScalarName


@dataclass(frozen=True, slots=True)
class EnumType:
    """A proto enum, by full name (`opencode.session.PermissionAction`)."""

    name: str


@dataclass(frozen=True, slots=True)
class MessageType:
    """A message of this plan, by full name."""

    name: str


@dataclass(frozen=True, slots=True)
class FreeForm:
    """A free-form value: google.protobuf.Value (any), Struct (object) or ListValue (array)."""

    holds: Literal["any", "object", "array"]


@dataclass(frozen=True, slots=True)
class Repeated:
    """`repeated`: the JSON array."""

    item: Scalar | EnumType | MessageType | FreeForm


@dataclass(frozen=True, slots=True)
class MapOf:
    """`map<string, value>`: the JSON object."""

    value: Scalar | EnumType | MessageType | FreeForm


ValueShape = Scalar | EnumType | MessageType | FreeForm | Repeated | MapOf


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    `json` is the JSON property (or, in a union, the key of the branch; in a tuple, the position).
    `explicit` is proto's `optional`. `required` and `nullable` speak of the JSON side.
    `notes` are short words for the documents (constraints that protobuf cannot say, constant value ...).
    """

    name: str
    number: int
    json: str
    shape: ValueShape
    required: bool = False
    nullable: bool = False
    explicit: bool = False
    description: str = ""
    deprecated: bool = False
    json_name: str = ""
    type_words: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """How encode recognises one branch of a union.

    `tags` are (path of property names, accepted JSON constants) pairs that must all match; `types` are JSON type names
    (null, boolean, integer, number, string, array, object). Both empty: the branch is tried in order.
    """

    field: str
    tags: tuple[tuple[tuple[str, ...], tuple[object, ...]], ...] = ()
    types: tuple[str, ...] = ()


Form = Literal["object", "list", "map", "tuple", "box", "union"]
"""object: fields are properties; list, map: one field `items`/`entries` holds the whole array or object;
tuple: fields are positions; box: one field `value` holds the whole value (unset is null); union: one oneof."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    `extra` is the field that holds undeclared or rest properties, `explicit_fields` the presence field.
    `closed` is True where undeclared properties are a violation. `reserved` are numbers and names that must not return.
    """

    name: str
    form: Form
    fields: tuple[Field, ...]
    source: Location
    json_type: TypeId | None = None
    closed: bool = False
    extra: Field | None = None
    explicit_fields: Field | None = None
    branches: tuple[Branch, ...] = ()
    reserved_numbers: tuple[int, ...] = ()
    reserved_names: tuple[str, ...] = ()
    description: str = ""
    deprecated: bool = False
    rule: str = ""

    @property
    def short_name(self) -> str:
        """The name without its package."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class EnumValue:
    """One enum value; the zero value (`json` None) is never printed to JSON."""

    name: str
    number: int
    json: str | None


@dataclass(frozen=True, slots=True)
class Enum:
    """One enum."""

    name: str
    values: tuple[EnumValue, ...]
    source: Location
    reserved_numbers: tuple[int, ...] = ()
    reserved_names: tuple[str, ...] = ()
    description: str = ""
    deprecated: bool = False

    @property
    def short_name(self) -> str:
        """The name without its package."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Rpc:
    """One RPC with its HTTP rule in proto names (`/session/{session_id}`); `method` is what it was made from."""

    name: str
    request: str
    response: str
    method: Method
    path: str = ""
    body: str = ""
    response_body: str = ""


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """One service."""

    name: str
    package: str
    rpcs: tuple[Rpc, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class ProtoFile:
    """One `.proto` file: `path` is the bare name (`session.proto`), `imports` are bare names or google/... paths."""

    path: str
    package: str
    folder: str
    imports: tuple[str, ...]
    messages: tuple[Message, ...]
    enums: tuple[Enum, ...]
    services: tuple[ServicePlan, ...]


@dataclass(frozen=True, slots=True)
class ProtoPlan:
    """Every file of the project, and the message that carries each named type at the root of a document."""

    files: tuple[ProtoFile, ...]
    roots: Mapping[TypeId, MessageType]

    def message(self, name: str) -> Message:
        """The message of that full name; KeyError if there is none."""
        for file in self.files:
            for message in file.messages:
                if message.name == name:
                    return message
        raise KeyError(name)
