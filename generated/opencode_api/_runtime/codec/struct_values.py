"""Conversion of free-form values: google.protobuf.Value, Struct and ListValue."""

from __future__ import annotations

import math
from typing import Any, cast

from google.protobuf.message import Message

from ..findings import VIOLATION
from ..json.pointers import escape_token
from ..json.text import Json
from .scalars import from_double, to_double
from .types import Get, Notes, ToProto, build_codec_error, require_type

MESSAGES = {
    "any": "google.protobuf.Value",
    "object": "google.protobuf.Struct",
    "array": "google.protobuf.ListValue",
}
"""Proto names of the messages for free-form values, by the JSON type that the schema allows."""


def build_to_struct(kind: str, message_class: type[Message]) -> ToProto:
    """Return the function that builds messages of a class; the constructor would take a dict as keyword arguments."""

    def convert(notes: Notes, value: Any, pointer: str) -> Message:
        message: Any = message_class()
        match kind:
            case "object":
                require_type(value, dict, "object", pointer)
                for key, item in value.items():
                    _fill(notes, item, message.fields[key], f"{pointer}/{escape_token(key)}")
            case "array":
                require_type(value, list, "array", pointer)
                for index, item in enumerate(value):
                    _fill(notes, item, message.values.add(), f"{pointer}/{index}")
            case _:
                _fill(notes, value, message, pointer)
        return cast(Message, message)

    return convert


def _fill(notes: Notes, value: Json, target: Any, pointer: str) -> None:
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
                _fill(notes, item, target.list_value.values.add(), f"{pointer}/{index}")
        case dict():
            target.struct_value.SetInParent()
            for key, item in value.items():
                _fill(notes, item, target.struct_value.fields[key], f"{pointer}/{escape_token(key)}")
        case _:
            target.number_value = to_double(notes, value, pointer)


def build_from_struct(kind: str) -> Get:
    """Return the function that reads the JSON value of a message."""

    def get(message: Any, pointer: str) -> Any:
        match kind:
            case "object":
                return {
                    key: _to_json_value(message.fields[key], f"{pointer}/{escape_token(key)}")
                    for key in sorted(message.fields)
                }
            case "array":
                return [_to_json_value(item, f"{pointer}/{index}") for index, item in enumerate(message.values)]
            case _:
                return _to_json_value(message, pointer)

    return get


def _to_json_value(value: Any, pointer: str) -> Any:
    match value.WhichOneof("kind"):
        case "bool_value":
            return value.bool_value
        case "number_value":
            if not math.isfinite(value.number_value):
                raise build_codec_error(VIOLATION, pointer, f"{value.number_value} is not JSON")
            return from_double(value.number_value, pointer)
        case "string_value":
            return value.string_value
        case "list_value":
            return [_to_json_value(item, f"{pointer}/{index}") for index, item in enumerate(value.list_value.values)]
        case "struct_value":
            fields = value.struct_value.fields
            return {key: _to_json_value(fields[key], f"{pointer}/{escape_token(key)}") for key in sorted(fields)}
        case _:
            return None
