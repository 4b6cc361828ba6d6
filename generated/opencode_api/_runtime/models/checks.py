"""What models check beyond pydantic: JSON Schema in the class itself, and for the rest the package's own validator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, TypeVar, cast

from pydantic import BaseModel, RootModel, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from ..json.formatting import described, literal
from ..json.pointers import names_of
from ..schema.documents import value_at
from ..schema.patterns import translate
from .errors import SCHEMA_ERROR

CHECKS = "x-checks"
"""JSON Schema (draft 2020-12) for what pydantic leaves out of a class or a field."""
SCHEMA = "x-schema"
"""The schema of a class that has rules which no type says: its place among the documents of the package."""


M = TypeVar("M", bound=BaseModel)
Handler = Callable[[Any], Any]
"""Pydantic's own validation of a value."""


def hold(model: type[BaseModel], check: Callable[[type[M], Any, Handler], M]) -> None:
    """Hold the values of a class against a check, while the class is made.

    Pydantic's errors call a branch of a union by its check, so each class has one of its own name.
    """

    def named(cls: type[M], value: Any, handler: Handler) -> M:
        return check(cls, value, handler)

    named.__name__ = model.__name__
    setattr(model, "_checked", model_validator(mode="wrap")(classmethod(named)))  # type: ignore[arg-type]  # noqa: B010


def checked(model: type[M], value: Any, handler: Handler) -> M:
    """Validate with pydantic, then against what the schema asks beyond it; every fault of both is in the error."""
    checks = () if isinstance(value, model) else checks_of(model)
    try:
        result, errors = handler(value), list[InitErrorDetails]()
    except ValidationError as error:
        if not checks:
            raise
        result, errors = None, [_again(details) for details in error.errors(include_url=False)]
    errors += [fault for check in checks for fault in check.faults(value)]
    if errors or result is None:
        raise ValidationError.from_exception_data(model.__name__, errors)
    return cast("M", result)


def _again(details: Any) -> InitErrorDetails:
    """An error of pydantic's as it has to be given back to it."""
    kind = details["type"]
    if kind == SCHEMA_ERROR:
        kind = PydanticCustomError(SCHEMA_ERROR, "{message}", details["ctx"])
    return InitErrorDetails(type=kind, loc=details["loc"], input=details["input"], ctx=details.get("ctx", {}))


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


@cache
def judge_of(model: type[BaseModel]) -> Any:
    """The validator that says what is undeclared in a value of this class; None where its fields say it."""
    return next((check.validator for check in checks_of(model) if isinstance(check, WholeSchema)), None)


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
        """What the schema has against a value; where undeclared properties are faults, those too."""
        instance = _plain(value)
        if self.validator.is_valid_instance(instance):
            return
        for finding in self.validator.instance_findings(instance):
            if not finding.warning:
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
