"""Findings about one document, in the form that validator, model and codec share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MALFORMED = "MALFORMED"
"""The text is not I-JSON (RFC 7493), so it was not validated."""
VIOLATION = "VIOLATION"
"""The document violates the schema."""
UNDECLARED_FIELD = "UNDECLARED_FIELD"
"""The schema does not declare the property and says nothing about additional properties."""
NOT_REPRESENTABLE = "NOT_REPRESENTABLE"
"""The document is valid, but protobuf cannot represent it (an integer outside int64, nesting past the limit)."""

PRECISION_LOST = "PRECISION_LOST"
"""An integer beyond 2^53 in a number or a free-form value: protobuf's double keeps its leading digits only."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One error or warning about one document.

    `pointer` is a JSON Pointer into the document; for a missing property it names that property.
    `schema` is the `file#pointer` of the keyword that failed, `keyword` its name. A finding is an error unless
    `warning` is set.
    """

    pointer: str
    code: str
    message: str
    keyword: str = ""
    schema: str = ""
    warning: bool = False


class Contract(Protocol):
    """The validator, model and codec of one named type.

    Each `check_…` method returns the findings for the same JSON text; no findings means that the text is accepted.
    `round_trip` returns the JSON text that comes back from protobuf, or the findings that prevent the conversion.
    """

    @property
    def name(self) -> str:
        """The type as users write it, `session/sessionInfo`."""
        ...

    @property
    def has_codec(self) -> bool:
        """True if the type has a message of its own, and thus a codec."""
        ...

    def check_schema(self, text: bytes) -> tuple[Finding, ...]: ...

    def check_model(self, text: bytes) -> tuple[Finding, ...]: ...

    def check_codec(self, text: bytes) -> tuple[Finding, ...]: ...

    def round_trip(self, text: bytes) -> bytes | tuple[Finding, ...]: ...
