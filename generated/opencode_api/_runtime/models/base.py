"""What generated Pydantic models are made of: base classes, the JSON integer, and the checks beyond pydantic.

A model takes exactly the JSON that its schema takes: nothing is coerced, absent and null are different things, keys are
JSON's own spelling, and no default is filled in. Python code may name fields by their Python attribute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, Generic, TypeVar, cast, get_origin

import pydantic
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from ..findings import NOT_REPRESENTABLE, UNDECLARED_FIELD, Finding
from ..json.formatting import name as named
from ..json.pointers import names_of, token
from ..schema.documents import value_at
from .checks import Handler, checked, checks_of, hold, judge_of
from .errors import findings_of

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
_STRICT = ConfigDict(
    strict=True, allow_inf_nan=False, protected_namespaces=(), serialize_by_alias=True, validate_by_name=False
)


def _whole(value: object) -> object:
    return int(value) if type(value) is float and value.is_integer() else value


WireInteger = Annotated[int, BeforeValidator(_whole)]
"""A JSON integer: 1.0 is one and becomes 1; "1", true and 1.5 are not."""


class WireModel(BaseModel):
    """A JSON object; properties that are not declared are kept and count as undeclared."""

    model_config = {**_STRICT, "extra": "allow"}

    def __init__(self, /, **data: Any) -> None:
        aliases = _aliases(type(self))
        spelled = {aliases.get(name, name): value for name, value in data.items()}
        self.__pydantic_validator__.validate_python(spelled, self_instance=self)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # as BaseModel's own: JSON does not go through it


@cache
def _aliases(model: type[BaseModel]) -> dict[str, str]:
    return {name: field.alias for name, field in model.model_fields.items() if field.alias is not None}


class OpenWireModel(WireModel):
    """A JSON object whose schema says that there may be further properties."""


class ClosedWireModel(WireModel):
    """A JSON object that has its declared properties only."""

    model_config = ConfigDict(extra="forbid")


class CheckedWireModel(WireModel):
    """A JSON object with checks beyond pydantic."""

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        hold(cls, checked)


def _checked_root(model: type[M], value: Any, handler: Handler) -> M:
    if isinstance(value, list) and _is_tuple(model):
        value = tuple(cast("Sequence[Any]", value))
    return checked(model, value, handler) if checks_of(model) else handler(value)


@cache
def _is_tuple(model: type[BaseModel]) -> bool:
    return get_origin(model.model_fields["root"].annotation) is tuple


class RootModel(pydantic.RootModel[T], Generic[T]):
    """A JSON value that is not an object of declared properties; it stands in `root`."""

    model_config = _STRICT

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)  # type: ignore[no-untyped-call]
        hold(cls, _checked_root)


def model_findings(model: type[BaseModel], instance: object) -> tuple[Finding, ...]:
    """Why a parsed JSON document is not of a model's type, with JSON Pointers; for one that is, what is undeclared."""
    try:
        value = model.model_validate(instance)
    except ValidationError as error:
        return findings_of(error, model)
    except RecursionError:
        return (Finding("", NOT_REPRESENTABLE, "the document is nested too deep for the model"),)
    return tuple(sorted(_undeclared(value, instance)))


def _undeclared(document: Any, instance: Any) -> Iterator[Finding]:
    left: list[tuple[str, Any]] = [("", document)]  # a stack of our own: documents may be deep
    while left:
        at, value = left.pop()
        if isinstance(value, BaseModel) and (judge := judge_of(type(value))) is not None:
            # what branches that overlap declare between them, the class that pydantic took cannot know
            for finding in judge.instance_findings(value_at(instance, names_of(at))):
                yield replace(finding, pointer=at + finding.pointer)
            continue
        if isinstance(value, WireModel) and not isinstance(value, OpenWireModel):
            for key in value.model_extra or ():
                words = f"property {named(key)} is not declared"
                yield Finding(f"{at}/{token(key)}", UNDECLARED_FIELD, words, warning=True)
        left += [(f"{at}/{token(str(key))}" if key is not None else at, item) for key, item in _members(value)]


def _members(value: Any) -> Iterable[tuple[str | int | None, Any]]:
    """The values inside a value that may hold models, each with its key; None is the value of a root model."""
    match value:
        case BaseModel() if isinstance(value, RootModel):
            return ((None, value.__dict__["root"]),)
        case BaseModel():
            aliases = _aliases(type(value))
            fields = ((aliases.get(name, name), item) for name, item in value.__dict__.items())
            return (*fields, *((value.model_extra or {}).items() if isinstance(value, OpenWireModel) else ()))
        case list() | tuple():
            return enumerate(cast("Sequence[Any]", value))
        case dict():
            return cast("dict[str, Any]", value).items()
        case _:
            return ()
