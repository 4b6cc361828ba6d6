"""What is compared, and what is said of it: two sides, and one proof for each direction of each change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from wirelock.config import UnknownFields
from wirelock.diagnostics import Location
from wirelock.ir import TypeGraph, TypeId
from wirelock.runtime.json.text import Json

Policy = UnknownFields | Literal["open"]
"""What objects may hold beyond what they declare; "open" is plain JSON Schema, for schemas of no project."""


@dataclass(frozen=True, slots=True)
class Side:
    """One state of the schemas.

    `accepts` is the reference's verdict on a document of a type; `documents` are the schemas by their file below the
    schema folder, in which the keywords are looked up that no shape says.
    """

    graph: TypeGraph
    policy: Policy
    accepts: Callable[[TypeId, Json], bool]
    documents: Mapping[str, Json]
    format_assertion: bool = False


@dataclass(frozen=True, slots=True)
class Holds:
    """Every document of the one side is a document of the other."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Not so: the witness is valid on the one side and invalid on the other, and both verdicts were asked for."""

    witness: Json


@dataclass(frozen=True, slots=True)
class Unproved:
    """It may break, but no document was found that shows it."""

    reason: str


Proof = Holds | Broken | Unproved


@dataclass(frozen=True, slots=True)
class JsonChange:
    """One difference between the schemas, and what it does to documents of `type`.

    `where` is in the new schema, at the nearest parent that is left when the element is gone; `place` is the element's
    own, `file#pointer` below the schema folder; `hint` says what to do. `backward`: old documents are valid under new;
    `forward`: the reverse.
    """

    rule: str
    type: TypeId
    where: Location
    place: str
    message: str
    hint: str
    backward: Proof
    forward: Proof
