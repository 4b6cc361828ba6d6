"""A schema object of OpenAPI 3.0 in the words of draft 2020-12 (OpenAPI 3.0.3, "Schema Object")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from wirelock.diagnostics import Code, Severity
from wirelock.runtime.json.text import Json

NULLABLE_IGNORED = Code("NULLABLE_IGNORED", Severity.WARNING)
Names = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class VoidNullable:
    """Why a `nullable` has no effect, and what to do."""

    message: str
    hint: str


def translated(stated: Mapping[str, Any]) -> tuple[dict[str, Any], VoidNullable | None]:
    """One schema object without what is inside it; what is beside a reference is ignored, save hints."""
    if "$ref" in stated:  # siblings of a reference are ignored there ("Reference Object")
        return {key: value for key, value in stated.items() if key == "$ref" or key.startswith("x-")}, None
    schema = dict(stated)
    void = _allow_null(schema) if schema.pop("nullable", False) is True else None
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(schema.get(bound), bool) and schema.pop(bound) and limit in schema:
            schema[bound] = schema.pop(limit)
    if "example" in schema:
        schema.setdefault("examples", [schema.pop("example")])
    return schema, void


def _allow_null(schema: dict[str, Any]) -> VoidNullable | None:
    if not isinstance(schema.get("type"), str):
        words = "nullable has no effect where no type is stated"
        return VoidNullable(words, "OpenAPI 3.0.3 adds null to the stated type only; state the type beside it")
    schema["type"] = [schema["type"], "null"]
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        return VoidNullable(
            "nullable has no effect beside an enum without null", "list null in the enum if it is meant"
        )
    return None


def with_schemas(keyword: str, value: Json, schemas: Mapping[Names, Json]) -> Json:
    """The value of a keyword with other schemas in the places of those that it holds."""
    if not schemas:
        return value
    if (keyword,) in schemas:
        return schemas[(keyword,)]
    if isinstance(value, list):
        return [*schemas.values()]
    table = cast("dict[str, Json]", value)
    return {name: schemas.get((keyword, name), inner) for name, inner in table.items()}
