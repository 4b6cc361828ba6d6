"""JSON text to protobuf messages and back, driven by the facts of mapping.json alone.

A valid document is carried (what comes back is equal), or refused with NOT_CARRIED where protobuf cannot hold it;
undeclared properties are dropped with a note where the policy says so. Whatever goes in and whatever comes out is
held against the validator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from google.protobuf.message import DecodeError, Message

from .findings import DIGITS_LOST, NOT_CARRIED, UNDECLARED_FIELD, VIOLATION, Finding
from .pointers import token
from .text import Json, MalformedText, dump, parse
from .validator import Schemas, Validator

M = TypeVar("M", bound=Message)
Facts = Mapping[str, Any]
Notes = list[Finding]
"""What one encoding notices on its way."""
Put = Callable[[Notes, Any, Any, str], None]
"""Puts a JSON value, which stands at a pointer, into a message."""
Get = Callable[[Any, str], Any]
"""The JSON value of a message, or _ABSENT."""
ToProto = Callable[[Notes, Any, str], Any]
"""A JSON value to the value of a field."""
ToJson = Callable[[Any, str], Any]
"""The value of a field to a JSON value."""

_ABSENT: Json = cast(Any, object())
"""In place of a value that is not there."""
_MAX_MESSAGES = 100
"""Nested messages that protobuf's parsers accept (protobuf: CodedInputStream's default recursion limit)."""
_DEEP = _MAX_MESSAGES // 3 - 1
_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Refused(ValueError):
    """The document or message cannot be carried; `findings` says why, one a fault."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(f"{finding.pointer or '(root)'}: {finding.message}" for finding in findings))
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Encoded(Generic[M]):
    """A message made from JSON text, and the notes on what it does not hold."""

    message: M
    notes: tuple[Finding, ...]


def _refusal(code: str, pointer: str, message: str) -> Refused:
    return Refused((Finding(pointer, code, message),))


