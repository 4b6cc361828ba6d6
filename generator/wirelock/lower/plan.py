"""The proto plan: the content of `.proto` files, codecs and mapping.json as values.

A *shape* is the protobuf counterpart of a JSON value; a *form* is the kind of JSON value that a whole message stands
for. Every field number comes from the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from wirelock.config import Config
from wirelock.diagnostics import Location
from wirelock.ir import Method, TypeId
from wirelock.naming import to_snake_case

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
class StructValue:
    """A free-form JSON value: google.protobuf.Value (any), Struct (object) or ListValue (array)."""

    kind: Literal["any", "object", "array"]


@dataclass(frozen=True, slots=True)
class Repeated:
    """A repeated field: a JSON array."""

    item: Scalar | EnumType | MessageType | StructValue


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map field with string keys: a JSON object."""

    value: Scalar | EnumType | MessageType | StructValue


ValueShape = Scalar | EnumType | MessageType | StructValue | Repeated | MapOf


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    `json` is the JSON property; in a union it is the key of the branch, in a tuple the position. `explicit` is proto's
    `optional`; `required` and `nullable` refer to the JSON property. `json_name` is empty where it is protobuf's
    default. `proto_type` is the printed type. `notes` are phrases for the documentation: constraints that protobuf
    cannot express, a constant value.
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
    proto_type: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """The condition under which a value belongs to one branch of a union.

    `tags` are pairs of a property path and the accepted JSON constants; all of them must match. `types` are JSON types
    (null, boolean, number, string, array, object). If both are empty, branches are tried in order.
    """

    field: str
    tags: tuple[tuple[tuple[str, ...], tuple[object, ...]], ...] = ()
    types: tuple[str, ...] = ()


Form = Literal["object", "list", "map", "tuple", "box", "union"]
"""object: fields are properties; list, map: one field (`items`, `entries`) holds the whole array or object;
tuple: fields are positions; box: one field `value` holds the whole value (unset is null); union: one oneof."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    `extra` is the field for additional or undeclared properties, `explicit_fields` the presence field. `closed` is
    True if undeclared properties are a violation. `json_type` is the named type that the message stands for. `rule` is
    a phrase that tells how a union selects its branch.
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

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """The declared fields, then the synthetic ones."""
        return (*self.fields, *(field for field in (self.extra, self.explicit_fields) if field is not None))

    @property
    def oneof_name(self) -> str:
        """The name of a union's oneof: `kind`, unless a field has that name."""
        return "kind_" if any(field.name == "kind" for field in self.fields) else "kind"


@dataclass(frozen=True, slots=True)
class EnumValue:
    """One enum value; the zero value has no JSON counterpart (`json` is None)."""

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
    """One RPC of a service method; path, body and response body are in proto names (`/session/{session_id}`)."""

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
    """One `.proto` file; `path` is relative to the proto folder (`session.proto`), and so are `imports`."""

    path: str
    package: str
    folder: str
    imports: tuple[str, ...]
    messages: tuple[Message, ...]
    enums: tuple[Enum, ...]
    services: tuple[ServicePlan, ...]


@dataclass(frozen=True, slots=True)
class ProtoPlan:
    """All proto files of the project, and the root message of each named type."""

    files: tuple[ProtoFile, ...]
    roots: Mapping[TypeId, MessageType]


def get_proto_package(config: Config, folder: str) -> str:
    """Return the proto package of a schema folder."""
    parts = (config.proto_package, *(to_snake_case(part) for part in folder.split("/") if part))
    return ".".join(part for part in parts if part)
