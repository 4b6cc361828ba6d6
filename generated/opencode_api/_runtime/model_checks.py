"""What models check beyond pydantic: JSON Schema in the class itself, and for the rest the package's own validator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, cast

from pydantic import BaseModel, RootModel
from pydantic_core import InitErrorDetails, PydanticCustomError

from .documents import value_at
from .model_errors import SCHEMA_ERROR
from .patterns import translate
from .pointers import names_of
from .words import described, literal

CHECKS = "x-checks"
"""JSON Schema (draft 2020-12) for what pydantic leaves out of a class or a field."""
SCHEMA = "x-schema"
"""The schema of a class that has rules which no type says: its place among the documents of the package."""


@cache
def checks_of(model: type[BaseModel]) -> tuple[Keywords | WholeSchema, ...]:
    """What a model checks beside pydantic; compiled at the first validation."""
    found: list[Keywords | WholeSchema] = []
    if (schema := _stated(model.model_config.get("json_schema_extra"), CHECKS)) is not None:
        found.append(_compiled(None, schema))
    for name, field in model.model_fields.items():
        if (schema := _stated(field.json_schema_extra, CHECKS)) is not None:
            alias = name if field.alias is None else field.alias
            found.append(_compiled(None if _is_root(model) else alias, schema))
    if (place := _place(model)) is not None:
        found.append(WholeSchema(_schemas(model, place).validator(place)))
    return tuple(found)


def _stated(extra: Any, keyword: str) -> Any:
    return cast("Mapping[str, Any]", extra).get(keyword) if isinstance(extra, Mapping) else None


def _is_root(model: type[BaseModel]) -> bool:
    return bool(issubclass(model, RootModel))


def _place(model: type[BaseModel]) -> str | None:
    """The schema of a class: in its configuration, or, as all that is said of a root model, beside its value."""
    root = model.model_fields.get("root") if _is_root(model) else None
    extra = model.model_config.get("json_schema_extra") if root is None else root.json_schema_extra
    place: str | None = _stated(extra, SCHEMA)
    return place


def _schemas(model: type[BaseModel], place: str) -> Any:
    """The documents of the generated package, also for classes that others derive from a generated one."""
    bases = (base for base in model.__mro__ if issubclass(base, BaseModel))
    owner = [base for base in bases if _place(base) == place][-1]
    package = owner.__module__.rpartition(".models.")[0]
    return import_module(f"{package}.validators").schemas()


@dataclass(frozen=True, slots=True)
class WholeSchema:
    """The whole schema of a class, held against the whole value."""

    validator: Any

    def faults(self, value: Any) -> Iterator[InitErrorDetails]:
        """What the schema has against a value."""
        for finding in self.validator.violations(_plain(value)):
            yield _error(finding.message, tuple(names_of(finding.pointer)), finding.keyword, value)


@dataclass(frozen=True, slots=True)
class Keywords:
    """JSON Schema beyond pydantic: the property that it judges (None is the whole value), as stated, and compiled."""

    property: str | None
    schema: Any
    engine: Any

    def faults(self, value: Any) -> Iterator[InitErrorDetails]:
        """What the keywords have against a value."""
        judged, place = value, tuple[str, ...]()
        if self.property is not None:
            if not isinstance(value, dict) or self.property not in value:
                return
            judged, place = cast("dict[str, Any]", value)[self.property], (self.property,)
        for error in self.engine.iter_errors(_plain(judged)):
            keyword = str(error.schema_path[-1])
            words = f"{described(error.instance)} breaks {keyword}{_limit(self.schema, error.schema_path)}"
            yield _error(words, (*place, *error.instance_path), keyword, value)


def _error(message: str, path: tuple[str | int, ...], keyword: str, value: Any) -> InitErrorDetails:
    context = {"message": message, "path": path, "keyword": keyword}
    return InitErrorDetails(type=PydanticCustomError(SCHEMA_ERROR, "{message}", context), loc=(), input=value)


def _compiled(name: str | None, schema: Any) -> Keywords:
    import jsonschema_rs  # models without checks do without it

    return Keywords(name, schema, jsonschema_rs.Draft202012Validator(_translated(schema), validate_formats=True))


def _translated(schema: Any) -> Any:
    """The schema with its patterns in the engine's own syntax."""
    if isinstance(schema, list):
        return [_translated(item) for item in cast("Sequence[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    return {keyword: _translated_keyword(keyword, value) for keyword, value in cast("dict[str, Any]", schema).items()}


def _translated_keyword(keyword: str, value: Any) -> Any:
    match keyword:
        case "pattern":
            return translate(value)
        case "properties" | "$defs":
            return {name: _translated(inner) for name, inner in value.items()}
        case "enum":
            return value
        case _:
            return _translated(value)


def _limit(schema: Any, path: Sequence[str | int]) -> str:
    """What the keyword at that place says, if it is short enough to be said again."""
    value = value_at(schema, path)
    return f" {literal(value)}" if isinstance(value, str | int | float) else ""


def _plain(value: Any) -> Any:
    """The JSON of a value that may have models in it, as it has when Python code constructs one."""
    match value:
        case BaseModel():
            return value.model_dump(mode="json")
        case dict():
            return {key: _plain(item) for key, item in cast("dict[str, Any]", value).items()}
        case list() | tuple():
            return [_plain(item) for item in cast("Sequence[Any]", value)]
        case _:
            return value