class Codecs:
    """Every codec of one generated package.

    `mapping` is the content of mapping.json, `message` gives the message class of a full proto name,
    `schemas` validates.
    """

    def __init__(self, mapping: Facts, message: Callable[[str], type[Message]], schemas: Schemas) -> None:
        self._mapping = mapping
        self._message = message
        self._schemas = schemas
        self._forms: dict[str, tuple[Put, Get]] = {}

    def codec(self, type_name: str) -> Codec[Message]:
        """The codec of a named type (`session/sessionInfo`); KeyError where the type has no message."""
        facts = self._mapping["types"][type_name]
        name = facts["message"]
        return Codec(self._message(name), self._form(name), self._schemas.validator(facts["schema"]))

    def _form(self, name: str) -> tuple[Put, Get]:
        if name not in self._forms:
            self._forms[name] = (
                lambda notes, value, message, at: self._forms[name][0](notes, value, message, at),
                lambda message, at: self._forms[name][1](message, at),
            )  # recursion finds these while the real ones are being made
            self._forms[name] = self._make(self._mapping["messages"][name])
        return self._forms[name]

    def _make(self, facts: Facts) -> tuple[Put, Get]:
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

    def _object(self, facts: Facts) -> tuple[Put, Get]:
        fields = {field["json"]: (field, *self._field(field)) for field in facts["fields"]}
        rest = self._rest(facts)
        presence = facts.get("explicitFields", {}).get("name", "")
        required = [field["json"] for field in facts["fields"] if field["required"]]

        def put(notes: Notes, value: Any, message: Any, at: str) -> None:
            _expect(value, dict, "object", at)
            left: dict[str, Any] = {}
            for key, item in value.items():
                known = fields.get(key)
                if known is None:
                    left[key] = item
                    continue
                field, put_field, _ = known
                inner = f"{at}/{token(key)}"
                if item is None and field["nullable"]:
                    if not field["required"]:
                        getattr(message, presence).append(field["number"])
                    continue
                put_field(notes, item, message, inner)
                if not item and not field["required"] and field["type"]["kind"] in ("list", "map"):
                    getattr(message, presence).append(field["number"])
            for key in required:
                if key not in value:
                    raise _refusal(VIOLATION, f"{at}/{token(key)}", f"required property `{key}` is missing")
            if left:
                rest[0](notes, left, message, at)

        def get(message: Any, at: str) -> dict[str, Any]:
            result: dict[str, Any] = {}
            listed = set(getattr(message, presence)) if presence else set[int]()
            for key, (field, _, get_field) in fields.items():
                item = get_field(message, f"{at}/{token(key)}")
                if item is _ABSENT or (not field["required"] and item in ([], {}) and field["type"]["kind"] in _MANY):
                    if field["number"] in listed:
                        result[key] = None if item is _ABSENT else item
                    elif item is _ABSENT and field["required"] and field["nullable"]:
                        result[key] = None
                    continue
                result[key] = item
            return rest[1](message, at, result) if rest[1] else result

        return put, get

    def _rest(self, facts: Facts) -> tuple[Put, Callable[[Any, str, dict[str, Any]], dict[str, Any]] | None]:
        """What becomes of properties that are not declared."""
        if "rest" in facts:
            put_field, get_field = self._field(facts["rest"])

            def back(message: Any, at: str, result: dict[str, Any]) -> dict[str, Any]:
                more = get_field(message, at)
                for key in () if more is _ABSENT else more:
                    if key in result or any(field["json"] == key for field in facts["fields"]):
                        raise _refusal(VIOLATION, f"{at}/{token(key)}", f"`{key}` is declared and in the rest")
                return result if more is _ABSENT else {**result, **more}

            return put_field, back

        def drop(notes: Notes, left: Any, message: Any, at: str) -> None:
            for key in left:
                pointer = f"{at}/{token(key)}"
                text = f"property `{key}` is not declared"
                if facts["unknown"] == "refused":
                    raise _refusal(VIOLATION, pointer, text)
                notes.append(Finding(pointer, UNDECLARED_FIELD, text, warning=True))

        return drop, None

    def _single(self, field: Facts) -> tuple[Put, Get]:
        put_field, get_field = self._field(field)

        def put(notes: Notes, value: Any, message: Any, at: str) -> None:
            if not (value is None and field["nullable"]):
                put_field(notes, value, message, at)

        def get(message: Any, at: str) -> Any:
            value = get_field(message, at)
            return None if value is _ABSENT and field["nullable"] else value

        return put, get

    def _tuple(self, facts: Facts) -> tuple[Put, Get]:
        singles = [self._single(field) for field in facts["fields"]]

        def put(notes: Notes, value: Any, message: Any, at: str) -> None:
            _expect(value, list, "array", at)
            if len(value) > len(singles):
                raise _refusal(VIOLATION, f"{at}/{len(singles)}", f"at most {len(singles)} items are allowed")
            for index, item in enumerate(value):
                singles[index][0](notes, item, message, f"{at}/{index}")

        def get(message: Any, at: str) -> list[Any]:
            values = [single[1](message, f"{at}/{index}") for index, single in enumerate(singles)]
            return [value for value in values if value is not _ABSENT]

        return put, get

    def _union(self, facts: Facts) -> tuple[Put, Get]:
        by_name = {field["name"]: self._field(field) for field in facts["fields"]}
        branches = facts["branches"]

        def put(notes: Notes, value: Any, message: Any, at: str) -> None:
            for branch in branches:
                if _fits(value, branch):
                    by_name[branch["field"]][0](notes, value, message, at)
                    return
            raise _refusal(VIOLATION, at, "no branch of the union fits")

        def get(message: Any, at: str) -> Any:
            name = message.WhichOneof(facts["oneof"])
            return _ABSENT if name is None else by_name[name][1](message, at)

        return put, get

    # fields

    def _field(self, field: Facts) -> tuple[Put, Get]:
        name, kind = field["name"], field["type"]
        match kind["kind"]:
            case "list":
                return self._repeated(name, kind["items"])
            case "map":
                return self._map(name, kind["values"])
            case "message":
                put_in, get_from = self._form(kind["message"])
            case "any" | "object" | "array":
                put_in, get_from = _put_free(kind["kind"]), _get_free(kind["kind"])
            case _:
                return self._scalar(name, field, kind)

        def put(notes: Notes, value: Any, message: Any, at: str) -> None:
            inner = getattr(message, name)
            inner.SetInParent()
            put_in(notes, value, inner, at)

        def get(message: Any, at: str) -> Any:
            return get_from(getattr(message, name), at) if message.HasField(name) else _ABSENT

        return put, get

    def _scalar(self, name: str, field: Facts, kind: Facts) -> tuple[Put, Get]:
        to_proto, to_json = self._convert(kind)
        explicit = field.get("explicit", False)

        def put(notes: Notes, value: Any, message: Any, at: str) -> None:
            setattr(message, name, to_proto(notes, value, at))

        def get(message: Any, at: str) -> Any:
            if explicit and not message.HasField(name):
                return _ABSENT
            return to_json(getattr(message, name), at)

        return put, get

    def _convert(self, kind: Facts) -> tuple[ToProto, ToJson]:
        match kind["kind"]:
            case "string":
                return _to_string, _same
            case "bool":
                return _to_bool, _same
            case "null":
                return _to_null, lambda value, at: None
            case "double":
                return _to_double, _from_double
            case "enum":
                return _enum(self._mapping["enums"][kind["enum"]]["values"])
            case integer:
                return _to_integer(integer), _same

    def _repeated(self, name: str, items: Facts) -> tuple[Put, Get]:
        if items["kind"] in _MESSAGES:
            put_in, get_from = self._item(items)

            def put(notes: Notes, value: Any, message: Any, at: str) -> None:
                _expect(value, list, "array", at)
                target = getattr(message, name)
                for index, item in enumerate(value):
                    put_in(notes, item, target.add(), f"{at}/{index}")

            def get(message: Any, at: str) -> list[Any]:
                return [_there(get_from, item, f"{at}/{index}") for index, item in enumerate(getattr(message, name))]

            return put, get
        to_proto, to_json = self._convert(items)

        def put_plain(notes: Notes, value: Any, message: Any, at: str) -> None:
            _expect(value, list, "array", at)
            getattr(message, name).extend([to_proto(notes, item, f"{at}/{index}") for index, item in enumerate(value)])

        def get_plain(message: Any, at: str) -> list[Any]:
            return [_there(to_json, item, f"{at}/{index}") for index, item in enumerate(getattr(message, name))]

        return put_plain, get_plain

    def _map(self, name: str, values: Facts) -> tuple[Put, Get]:
        if values["kind"] in _MESSAGES:
            put_in, get_from = self._item(values)

            def put(notes: Notes, value: Any, message: Any, at: str) -> None:
                _expect(value, dict, "object", at)
                target = getattr(message, name)
                for key, item in value.items():
                    put_in(notes, item, target[key], f"{at}/{token(key)}")

            def get(message: Any, at: str) -> dict[str, Any]:
                source = getattr(message, name)
                return {key: _there(get_from, source[key], f"{at}/{token(key)}") for key in sorted(source)}

            return put, get
        to_proto, to_json = self._convert(values)

        def put_plain(notes: Notes, value: Any, message: Any, at: str) -> None:
            _expect(value, dict, "object", at)
            target = getattr(message, name)
            for key, item in value.items():
                target[key] = to_proto(notes, item, f"{at}/{token(key)}")

        def get_plain(message: Any, at: str) -> dict[str, Any]:
            source = getattr(message, name)
            return {key: _there(to_json, source[key], f"{at}/{token(key)}") for key in sorted(source)}

        return put_plain, get_plain

    def _item(self, kind: Facts) -> tuple[Put, Get]:
        if kind["kind"] == "message":
            return self._form(kind["message"])
        return _put_free(kind["kind"]), _get_free(kind["kind"])


