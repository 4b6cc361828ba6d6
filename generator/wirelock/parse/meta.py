"""Validation of schemas against the meta-schema of their dialect."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
from jsonschema import exceptions
from jsonschema.validators import validator_for

from wirelock.runtime.json.pointers import join_pointer
from wirelock.runtime.json.text import Json

_LIBRARY: Any = exceptions


@dataclass(frozen=True, slots=True)
class MetaSchemaViolation:
    """The most relevant violation of a meta-schema, and its pointer in the schema."""

    pointer: str
    message: str


def find_violation(schema: dict[str, Json] | bool, dialect: str) -> MetaSchemaViolation | None:
    """Return the most relevant violation of a meta-schema by a schema, or None; `dialect` is the URI of the dialect.

    jsonschema-rs decides, a hundred times as fast as jsonschema; the messages come from jsonschema.
    """
    if jsonschema_rs.meta.is_valid(schema if isinstance(schema, bool) else {**schema, "$schema": dialect}):
        return None
    validator: Any = validator_for({"$schema": dialect})
    return _find_best_match(validator(validator.META_SCHEMA).iter_errors(schema))


def _find_best_match(errors: Iterable[Any]) -> MetaSchemaViolation | None:
    error = _LIBRARY.best_match(errors)
    return None if error is None else MetaSchemaViolation(join_pointer(error.absolute_path), error.message)
