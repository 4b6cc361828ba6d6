"""What is wrong with one document: the same value whoever found it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MALFORMED = "MALFORMED"
"""The text is not I-JSON (RFC 7493); there is no schema verdict."""
VIOLATION = "VIOLATION"
"""The document breaks the schema."""
UNDECLARED_FIELD = "UNDECLARED_FIELD"
"""A property that the schema does not declare, where the schema does not say that there may be none."""
NOT_REPRESENTABLE = "NOT_REPRESENTABLE"
"""The document is valid, but protobuf cannot hold it (an integer outside int64, nesting past the limit)."""

PRECISION_LOST = "PRECISION_LOST"
"""An integer beyond 2^53 in a number or a free-form value, of which protobuf's double keeps the first digits only."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One fault in one document.

    `pointer` is a JSON Pointer into the document; for a missing property it names that property.
    `schema` is `file#pointer` of the keyword that decided, `keyword` its name. A finding is an error unless `warning`.
    """

    pointer: str
    code: str
    message: str
    keyword: str = ""
    schema: str = ""
    warning: bool = False


class Contract(Protocol):
    """Everything generated for one named type, as traffic is held against it.

    Each verdict is about the same JSON text; an empty result is acceptance. `round_trip` gives the JSON text that
    comes back from protobuf, or the findings that kept it from going there.
    """

    @property
    def name(self) -> str:
        """The type as users write it, `session/sessionInfo`."""
        ...

    @property
    def carried(self) -> bool:
        """Whether the type has a message of its own; the codec has a say only then."""
        ...

    def validator_findings(self, text: bytes) -> tuple[Finding, ...]: ...

    def model_findings(self, text: bytes) -> tuple[Finding, ...]: ...

    def codec_findings(self, text: bytes) -> tuple[Finding, ...]: ...

    def round_trip(self, text: bytes) -> bytes | tuple[Finding, ...]: ...