_MANY = ("list", "map")
_MESSAGES = ("message", "any", "object", "array")


class Codec(Generic[M]):
    """JSON text to one message type and back."""

    def __init__(self, message: type[M], form: tuple[Put, Get], validator: Validator) -> None:
        self._type = message
        self._put, self._get = form
        self._validator = validator

    def read(self, text: bytes | str) -> Encoded[M]:
        """The message for a JSON text, with notes on dropped properties; raises Refused."""
        try:
            value = parse(text)
        except MalformedText as error:
            raise Refused((error.finding,)) from None
        faults = tuple(finding for finding in self._validator.instance_findings(value) if not finding.warning)
        if faults:
            raise Refused(faults)
        notes: Notes = []
        message = self._type()
        self._put(notes, value, message, "")
        if _deep(text):
            self._check_depth(message)
        return Encoded(message, tuple(notes))

    def _check_depth(self, message: M) -> None:
        try:
            self._type.FromString(message.SerializeToString(deterministic=True))
        except DecodeError:
            words = f"nested deeper than the {_MAX_MESSAGES} messages that protobuf reads"
            raise _refusal(NOT_CARRIED, "", words) from None

    def to_message(self, text: bytes | str) -> M:
        """The message for a JSON text; raises Refused."""
        return self.read(text).message

    def from_message(self, message: M) -> bytes:
        """The JSON text of a message; raises Refused where the message is not a valid document."""
        value = self._get(message, "")
        if value is _ABSENT:
            raise _refusal(VIOLATION, "", "the message is empty and stands for no document")
        faults = tuple(finding for finding in self._validator.instance_findings(value) if not finding.warning)
        if faults:
            raise Refused(faults)
        return dump(value)

    def encode(self, text: bytes | str) -> bytes:
        """Protobuf's binary form of a JSON text, the same bytes each time; raises Refused."""
        return self.to_message(text).SerializeToString(deterministic=True)

    def decode(self, wire: bytes) -> bytes:
        """The JSON text of protobuf's binary form; raises Refused."""
        try:
            message = self._type.FromString(wire)
        except DecodeError as error:
            raise _refusal(VIOLATION, "", f"not a message of this type: {error}") from None
        return self.from_message(message)

    def findings(self, text: bytes | str) -> tuple[Finding, ...]:
        """Why the codec does not take a text, or its notes on what it would drop."""
        try:
            return self.read(text).notes
        except Refused as error:
            return error.findings


