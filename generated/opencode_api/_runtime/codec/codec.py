"""JSON text to protobuf messages and back, driven by the facts of mapping.json alone.

A valid document is carried (what comes back is equal), or refused with NOT_REPRESENTABLE where protobuf cannot hold it;
undeclared properties are dropped with a note where the policy says so. Whatever goes in and whatever comes out is
held against the validator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import DecodeError, Message

from ..findings import NOT_REPRESENTABLE, VIOLATION, Finding
from ..json.text import Json, MalformedText, dump, parse
from ..schema.validator import Schemas, Validator
from .message_codecs import Forms
from .types import ABSENT, Facts, Fields, Get, Notes, Refused, refusal

__all__ = ["Codec", "Codecs", "Encoded", "Refused"]

M = TypeVar("M", bound=Message)
_MAX_MESSAGES = 100
"""Nested messages that protobuf's parsers accept (protobuf: CodedInputStream's default recursion limit)."""
_DEEP = _MAX_MESSAGES // 3 - 1


@dataclass(frozen=True, slots=True)
class Encoded(Generic[M]):
    """A message made from JSON text, and the notes on what it does not hold."""

    message: M
    notes: tuple[Finding, ...]


class Codecs:
    """Every codec of one generated package.

    `mapping` is the content of mapping.json, `message` gives the message class of a full proto name,
    `schemas` validates.
    """

    def __init__(self, mapping: Facts, message: Callable[[str], type[Message]], schemas: Schemas) -> None:
        self._types = mapping["types"]
        self._message = message
        self._schemas = schemas
        self._forms = Forms(mapping, message)

    def codec(self, type_name: str) -> Codec[Message]:
        """The codec of a named type (`session/sessionInfo`); KeyError where the type has no message."""
        facts = self._types[type_name]
        name = facts["message"]
        return Codec(self._message(name), self._forms.form(name), self._schemas.validator(facts["schema"]))


class Codec(Generic[M]):
    """JSON text to one message type and back."""

    def __init__(self, message: type[M], form: tuple[Fields, Get], validator: Validator) -> None:
        self._type = message
        self._fields, self._get = form
        self._validator = validator

    def read(self, text: bytes | str) -> Encoded[M]:
        """The message for a JSON text, with notes on dropped properties; raises Refused."""
        try:
            value = parse(text)
        except MalformedText as error:
            raise Refused((error.finding,)) from None
        self._refuse_faults(value)
        notes: Notes = []
        fields = self._fields(notes, value, "")
        message = self._deep_message(fields) if _deep(text) else self._type(**fields)
        return Encoded(message, tuple(notes))

    def _refuse_faults(self, value: Json) -> None:
        found = self._validator.instance_findings(value)
        if found and (faults := tuple(finding for finding in found if not finding.warning)):
            raise Refused(faults)

    def _deep_message(self, fields: dict[str, Any]) -> M:
        """The message of these fields, if it is one that can be read again; raises Refused."""
        try:
            return self._type.FromString(self._type(**fields).SerializeToString(deterministic=True))
        except DecodeError:
            words = f"nested deeper than the {_MAX_MESSAGES} messages that protobuf reads"
            raise refusal(NOT_REPRESENTABLE, "", words) from None

    def to_message(self, text: bytes | str) -> M:
        """The message for a JSON text; raises Refused."""
        return self.read(text).message

    def from_message(self, message: M) -> bytes:
        """The JSON text of a message; raises Refused where it is not a valid document, TypeError if it is another's."""
        return dump(self._value(message))

    def _value(self, message: M) -> Json:
        if not isinstance(message, self._type):
            raise TypeError(f"this codec is for {self._type.DESCRIPTOR.full_name}, not {message.DESCRIPTOR.full_name}")
        value: Json = self._get(message, "")
        if value is ABSENT:
            raise refusal(VIOLATION, "", "the message is empty and stands for no document")
        self._refuse_faults(value)
        return value

    def encode(self, text: bytes | str) -> bytes:
        """Protobuf's binary form of a JSON text, the same bytes each time; raises Refused."""
        return self.to_message(text).SerializeToString(deterministic=True)

    def decode(self, wire: bytes) -> bytes:
        """The JSON text of protobuf's binary form; raises Refused."""
        return dump(self.decoded(wire))

    def decoded(self, wire: bytes) -> Json:
        """The JSON value of protobuf's binary form; raises Refused."""
        try:
            message = self._type.FromString(wire)
        except DecodeError as error:
            raise refusal(VIOLATION, "", f"not a message of this type: {error}") from None
        return self._value(message)

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
