"""How each message stands for JSON: the forms and fields of mapping.json as functions, made once a message."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from google.protobuf.message import Message

from ..findings import UNDECLARED_FIELD, VIOLATION, Finding
from ..json.formatting import json_type
from ..json.pointers import token
from ..json.text import Json
from .scalars import (
    AS_IT_IS,
    enum,
    from_bytes,
    from_double,
    same,
    to_bool,
    to_bytes,
    to_double,
    to_integer,
    to_null,
    to_string,
)
from .struct_values import MESSAGES, get_free, to_free
from .types import ABSENT, Facts, Fields, Get, Notes, ToJson, ToProto, expect, refusal

_MANY = ("list", "map")
_NONE: frozenset[int] = frozenset()


class _Member(NamedTuple):
    """A declared property: its functions, its place below the object, and what becomes of it when it is empty.

    A tuple, since it is taken apart once a property of every document. `as_it_is` is the class of values that need no
    function; `shows_empty` is an optional list or map, which
    is in the presence field when it was sent empty.
    """

    name: str
    as_it_is: type | None
    convert: ToProto
    get: Get
    place: str
    number: int
    required: bool
    nullable: bool
    shows_empty: bool


class Forms:
    """The forms of every message of one mapping; `message` gives the class of a full proto name."""

    def __init__(self, mapping: Facts, message: Callable[[str], type[Message]]) -> None:
        self._mapping = mapping
        self._message = message
        self._forms: dict[str, tuple[Fields, Get]] = {}

    def form(self, name: str) -> tuple[Fields, Get]:
        """How a message of that full name is filled and read."""
        known = self._forms.get(name)
        if known is not None:
            return known
        self._forms[name] = (
            lambda notes, value, at: self._forms[name][0](notes, value, at),
            lambda message, at: self._forms[name][1](message, at),
        )  # recursion finds these while the real ones are being made
        made = self._forms[name] = self._make(self._mapping["messages"][name])
        return made

    def _make(self, facts: Facts) -> tuple[Fields, Get]:
        match facts["form"]:
            case "object":
                return self._object(facts)
            case "tuple":
                return self._tuple(facts)
            case "union":
                return self._union(facts)
            case _:
                return self._single(facts["fields"][0])

    # forms

    def _object(self, facts: Facts) -> tuple[Fields, Get]:
        members = {field["json"]: self._member(field) for field in facts["fields"]}
        fields_of_rest, get_rest = self._rest(facts)
        presence = facts.get("explicitFields", {}).get("name", "")
        required = frozenset(field["json"] for field in facts["fields"] if field["required"])

        def fields(notes: Notes, value: Any, at: str) -> dict[str, Any]:
            if value.__class__ is not dict:
                expect(value, dict, "object", at)
            made: dict[str, Any] = {}
            listed: list[int] = []
            left: dict[str, Any] = {}
            for key, item in value.items():
                member = members.get(key)
                if member is None:
                    left[key] = item
                    continue
                name, as_it_is, convert, _, place, number, is_required, nullable, shows_empty = member
                if item.__class__ is as_it_is:
                    made[name] = item
                    continue
                if item is None and nullable:
                    if not is_required:
                        listed.append(number)
                    continue
                made[name] = convert(notes, item, at + place)
                if shows_empty and not item:
                    listed.append(number)
            if not value.keys() >= required:
                key = min(required - value.keys())
                raise refusal(VIOLATION, at + members[key].place, f"required property `{key}` is missing")
            if listed:
                made[presence] = listed
            if left:
                made.update(fields_of_rest(notes, left, at))
            return made

        def get(message: Any, at: str) -> dict[str, Any]:
            result: dict[str, Any] = {}
            listed = set(getattr(message, presence)) if presence else _NONE
            for key, (_, _, _, get_member, place, number, is_required, nullable, shows_empty) in members.items():
                item = get_member(message, at + place)
                if item is ABSENT:
                    if number in listed or (is_required and nullable):
                        result[key] = None
                elif item or not shows_empty or number in listed:
                    result[key] = item
            return get_rest(message, at, result) if get_rest else result

        return fields, get

    def _member(self, field: Facts) -> _Member:
        convert, get = self._field(field)
        shows_empty = not field["required"] and field["type"]["kind"] in _MANY
        place = f"/{token(field['json'])}"
        facts = (field["number"], field["required"], field["nullable"])
        return _Member(field["name"], AS_IT_IS.get(field["type"]["kind"]), convert, get, place, *facts, shows_empty)

    def _rest(self, facts: Facts) -> tuple[Fields, Callable[[Any, str, dict[str, Any]], dict[str, Any]] | None]:
        """What becomes of properties that are not declared."""
        if "rest" in facts:
            keep, _ = self._single(facts["rest"])
            _, get_field = self._field(facts["rest"])

            def back(message: Any, at: str, result: dict[str, Any]) -> dict[str, Any]:
                more = get_field(message, at)
                for key in () if more is ABSENT else more:
                    if key in result or any(field["json"] == key for field in facts["fields"]):
                        raise refusal(VIOLATION, f"{at}/{token(key)}", f"`{key}` is declared and in the rest")
                return result if more is ABSENT else {**result, **more}

            return keep, back

        def drop(notes: Notes, left: Any, at: str) -> dict[str, Any]:
            for key in left:
                pointer = f"{at}/{token(key)}"
                text = f"property `{key}` is not declared"
                if facts["unknown"] == "refused":
                    raise refusal(VIOLATION, pointer, text)
                notes.append(Finding(pointer, UNDECLARED_FIELD, text, warning=True))
            return {}

        return drop, None

    def _single(self, field: Facts) -> tuple[Fields, Get]:
        name, nullable = field["name"], field["nullable"]
        convert, get_field = self._field(field)

        def fields(notes: Notes, value: Any, at: str) -> dict[str, Any]:
            return {} if value is None and nullable else {name: convert(notes, value, at)}

        def get(message: Any, at: str) -> Any:
            value = get_field(message, at)
            return None if value is ABSENT and nullable else value

        return fields, get

    def _tuple(self, facts: Facts) -> tuple[Fields, Get]:
        singles = [self._single(field) for field in facts["fields"]]

        def fields(notes: Notes, value: Any, at: str) -> dict[str, Any]:
            expect(value, list, "array", at)
            if len(value) > len(singles):
                raise refusal(VIOLATION, f"{at}/{len(singles)}", f"at most {len(singles)} items are allowed")
            made: dict[str, Any] = {}
            for index, item in enumerate(value):
                made.update(singles[index][0](notes, item, f"{at}/{index}"))
            return made

        def get(message: Any, at: str) -> list[Any]:
            values = [single[1](message, f"{at}/{index}") for index, single in enumerate(singles)]
            return [value for value in values if value is not ABSENT]

        return fields, get

    def _union(self, facts: Facts) -> tuple[Fields, Get]:
        by_name = {field["name"]: self._field(field) for field in facts["fields"]}
        branches = facts["branches"]

        def fields(notes: Notes, value: Any, at: str) -> dict[str, Any]:
            for branch in branches:
                if _fits(value, branch):
                    name = branch["field"]
                    return {name: by_name[name][0](notes, value, at)}
            raise refusal(VIOLATION, at, "no branch of the union fits")

        def get(message: Any, at: str) -> Any:
            name = message.WhichOneof(facts["oneof"])
            return ABSENT if name is None else by_name[name][1](message, at)

        return fields, get

    # fields

    def _field(self, field: Facts) -> tuple[ToProto, Get]:
        name, kind = field["name"], field["type"]
        match kind["kind"]:
            case "list":
                return self._repeated(name, kind["items"])
            case "map":
                return self._map(name, kind["values"])
            case "message" | "any" | "object" | "array":
                convert, get_from = self._value(kind)
            case _:
                return self._scalar(name, field, kind)

        def get(message: Any, at: str) -> Any:
            return get_from(getattr(message, name), at) if message.HasField(name) else ABSENT

        return convert, get

    def _value(self, kind: Facts) -> tuple[ToProto, ToJson]:
        """Values of one kind, in a field or as items."""
        match kind["kind"]:
            case "message":
                return self.form(kind["message"])
            case "any" | "object" | "array" as free:
                return to_free(free, self._message(MESSAGES[free])), get_free(free)
            case _:
                return self._convert(kind)

    def _scalar(self, name: str, field: Facts, kind: Facts) -> tuple[ToProto, Get]:
        convert, to_json = self._convert(kind)
        explicit = field.get("explicit", False)

        def get(message: Any, at: str) -> Any:
            if explicit and not message.HasField(name):
                return ABSENT
            return to_json(getattr(message, name), at)

        return convert, get

    def _convert(self, kind: Facts) -> tuple[ToProto, ToJson]:
        match kind["kind"]:
            case "string":
                return to_string, same
            case "bytes":
                return to_bytes, from_bytes
            case "bool":
                return to_bool, same
            case "null":
                return to_null, lambda value, at: None
            case "double":
                return to_double, from_double
            case "enum":
                return enum(self._mapping["enums"][kind["enum"]]["values"])
            case integer:
                return to_integer(integer), same

    def _repeated(self, name: str, items: Facts) -> tuple[ToProto, Get]:
        convert, to_json = self._value(items)

        def many(notes: Notes, value: Any, at: str) -> list[Any]:
            expect(value, list, "array", at)
            return [convert(notes, item, f"{at}/{index}") for index, item in enumerate(value)]

        def get(message: Any, at: str) -> list[Any]:
            return [_there(to_json, item, f"{at}/{index}") for index, item in enumerate(getattr(message, name))]

        return many, get

    def _map(self, name: str, values: Facts) -> tuple[ToProto, Get]:
        convert, to_json = self._value(values)

        def many(notes: Notes, value: Any, at: str) -> dict[str, Any]:
            expect(value, dict, "object", at)
            return {key: convert(notes, item, f"{at}/{token(key)}") for key, item in value.items()}

        def get(message: Any, at: str) -> dict[str, Any]:
            source = getattr(message, name)
            return {key: _there(to_json, source[key], f"{at}/{token(key)}") for key in sorted(source)}

        return many, get


def _fits(value: Any, branch: Facts) -> bool:
    if branch["types"]:
        return json_type(value) in branch["types"]
    return all(_constant(_at(value, tag["path"]), tag["values"]) for tag in branch["tags"])


def _at(value: Json, path: Iterable[str]) -> Json:
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return ABSENT
        value = value[name]
    return value


def _constant(value: Any, accepted: Iterable[Any]) -> bool:
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in accepted)


def _there(get: Get, item: Any, at: str) -> Any:
    """The JSON value of an item, which cannot be absent: an empty union or an enum's 0 is no value at all."""
    value = get(item, at)
    if value is ABSENT:
        raise refusal(VIOLATION, at, "the item is empty and stands for no value")
    return value
