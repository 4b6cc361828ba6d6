"""Base classes of generated Pydantic models, and the check of a JSON value against a model.

A model accepts the JSON values that its schema accepts: nothing is coerced, absent differs from null, keys are the JSON
property names, and no default is filled in. Python code may use attribute names instead of property names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, Generic, TypeVar, cast, get_origin

import pydantic
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from ..findings import NOT_REPRESENTABLE, UNDECLARED_FIELD, Finding
from ..json.formatting import quote_name
from ..json.pointers import escape_token, split_pointer
from ..schema.documents import get_value_at
from .checks import Handler, get_checks, get_schema_validator, install_check, validate_with_checks
from .errors import to_findings

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
_STRICT = ConfigDict(
    strict=True, allow_inf_nan=False, protected_namespaces=(), serialize_by_alias=True, validate_by_name=False
)


def _to_integer(value: object) -> object:
    return int(value) if type(value) is float and value.is_integer() else value


WireInteger = Annotated[int, BeforeValidator(_to_integer)]
"""A JSON integer; 1.0 is accepted and becomes 1, whereas "1", true and 1.5 are rejected."""


class WireModel(BaseModel):
    """A JSON object; undeclared properties are kept, and `check_model` reports them."""

    model_config = {**_STRICT, "extra": "allow"}

    def __init__(self, /, **data: Any) -> None:
        aliases = _get_aliases(type(self))
        properties = {aliases.get(name, name): value for name, value in data.items()}
        self.__pydantic_validator__.validate_python(properties, self_instance=self)

    # Validation of JSON does not call __init__; pydantic requires this mark for that, as on BaseModel.__init__.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]


@cache
def _get_aliases(model: type[BaseModel]) -> dict[str, str]:
    return {name: field.alias for name, field in model.model_fields.items() if field.alias is not None}


class OpenWireModel(WireModel):
    """A JSON object whose schema allows additional properties."""


class ClosedWireModel(WireModel):
    """A JSON object without additional properties."""

    model_config = ConfigDict(extra="forbid")


class CheckedWireModel(WireModel):
    """A JSON object whose schema has keywords that pydantic does not check."""

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        install_check(cls, validate_with_checks)


def _validate_root(model: type[M], value: Any, handler: Handler) -> M:
    if isinstance(value, list) and _is_tuple_model(model):
        value = tuple(cast("Sequence[Any]", value))
    return validate_with_checks(model, value, handler) if get_checks(model) else handler(value)


@cache
def _is_tuple_model(model: type[BaseModel]) -> bool:
    return get_origin(model.model_fields["root"].annotation) is tuple


class RootModel(pydantic.RootModel[T], Generic[T]):
    """A JSON value other than an object with declared properties; the value is in `root`."""

    model_config = _STRICT

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)  # type: ignore[no-untyped-call]
        install_check(cls, _validate_root)


def check_model(model: type[BaseModel], instance: object) -> tuple[Finding, ...]:
    """Return the violations of a parsed JSON document; for a valid one, its undeclared properties as warnings."""
    try:
        value = model.model_validate(instance)
    except ValidationError as error:
        return to_findings(error, model)
    except RecursionError:
        return (Finding("", NOT_REPRESENTABLE, "the document is nested too deeply for the model"),)
    return tuple(sorted(_find_undeclared(value, instance)))


def _find_undeclared(document: Any, instance: Any) -> Iterator[Finding]:
    stack: list[tuple[str, Any]] = [("", document)]  # not recursive, because documents may be deep
    while stack:
        pointer, value = stack.pop()
        if isinstance(value, BaseModel) and (validator := get_schema_validator(type(value))) is not None:
            # Overlapping branches declare properties together, but pydantic chose the class of only one of them.
            for finding in validator.check_instance(get_value_at(instance, split_pointer(pointer))):
                yield replace(finding, pointer=pointer + finding.pointer)
            continue
        if isinstance(value, WireModel) and not isinstance(value, OpenWireModel):
            for key in value.model_extra or ():
                message = f"property {quote_name(key)} is not declared"
                yield Finding(f"{pointer}/{escape_token(key)}", UNDECLARED_FIELD, message, warning=True)
        stack += [
            (f"{pointer}/{escape_token(str(key))}" if key is not None else pointer, item)
            for key, item in _iter_members(value)
        ]


def _iter_members(value: Any) -> Iterable[tuple[str | int | None, Any]]:
    """Return the members of a value that may contain models, each with its key; None for the value of a root model."""
    match value:
        case BaseModel() if isinstance(value, RootModel):
            return ((None, value.__dict__["root"]),)
        case BaseModel():
            aliases = _get_aliases(type(value))
            fields = ((aliases.get(name, name), item) for name, item in value.__dict__.items())
            return (*fields, *((value.model_extra or {}).items() if isinstance(value, OpenWireModel) else ()))
        case list() | tuple():
            return enumerate(cast("Sequence[Any]", value))
        case dict():
            return cast("dict[str, Any]", value).items()
        case _:
            return ()
