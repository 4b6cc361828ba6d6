"""Conversion functions of each message, built once per message from the forms and fields of mapping.json."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from google.protobuf.message import Message

from ..findings import UNDECLARED_FIELD, VIOLATION, Finding
from ..json.formatting import get_json_type
from ..json.pointers import escape_token
from ..json.text import Json
from .scalars import (
    UNCHANGED_TYPES,
    build_enum,
    build_integer,
    from_bytes,
    from_double,
    pass_through,
    to_bool,
    to_bytes,
    to_double,
    to_null,
    to_string,
)
from .struct_values import MESSAGES, build_from_struct, build_to_struct
from .types import ABSENT, Fields, Get, JsonObject, Notes, ToJson, ToProto, build_codec_error, require_type

_CONTAINERS = ("list", "map")
_NO_NUMBERS: frozenset[int] = frozenset()


class _PropertyCodec(NamedTuple):
    """A declared property: its field, its conversion functions and its presence rules.

    A tuple, because every property of every document unpacks it. Values of `unchanged_type` need no conversion.
    `suffix` is the pointer below the object. `lists_empty` marks an optional list or map: the presence field lists its
    number if it is present but empty.
    """

    name: str
    unchanged_type: type | None
    convert: ToProto
    get: Get
    suffix: str
    number: int
    required: bool
    nullable: bool
    lists_empty: bool


class MessageCodecs:
    """The conversion functions of every message; `get_message_class` returns the message class of a full proto name."""

    def __init__(self, mapping: JsonObject, get_message_class: Callable[[str], type[Message]]) -> None:
        self._mapping = mapping
        self._get_message_class = get_message_class
        self._functions: dict[str, tuple[Fields, Get]] = {}

    def get_functions(self, name: str) -> tuple[Fields, Get]:
        """Return the functions that fill and read the message of a full proto name."""
        known = self._functions.get(name)
        if known is not None:
            return known
        # A recursive message finds these placeholders while its functions are being built.
        self._functions[name] = (
            lambda notes, value, pointer: self._functions[name][0](notes, value, pointer),
            lambda message, pointer: self._functions[name][1](message, pointer),
        )
        functions = self._functions[name] = self._build(self._mapping["messages"][name])
        return functions

    def _build(self, entry: JsonObject) -> tuple[Fields, Get]:
        match entry["form"]:
            case "object":
                return self._build_object(entry)
            case "tuple":
                return self._build_tuple(entry)
            case "union":
                return self._build_union(entry)
            case _:
                return self._build_single(entry["fields"][0])

    # forms

    def _build_object(self, entry: JsonObject) -> tuple[Fields, Get]:
        members = {field["json"]: self._build_property(field) for field in entry["fields"]}
        convert_additional, merge_additional = self._build_additional(entry)
        presence_field = entry.get("explicitFields", {}).get("name", "")
        required = frozenset(field["json"] for field in entry["fields"] if field["required"])

        def to_fields(notes: Notes, value: Any, pointer: str) -> dict[str, Any]:
            if value.__class__ is not dict:
                require_type(value, dict, "object", pointer)
            result: dict[str, Any] = {}
            listed: list[int] = []
            additional: dict[str, Any] = {}
            for key, item in value.items():
                member = members.get(key)
                if member is None:
                    additional[key] = item
                    continue
                name, unchanged_type, convert, _, suffix, number, is_required, nullable, lists_empty = member
                if item.__class__ is unchanged_type:
                    result[name] = item
                    continue
                if item is None and nullable:
                    if not is_required:
                        listed.append(number)
                    continue
                result[name] = convert(notes, item, pointer + suffix)
                if lists_empty and not item:
                    listed.append(number)
            if not value.keys() >= required:
                key = min(required - value.keys())
                location = pointer + members[key].suffix
                raise build_codec_error(VIOLATION, location, f"required property `{key}` is missing")
            if listed:
                result[presence_field] = listed
            if additional:
                result.update(convert_additional(notes, additional, pointer))
            return result

        def get(message: Any, pointer: str) -> dict[str, Any]:
            result: dict[str, Any] = {}
            listed = set(getattr(message, presence_field)) if presence_field else _NO_NUMBERS
            for key, (_, _, _, get_member, suffix, number, is_required, nullable, lists_empty) in members.items():
                item = get_member(message, pointer + suffix)
                if item is ABSENT:
                    if number in listed or (is_required and nullable):
                        result[key] = None
                elif item or not lists_empty or number in listed:
                    result[key] = item
            return merge_additional(message, pointer, result) if merge_additional else result

        return to_fields, get

    def _build_property(self, field: JsonObject) -> _PropertyCodec:
        convert, get = self._build_field(field)
        lists_empty = not field["required"] and field["type"]["kind"] in _CONTAINERS
        suffix = f"/{escape_token(field['json'])}"
        unchanged_type = UNCHANGED_TYPES.get(field["type"]["kind"])
        presence = (field["number"], field["required"], field["nullable"], lists_empty)
        return _PropertyCodec(field["name"], unchanged_type, convert, get, suffix, *presence)

    def _build_additional(
        self, entry: JsonObject
    ) -> tuple[Fields, Callable[[Any, str, dict[str, Any]], dict[str, Any]] | None]:
        """Return the functions for undeclared properties; the second one, for reading, is None if there is no field."""
        if "rest" in entry:
            keep, _ = self._build_single(entry["rest"])
            _, get_field = self._build_field(entry["rest"])

            def merge(message: Any, pointer: str, result: dict[str, Any]) -> dict[str, Any]:
                additional = get_field(message, pointer)
                if additional is ABSENT:
                    return result
                for key in additional:
                    if key in result or any(field["json"] == key for field in entry["fields"]):
                        reason = f"property `{key}` is declared, but is in the field for additional properties"
                        raise build_codec_error(VIOLATION, f"{pointer}/{escape_token(key)}", reason)
                return {**result, **additional}

            return keep, merge

        def drop(notes: Notes, additional: Any, pointer: str) -> dict[str, Any]:
            for key in additional:
                location = f"{pointer}/{escape_token(key)}"
                message = f"property `{key}` is not declared"
                if entry["unknown"] == "refused":
                    raise build_codec_error(VIOLATION, location, message)
                notes.append(Finding(location, UNDECLARED_FIELD, message, warning=True))
            return {}

        return drop, None

    def _build_single(self, field: JsonObject) -> tuple[Fields, Get]:
        name, nullable = field["name"], field["nullable"]
        convert, get_field = self._build_field(field)

        def to_fields(notes: Notes, value: Any, pointer: str) -> dict[str, Any]:
            return {} if value is None and nullable else {name: convert(notes, value, pointer)}

        def get(message: Any, pointer: str) -> Any:
            value = get_field(message, pointer)
            return None if value is ABSENT and nullable else value

        return to_fields, get

    def _build_tuple(self, entry: JsonObject) -> tuple[Fields, Get]:
        singles = [self._build_single(field) for field in entry["fields"]]

        def to_fields(notes: Notes, value: Any, pointer: str) -> dict[str, Any]:
            require_type(value, list, "array", pointer)
            if len(value) > len(singles):
                reason = f"at most {len(singles)} items are allowed"
                raise build_codec_error(VIOLATION, f"{pointer}/{len(singles)}", reason)
            result: dict[str, Any] = {}
            for index, item in enumerate(value):
                result.update(singles[index][0](notes, item, f"{pointer}/{index}"))
            return result

        def get(message: Any, pointer: str) -> list[Any]:
            values = [single[1](message, f"{pointer}/{index}") for index, single in enumerate(singles)]
            return [value for value in values if value is not ABSENT]

        return to_fields, get

    def _build_union(self, entry: JsonObject) -> tuple[Fields, Get]:
        by_name = {field["name"]: self._build_field(field) for field in entry["fields"]}
        branches = entry["branches"]

        def to_fields(notes: Notes, value: Any, pointer: str) -> dict[str, Any]:
            for branch in branches:
                if _matches_branch(value, branch):
                    name = branch["field"]
                    return {name: by_name[name][0](notes, value, pointer)}
            raise build_codec_error(VIOLATION, pointer, "the value matches no branch of the union")

        def get(message: Any, pointer: str) -> Any:
            name = message.WhichOneof(entry["oneof"])
            return ABSENT if name is None else by_name[name][1](message, pointer)

        return to_fields, get

    # fields

    def _build_field(self, field: JsonObject) -> tuple[ToProto, Get]:
        name, kind = field["name"], field["type"]
        match kind["kind"]:
            case "list":
                return self._build_list(name, kind["items"])
            case "map":
                return self._build_map(name, kind["values"])
            case "message" | "any" | "object" | "array":
                convert, to_json = self._build_value(kind)
            case _:
                return self._build_scalar(name, field, kind)

        def get(message: Any, pointer: str) -> Any:
            return to_json(getattr(message, name), pointer) if message.HasField(name) else ABSENT

        return convert, get

    def _build_value(self, kind: JsonObject) -> tuple[ToProto, ToJson]:
        """Return the functions for values of one kind, in a field or as items."""
        match kind["kind"]:
            case "message":
                return self.get_functions(kind["message"])
            case "any" | "object" | "array" as name:
                return build_to_struct(name, self._get_message_class(MESSAGES[name])), build_from_struct(name)
            case _:
                return self._get_scalar_functions(kind)

    def _build_scalar(self, name: str, field: JsonObject, kind: JsonObject) -> tuple[ToProto, Get]:
        convert, to_json = self._get_scalar_functions(kind)
        explicit = field.get("explicit", False)

        def get(message: Any, pointer: str) -> Any:
            if explicit and not message.HasField(name):
                return ABSENT
            return to_json(getattr(message, name), pointer)

        return convert, get

    def _get_scalar_functions(self, kind: JsonObject) -> tuple[ToProto, ToJson]:
        match kind["kind"]:
            case "string":
                return to_string, pass_through
            case "bytes":
                return to_bytes, from_bytes
            case "bool":
                return to_bool, pass_through
            case "null":
                return to_null, lambda value, pointer: None
            case "double":
                return to_double, from_double
            case "enum":
                return build_enum(self._mapping["enums"][kind["enum"]]["values"])
            case integer:
                return build_integer(integer), pass_through

    def _build_list(self, name: str, items: JsonObject) -> tuple[ToProto, Get]:
        convert, to_json = self._build_value(items)

        def convert_items(notes: Notes, value: Any, pointer: str) -> list[Any]:
            require_type(value, list, "array", pointer)
            return [convert(notes, item, f"{pointer}/{index}") for index, item in enumerate(value)]

        def get(message: Any, pointer: str) -> list[Any]:
            values = enumerate(getattr(message, name))
            return [_require_value(to_json, value, f"{pointer}/{index}") for index, value in values]

        return convert_items, get

    def _build_map(self, name: str, values: JsonObject) -> tuple[ToProto, Get]:
        convert, to_json = self._build_value(values)

        def convert_items(notes: Notes, value: Any, pointer: str) -> dict[str, Any]:
            require_type(value, dict, "object", pointer)
            return {key: convert(notes, item, f"{pointer}/{escape_token(key)}") for key, item in value.items()}

        def get(message: Any, pointer: str) -> dict[str, Any]:
            values = getattr(message, name)
            keys = sorted(values)
            return {key: _require_value(to_json, values[key], f"{pointer}/{escape_token(key)}") for key in keys}

        return convert_items, get


def _matches_branch(value: Any, branch: JsonObject) -> bool:
    if branch["types"]:
        return get_json_type(value) in branch["types"]
    return all(_is_one_of(_get_at_path(value, tag["path"]), tag["values"]) for tag in branch["tags"])


def _get_at_path(value: Json, path: Iterable[str]) -> Json:
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return ABSENT
        value = value[name]
    return value


def _is_one_of(value: Any, accepted: Iterable[Any]) -> bool:
    return any(value == option and isinstance(value, bool) == isinstance(option, bool) for option in accepted)


def _require_value(get: Get, item: Any, pointer: str) -> Any:
    """Return the JSON value of an item; raise CodecError for an empty union or the enum number 0, which have none."""
    value = get(item, pointer)
    if value is ABSENT:
        raise build_codec_error(VIOLATION, pointer, "the item is empty and represents no value")
    return value
