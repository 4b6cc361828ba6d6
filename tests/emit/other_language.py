"""A client in another language, as small as it can be: from JSON to protobuf by mapping.json and descriptors alone.

It uses protobuf's reflection and nothing of wirelock, so what it can do, the file suffices for.
"""

from __future__ import annotations

import base64
from typing import Any

from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor_pool import DescriptorPool

NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
JSON_TYPES = {type(None): "null", bool: "boolean", str: "string", list: "array", dict: "object"}
MESSAGES = ("message", "any", "object", "array")


class Client:
    """Encodes the documents of one generated package."""

    def __init__(self, mapping: Any, descriptors: bytes) -> None:
        self.mapping = mapping
        self.pool = DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file:
            self.pool.Add(file)

    def encode(self, type_name: str, value: Any) -> bytes:
        """A JSON value of a named type in protobuf's binary form."""
        name = self.mapping["types"][type_name]["message"]
        message = message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))()
        self.fill(message, name, value)
        return message.SerializeToString(deterministic=True)

    def fill(self, message: Any, name: str, value: Any) -> None:
        """Make a message stand for a value, as its form says."""
        facts = self.mapping["messages"][name]
        match facts["form"]:
            case "object":
                self.fill_object(message, facts, value)
            case "tuple":
                for field, item in zip(facts["fields"], value, strict=False):
                    self.put(message, field, item)
            case "union":
                chosen = next(branch["field"] for branch in facts["branches"] if fits(value, branch))
                self.put(message, next(field for field in facts["fields"] if field["name"] == chosen), value)
            case _:
                self.put(message, facts["fields"][0], value)

    def fill_object(self, message: Any, facts: Any, value: Any) -> None:
        """Properties are fields; what is in none goes where `unknown` says."""
        rest = dict(value)
        for field in facts["fields"]:
            if field["json"] in rest:
                item = rest.pop(field["json"])
                self.put(message, field, item)
                null = item is None and field["nullable"]
                empty = item in ([], {}) and field["type"]["kind"] in ("list", "map")
                if (null or empty) and not field["required"]:
                    getattr(message, facts["explicitFields"]["name"]).append(field["number"])
        if rest and facts["unknown"] == "kept":
            self.put(message, facts["rest"], rest)

    def put(self, message: Any, field: Any, value: Any) -> None:
        """Set a field to a value, as its kind says."""
        name, kind = field["name"], field["type"]
        if value is None and field["nullable"]:
            return
        match kind["kind"]:
            case "list":
                for item in value:
                    self.add(getattr(message, name), kind["items"], item)
            case "map":
                for key, item in value.items():
                    self.enter(getattr(message, name), key, kind["values"], item)
            case one if one in MESSAGES:
                self.put_message(getattr(message, name), kind, value)
            case _:
                setattr(message, name, self.scalar(kind, value))

    def add(self, items: Any, kind: Any, value: Any) -> None:
        if kind["kind"] in MESSAGES:
            self.put_message(items.add(), kind, value)
        else:
            items.append(self.scalar(kind, value))

    def enter(self, entries: Any, key: str, kind: Any, value: Any) -> None:
        if kind["kind"] in MESSAGES:
            self.put_message(entries[key], kind, value)
        else:
            entries[key] = self.scalar(kind, value)

    def put_message(self, target: Any, kind: Any, value: Any) -> None:
        """A message is set even when it stays empty."""
        target.SetInParent()
        if kind["kind"] == "message":
            self.fill(target, kind["message"], value)
        else:
            put_free(target, kind["kind"], value)

    def scalar(self, kind: Any, value: Any) -> Any:
        match kind["kind"]:
            case "enum":
                values = self.mapping["enums"][kind["enum"]]["values"]
                return next(one["number"] for one in values if one["json"] == value)
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


def fits(value: Any, branch: Any) -> bool:
    """Whether a branch of a union takes a value."""
    if branch["types"]:
        return JSON_TYPES.get(type(value), "number") in branch["types"]
    return all(at(value, tag["path"]) in tag["values"] for tag in branch["tags"])


def at(value: Any, path: list[str]) -> Any:
    for name in path:
        value = value.get(name)
    return value


def put_free(target: Any, kind: str, value: Any) -> None:
    """Fill google.protobuf.Value, Struct or ListValue."""
    match kind, value:
        case "object", _:
            for key, item in value.items():
                put_free(target.fields[key], "any", item)
        case "array", _:
            for item in value:
                put_free(target.values.add(), "any", item)
        case _, None:
            target.null_value = 0
        case _, bool():
            target.bool_value = value
        case _, str():
            target.string_value = value
        case _, list():
            target.list_value.SetInParent()
            put_free(target.list_value, "array", value)
        case _, dict():
            target.struct_value.SetInParent()
            put_free(target.struct_value, "object", value)
        case _:
            target.number_value = value
