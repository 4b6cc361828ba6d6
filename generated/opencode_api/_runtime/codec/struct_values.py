"""Free-form values: google.protobuf.Value, Struct and ListValue."""

from __future__ import annotations

import math
from typing import Any, cast

from google.protobuf.message import Message

from ..findings import VIOLATION
from ..json.pointers import token
from ..json.text import Json
from .scalars import from_double, to_double
from .types import Get, Notes, ToProto, expect, refusal

MESSAGES = {
    "any": "google.protobuf.Value",
    "object": "google.protobuf.Struct",
    "array": "google.protobuf.ListValue",
}
"""The messages of free-form values, by what they may be."""


def to_free(kind: str, made: type[Message]) -> ToProto:
    """Messages of that class for free-form values; a constructor would take a dict for the value itself."""

    def convert(notes: Notes, value: Any, at: str) -> Message:
        message: Any = made()
        match kind:
            case "object":
                expect(value, dict, "object", at)
                for key, item in value.items():
                    _fill(notes, item, message.fields[key], f"{at}/{token(key)}")
            case "array":
                expect(value, list, "array", at)
                for index, item in enumerate(value):
                    _fill(notes, item, message.values.add(), f"{at}/{index}")
            case _:
                _fill(notes, value, message, at)
        return cast(Message, message)

    return convert


def _fill(notes: Notes, value: Json, target: Any, at: str) -> None:
    match value:
        case None:
            target.null_value = 0
        case bool():
            target.bool_value = value
        case str():
            target.string_value = value
        case list():
            target.list_value.SetInParent()
            for index, item in enumerate(value):
                _fill(notes, item, target.list_value.values.add(), f"{at}/{index}")
        case dict():
            target.struct_value.SetInParent()
            for key, item in value.items():
                _fill(notes, item, target.struct_value.fields[key], f"{at}/{token(key)}")
        case _:
            target.number_value = to_double(notes, value, at)


def get_free(kind: str) -> Get:
    """The JSON values of such messages."""

    def get(message: Any, at: str) -> Any:
        match kind:
            case "object":
                return {key: _plain(message.fields[key], f"{at}/{token(key)}") for key in sorted(message.fields)}
            case "array":
                return [_plain(item, f"{at}/{index}") for index, item in enumerate(message.values)]
            case _:
                return _plain(message, at)

    return get


def _plain(value: Any, at: str) -> Any:
    match value.WhichOneof("kind"):
        case "bool_value":
            return value.bool_value
        case "number_value":
            if not math.isfinite(value.number_value):
                raise refusal(VIOLATION, at, f"{value.number_value} is not JSON")
            return from_double(value.number_value, at)
        case "string_value":
            return value.string_value
        case "list_value":
            return [_plain(item, f"{at}/{index}") for index, item in enumerate(value.list_value.values)]
        case "struct_value":
            fields = value.struct_value.fields
            return {key: _plain(fields[key], f"{at}/{token(key)}") for key in sorted(fields)}
        case _:
            return None
