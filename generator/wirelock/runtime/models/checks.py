"""Checks of models beyond pydantic: JSON Schema keywords stored in the class, or the validator of the package."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, TypeVar, cast

from pydantic import BaseModel, RootModel, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from ..json.formatting import describe_value, format_value
from ..json.pointers import split_pointer
from ..schema.documents import get_value_at
from ..schema.patterns import translate
from .errors import SCHEMA_ERROR

CHECKS = "x-checks"
"""The key of the JSON Schema keywords (draft 2020-12) of a class or field that pydantic does not check."""
SCHEMA = "x-schema"
"""The key of the schema location (`file#pointer`) of a class that needs the validator of the package."""

M = TypeVar("M", bound=BaseModel)
Handler = Callable[[Any], Any]
"""Pydantic's own validation of a value."""


def install_check(model: type[BaseModel], check: Callable[[type[M], Any, Handler], M]) -> None:
    """Add a check to a class; `__init_subclass__` calls this before pydantic builds the class.

    Pydantic's errors label a branch of a union with the name of its check, so each class gets a function of its name.
    """

    def validate(cls: type[M], value: Any, handler: Handler) -> M:
        return check(cls, value, handler)

    validate.__name__ = model.__name__
    setattr(model, "_run_checks", model_validator(mode="wrap")(classmethod(validate)))  # type: ignore[arg-type]  # noqa: B010


def validate_with_checks(model: type[M], value: Any, handler: Handler) -> M:
    """Return the value validated by pydantic and by the checks of its class.

    Raise ValidationError with the errors of both.
    """
    checks = () if isinstance(value, model) else get_checks(model)
    try:
        result, errors = handler(value), list[InitErrorDetails]()
    except ValidationError as error:
        if not checks:
            raise
        result, errors = None, [_to_init_error(details) for details in error.errors(include_url=False)]
    errors += [error for check in checks for error in check.iter_errors(value)]
    if errors or result is None:
        raise ValidationError.from_exception_data(model.__name__, errors)
    return cast("M", result)


def _to_init_error(details: Any) -> InitErrorDetails:
    """Return a reported error of pydantic in the form that `ValidationError.from_exception_data` takes."""
    kind = details["type"]
    if kind == SCHEMA_ERROR:
        kind = PydanticCustomError(SCHEMA_ERROR, "{message}", details["ctx"])
    return InitErrorDetails(type=kind, loc=details["loc"], input=details["input"], ctx=details.get("ctx", {}))


@cache
def get_checks(model: type[BaseModel]) -> tuple[KeywordCheck | SchemaCheck, ...]:
    """Return the checks of a model beyond pydantic; they are compiled at the first validation."""
    checks: list[KeywordCheck | SchemaCheck] = []
    if (schema := _get_extra(model.model_config.get("json_schema_extra"), CHECKS)) is not None:
        checks.append(_compile_check(None, schema))
    for name, field in model.model_fields.items():
        if (schema := _get_extra(field.json_schema_extra, CHECKS)) is not None:
            alias = name if field.alias is None else field.alias
            checks.append(_compile_check(None if _is_root_model(model) else alias, schema))
    if (reference := _get_schema_reference(model)) is not None:
        checks.append(SchemaCheck(_load_schemas(model, reference).get_validator(reference)))
    return tuple(checks)


@cache
def get_schema_validator(model: type[BaseModel]) -> Any:
    """Return the validator that finds undeclared properties of a class; None if the fields of the class suffice."""
    return next((check.validator for check in get_checks(model) if isinstance(check, SchemaCheck)), None)


def _get_extra(extra: Any, keyword: str) -> Any:
    return cast("Mapping[str, Any]", extra).get(keyword) if isinstance(extra, Mapping) else None


def _is_root_model(model: type[BaseModel]) -> bool:
    return bool(issubclass(model, RootModel))


