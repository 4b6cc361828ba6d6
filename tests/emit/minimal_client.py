"""A minimal client, as one would write it in another language: it encodes JSON with mapping.json and descriptors only.

It uses protobuf reflection and nothing of wirelock, and so proves that mapping.json is complete.
"""

from __future__ import annotations

import base64
from typing import Any

from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor_pool import DescriptorPool

NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
JSON_TYPES = {type(None): "null", bool: "boolean", str: "string", list: "array", dict: "object"}
MESSAGES = ("message", "any", "object", "array")


class MinimalClient:
    """Encodes documents of one generated package."""

    def __init__(self, mapping: Any, descriptors: bytes) -> None:
        self.mapping = mapping
        self.pool = DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file:
            self.pool.Add(file)

    def encode(self, type_name: str, value: Any) -> bytes:
        """Encode a JSON value of a named type to protobuf's binary format."""
        name = self.mapping["types"][type_name]["message"]
        message = message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))()
        self.set_message(message, name, value)
        return message.SerializeToString(deterministic=True)

    def set_message(self, message: Any, name: str, value: Any) -> None:
        """Set the fields of a message from a value, according to its form."""
        facts = self.mapping["messages"][name]
        match facts["form"]:
            case "object":
                self.set_object(message, facts, value)
            case "tuple":
                for field, item in zip(facts["fields"], value, strict=False):
                    self.set_field(message, field, item)
            case "union":
                chosen = next(branch["field"] for branch in facts["branches"] if matches_branch(value, branch))
                self.set_field(message, next(field for field in facts["fields"] if field["name"] == chosen), value)
            case _:
                self.set_field(message, facts["fields"][0], value)

    def set_object(self, message: Any, facts: Any, value: Any) -> None:
        """Set the fields of an object; `unknown` tells what happens to other properties."""
        rest = dict(value)
        for field in facts["fields"]:
            if field["json"] in rest:
                item = rest.pop(field["json"])
                self.set_field(message, field, item)
                null = item is None and field["nullable"]
                empty = item in ([], {}) and field["type"]["kind"] in ("list", "map")
                if (null or empty) and not field["required"]:
                    getattr(message, facts["explicitFields"]["name"]).append(field["number"])
        if rest and facts["unknown"] == "kept":
            self.set_field(message, facts["rest"], rest)

    def set_field(self, message: Any, field: Any, value: Any) -> None:
        """Set a field to a value, according to its kind."""
        name, kind = field["name"], field["type"]
        if value is None and field["nullable"]:
            return
        match kind["kind"]:
            case "list":
                for item in value:
                    self.add_item(getattr(message, name), kind["items"], item)
            case "map":
                for key, item in value.items():
                    self.add_entry(getattr(message, name), key, kind["values"], item)
            case message_kind if message_kind in MESSAGES:
                self.set_submessage(getattr(message, name), kind, value)
            case _:
                setattr(message, name, self.to_scalar(kind, value))

    def add_item(self, items: Any, kind: Any, value: Any) -> None:
        if kind["kind"] in MESSAGES:
            self.set_submessage(items.add(), kind, value)
        else:
            items.append(self.to_scalar(kind, value))

    def add_entry(self, entries: Any, key: str, kind: Any, value: Any) -> None:
        if kind["kind"] in MESSAGES:
            self.set_submessage(entries[key], kind, value)
        else:
            entries[key] = self.to_scalar(kind, value)

    def set_submessage(self, target: Any, kind: Any, value: Any) -> None:
        """Set a message, even if it stays empty."""
        target.SetInParent()
        if kind["kind"] == "message":
            self.set_message(target, kind["message"], value)
        else:
            set_struct_value(target, kind["kind"], value)

    def to_scalar(self, kind: Any, value: Any) -> Any:
        match kind["kind"]:
            case "enum":
                values = self.mapping["enums"][kind["enum"]]["values"]
                return next(entry["number"] for entry in values if entry["json"] == value)
            case "null":
                return 0
            case "double":
                return NUMBERS[value] if isinstance(value, str) else value
            case "string" | "bool":
                return value
            case "bytes":
                return base64.b64decode(value, validate=True)
            case _:
                return int(value)


def matches_branch(value: Any, branch: Any) -> bool:
    """Return True if a value belongs to a branch of a union."""
    if branch["types"]:
        return JSON_TYPES.get(type(value), "number") in branch["types"]
    return all(get_property(value, tag["path"]) in tag["values"] for tag in branch["tags"])


def get_property(value: Any, path: list[str]) -> Any:
    for name in path:
        value = value.get(name)
    return value


def set_struct_value(target: Any, kind: str, value: Any) -> None:
    """Set a google.protobuf.Value, Struct or ListValue."""
    match kind, value:
        case "object", _:
            for key, item in value.items():
                set_struct_value(target.fields[key], "any", item)
        case "array", _:
            for item in value:
                set_struct_value(target.values.add(), "any", item)
        case _, None:
            target.null_value = 0
        case _, bool():
            target.bool_value = value
        case _, str():
            target.string_value = value
        case _, list():
            target.list_value.SetInParent()
            set_struct_value(target.list_value, "array", value)
        case _, dict():
            target.struct_value.SetInParent()
            set_struct_value(target.struct_value, "object", value)
        case _:
            target.number_value = value