def _deep(text: bytes | str) -> bool:
    """Whether a text could nest deeper than any protobuf parser reads (a free-form value costs three levels)."""
    if isinstance(text, bytes):
        return text.count(b"[") + text.count(b"{") > _DEEP
    return text.count("[") + text.count("{") > _DEEP


def _expect(value: Any, wanted: type, words: str, at: str) -> None:
    if not isinstance(value, wanted):
        raise _refusal(VIOLATION, at, f"expected {words}")


def _fits(value: Any, branch: Facts) -> bool:
    if branch["types"]:
        return _json_type(value) in branch["types"]
    return all(_constant(_at(value, tag["path"]), tag["values"]) for tag in branch["tags"])


def _at(value: Json, path: Iterable[str]) -> Json:
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return _ABSENT
        value = value[name]
    return value


def _constant(value: Any, accepted: Iterable[Any]) -> bool:
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in accepted)


def _json_type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "number"


def _there(get: Get, item: Any, at: str) -> Any:
    """The JSON value of an item, which cannot be absent: an empty union or an enum's 0 is no value at all."""
    value = get(item, at)
    if value is _ABSENT:
        raise _refusal(VIOLATION, at, "the item is empty and stands for no value")
    return value


def _same(value: Any, at: str) -> Any:
    return value


def _to_string(notes: Notes, value: Any, at: str) -> str:
    _expect(value, str, "string", at)
    return cast(str, value)


def _to_bool(notes: Notes, value: Any, at: str) -> bool:
    _expect(value, bool, "boolean", at)
    return cast(bool, value)


def _to_null(notes: Notes, value: Any, at: str) -> int:
    if value is not None:
        raise _refusal(VIOLATION, at, "expected null")
    return 0


def _to_integer(name: str) -> ToProto:
    low, high = _RANGES[name]

    def convert(notes: Notes, value: Any, at: str) -> int:
        if isinstance(value, bool | str | list | dict) or value is None or value % 1 != 0:
            raise _refusal(VIOLATION, at, "expected integer")
        whole = int(value)
        if not low <= whole <= high:
            raise _refusal(NOT_CARRIED, at, f"{_short(whole)} is outside {name}")
        return whole

    return convert


def _to_double(notes: Notes, value: Any, at: str) -> float:
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    if isinstance(value, bool | str | list | dict) or value is None:
        raise _refusal(VIOLATION, at, "expected number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        raise _refusal(NOT_CARRIED, at, "the number is outside the range of a double")
    if isinstance(value, int) and number != value:
        notes.append(Finding(at, DIGITS_LOST, f"{_short(value)} is kept as a double", warning=True))
    return number


def _from_double(value: float, at: str) -> Any:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _enum(values: Iterable[Facts]) -> tuple[ToProto, ToJson]:
    numbers = {value["json"]: value["number"] for value in values}
    spellings = {number: spelling for spelling, number in numbers.items()}

    def to_proto(notes: Notes, value: Any, at: str) -> int:
        if not isinstance(value, str) or value not in numbers:
            raise _refusal(VIOLATION, at, "not a value of the enum")
        return int(numbers[value])

    def to_json(value: int, at: str) -> Any:
        if value == 0:
            return _ABSENT
        if value not in spellings:
            raise _refusal(VIOLATION, at, f"the enum has no value with number {value}")
        return spellings[value]

    return to_proto, to_json


def _short(number: int) -> str:
    return str(number) if abs(number) < 10**40 else f"an integer of {int(math.log10(abs(number))) + 1} digits"


def _put_free(kind: str) -> Put:
    def put(notes: Notes, value: Any, message: Any, at: str) -> None:
        match kind:
            case "object":
                _expect(value, dict, "object", at)
                for key, item in value.items():
                    _fill(notes, item, message.fields[key], f"{at}/{token(key)}")
            case "array":
                _expect(value, list, "array", at)
                for index, item in enumerate(value):
                    _fill(notes, item, message.values.add(), f"{at}/{index}")
            case _:
                _fill(notes, value, message, at)

    return put


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
            target.number_value = _to_double(notes, value, at)


def _get_free(kind: str) -> Get:
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
                raise _refusal(VIOLATION, at, f"{value.number_value} is not JSON")
            return value.number_value
        case "string_value":
            return value.string_value
        case "list_value":
            return [_plain(item, f"{at}/{index}") for index, item in enumerate(value.list_value.values)]
        case "struct_value":
            fields = value.struct_value.fields
            return {key: _plain(fields[key], f"{at}/{token(key)}") for key in sorted(fields)}
        case _:
            return None