def _get_schema_reference(model: type[BaseModel]) -> str | None:
    """Return the schema location of a class, from its configuration or, for a root model, from its field."""
    root = model.model_fields.get("root") if _is_root_model(model) else None
    extra = model.model_config.get("json_schema_extra") if root is None else root.json_schema_extra
    reference: str | None = _get_extra(extra, SCHEMA)
    return reference


def _load_schemas(model: type[BaseModel], reference: str) -> Any:
    """Return the documents of the generated package, also for a user's subclass of a generated class."""
    bases = (base for base in model.__mro__ if issubclass(base, BaseModel))
    owner = [base for base in bases if _get_schema_reference(base) == reference][-1]
    package = owner.__module__.rpartition(".models.")[0]
    return import_module(f"{package}.validators").load_schemas()


@dataclass(frozen=True, slots=True)
class SchemaCheck:
    """Validation of a value against the full schema of its class."""

    validator: Any

    def iter_errors(self, value: Any) -> Iterator[InitErrorDetails]:
        """Yield the errors of a value, with undeclared properties where the policy makes them errors."""
        instance = _to_json(value)
        if self.validator.is_valid_instance(instance):
            return
        for finding in self.validator.check_instance(instance):
            if not finding.warning:
                yield _build_error(finding.message, tuple(split_pointer(finding.pointer)), finding.keyword, value)


@dataclass(frozen=True, slots=True)
class KeywordCheck:
    """Validation of a property (None: of the whole value) against keywords that pydantic does not check."""

    property_name: str | None
    schema: Any
    engine: Any

    def iter_errors(self, value: Any) -> Iterator[InitErrorDetails]:
        """Yield the errors of a value."""
        instance, path = value, tuple[str, ...]()
        if self.property_name is not None:
            if not isinstance(value, dict) or self.property_name not in value:
                return
            instance, path = cast("dict[str, Any]", value)[self.property_name], (self.property_name,)
        for error in self.engine.iter_errors(_to_json(instance)):
            keyword = str(error.schema_path[-1])
            limit = _format_limit(self.schema, error.schema_path)
            message = f"{describe_value(error.instance)} violates {keyword}{limit}"
            yield _build_error(message, (*path, *error.instance_path), keyword, value)


def _build_error(message: str, path: tuple[str | int, ...], keyword: str, value: Any) -> InitErrorDetails:
    context = {"message": message, "path": path, "keyword": keyword}
    return InitErrorDetails(type=PydanticCustomError(SCHEMA_ERROR, "{message}", context), loc=(), input=value)


def _compile_check(name: str | None, schema: Any) -> KeywordCheck:
    import jsonschema_rs  # imported here because models without checks do not need it

    return KeywordCheck(
        name, schema, jsonschema_rs.Draft202012Validator(_translate_patterns(schema), validate_formats=True)
    )


def _translate_patterns(schema: Any) -> Any:
    """Return the schema with its patterns in the syntax of the regex engine."""
    if isinstance(schema, list):
        return [_translate_patterns(item) for item in cast("Sequence[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    return {keyword: _translate_keyword(keyword, value) for keyword, value in cast("dict[str, Any]", schema).items()}


def _translate_keyword(keyword: str, value: Any) -> Any:
    match keyword:
        case "pattern":
            return translate(value)
        case "properties" | "$defs":
            return {name: _translate_patterns(inner) for name, inner in value.items()}
        case "enum":
            return value
        case _:
            return _translate_patterns(value)


def _format_limit(schema: Any, path: Sequence[str | int]) -> str:
    """Return the value of the keyword at a path, after a space; an empty string for an array or object."""
    value = get_value_at(schema, path)
    return f" {format_value(value)}" if isinstance(value, str | int | float) else ""


def _to_json(value: Any) -> Any:
    """Return the JSON value of a Python value, which contains models if Python code constructed it."""
    match value:
        case BaseModel():
            return value.model_dump(mode="json")
        case dict():
            return {key: _to_json(item) for key, item in cast("dict[str, Any]", value).items()}
        case list() | tuple():
            return [_to_json(item) for item in cast("Sequence[Any]", value)]
        case _:
            return value
