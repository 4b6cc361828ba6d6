"""What a document breaks of a meta-schema: `jsonschema`, whose types are incomplete, behind values of our own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator, exceptions
from jsonschema.validators import validator_for

from wirelock.runtime.pointers import pointer_of
from wirelock.runtime.text import Json

_LIBRARY: Any = exceptions
_META: Any = Draft202012Validator


@dataclass(frozen=True, slots=True)
class MetaFault:
    """The fault that says most about a document, and where in it."""

    pointer: str
    message: str


class MetaSchema:
    """A meta-schema of our own, in draft 2020-12."""

    def __init__(self, schema: Json) -> None:
        self._validator = _META(schema)

    def fault(self, document: Json) -> MetaFault | None:
        """What keeps a document from being what the meta-schema describes."""
        return _worst(self._validator.iter_errors(document))


def schema_fault(schema: dict[str, Json] | bool) -> MetaFault | None:
    """What the meta-schema of its dialect has against a schema."""
    validator: Any = validator_for(schema)
    return _worst(validator(validator.META_SCHEMA).iter_errors(schema))


def _worst(errors: Iterable[Any]) -> MetaFault | None:
    fault = _LIBRARY.best_match(errors)
    return None if fault is None else MetaFault(pointer_of(fault.absolute_path), fault.message)
