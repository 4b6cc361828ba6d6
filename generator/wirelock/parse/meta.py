"""What a document breaks of a meta-schema: `jsonschema`, whose types are incomplete, behind values of our own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
from jsonschema import exceptions
from jsonschema.validators import validator_for

from wirelock.runtime.json.pointers import pointer_of
from wirelock.runtime.json.text import Json

_LIBRARY: Any = exceptions


@dataclass(frozen=True, slots=True)
class MetaFault:
    """The fault that says most about a document, and where in it."""

    pointer: str
    message: str


def schema_fault(schema: dict[str, Json] | bool, dialect: str) -> MetaFault | None:
    """What the meta-schema of its dialect, by URI, has against a schema.

    The engine of the validators judges, a hundred times as fast; the words are jsonschema's.
    """
    if jsonschema_rs.meta.is_valid(schema if isinstance(schema, bool) else {**schema, "$schema": dialect}):
        return None
    validator: Any = validator_for({"$schema": dialect})
    return _worst(validator(validator.META_SCHEMA).iter_errors(schema))


def _worst(errors: Iterable[Any]) -> MetaFault | None:
    fault = _LIBRARY.best_match(errors)
    return None if fault is None else MetaFault(pointer_of(fault.absolute_path), fault.message)
