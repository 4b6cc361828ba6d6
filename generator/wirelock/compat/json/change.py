"""The input of the JSON comparison and its results: two sides, and one proof for each direction of each change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from wirelock.config import UnknownFields
from wirelock.diagnostics import Location
from wirelock.ir import TypeGraph, TypeId
from wirelock.runtime.json.text import Json

UndeclaredPolicy = UnknownFields | Literal["open"]
"""Policy for undeclared properties; "open" is the content model of JSON Schema, for schemas without a project."""


@dataclass(frozen=True, slots=True)
class Side:
    """One state of the schemas.

    `accepts` returns the verdict of the reference validator on a document of a type. `documents` are the schemas by
    file below the schema folder; unmodelled keywords are read from them.
    """

    graph: TypeGraph
    policy: UndeclaredPolicy
    accepts: Callable[[TypeId, Json], bool]
    documents: Mapping[str, Json]
    format_assertion: bool = False


@dataclass(frozen=True, slots=True)
class Proved:
    """Every document of the writer is valid for the reader."""


@dataclass(frozen=True, slots=True)
class Refuted:
    """The witness is valid for the writer and invalid for the reader, by both reference validators."""

    witness: Json


@dataclass(frozen=True, slots=True)
class Unknown:
    """Neither a proof nor a witness was found."""

    reason: str


Proof = Proved | Refuted | Unknown


@dataclass(frozen=True, slots=True)
class JsonChange:
    """One difference between the schemas, and its effect on documents of `type`.

    `location` is in the new schema: at the nearest remaining parent if the element was removed. `schema_location` is
    that of the element itself, `file#pointer` below the schema folder. `backward` is the proof that old documents are
    valid under the new schema, `forward` the reverse.
    """

    rule: str
    type: TypeId
    location: Location
    schema_location: str
    message: str
    hint: str
    backward: Proof
    forward: Proof
