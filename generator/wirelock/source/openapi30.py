"""Translation of OpenAPI 3.0 schema objects to draft 2020-12 (OpenAPI 3.0.3, "Schema Object")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from wirelock.diagnostics import Code, Severity
from wirelock.runtime.json.text import Json

NULLABLE_IGNORED = Code("NULLABLE_IGNORED", Severity.WARNING)
PathTokens = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class IgnoredNullable:
    """A `nullable` without effect: message and hint."""

    message: str
    hint: str


def translate_schema_object(schema_object: Mapping[str, Any]) -> tuple[dict[str, Any], IgnoredNullable | None]:
    """Translate one schema object, except for its subschemas; drops siblings of `$ref` except for extensions."""
    if "$ref" in schema_object:  # OpenAPI 3.0 ignores siblings of a reference ("Reference Object")
        return {key: value for key, value in schema_object.items() if key == "$ref" or key.startswith("x-")}, None
    schema = dict(schema_object)
    ignored = _allow_null(schema) if schema.pop("nullable", False) is True else None
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(schema.get(bound), bool) and schema.pop(bound) and limit in schema:
            schema[bound] = schema.pop(limit)
    if "example" in schema:
        schema.setdefault("examples", [schema.pop("example")])
    return schema, ignored


def _allow_null(schema: dict[str, Any]) -> IgnoredNullable | None:
    if not isinstance(schema.get("type"), str):
        message = "nullable has no effect without type"
        return IgnoredNullable(message, "add type beside it: OpenAPI 3.0.3 adds null only to a declared type")
    schema["type"] = [schema["type"], "null"]
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        return IgnoredNullable(
            "nullable has no effect beside an enum without null", "add null to the enum, or remove nullable"
        )
    return None


def replace_subschemas(keyword: str, value: Json, schemas: Mapping[PathTokens, Json]) -> Json:
    """Return the value of a keyword with its subschemas replaced; `schemas` maps paths, keyword first, to schemas."""
    if not schemas:
        return value
    if (keyword,) in schemas:
        return schemas[(keyword,)]
    if isinstance(value, list):
        return [*schemas.values()]
    table = cast("dict[str, Json]", value)
    return {name: schemas.get((keyword, name), inner) for name, inner in table.items()}
