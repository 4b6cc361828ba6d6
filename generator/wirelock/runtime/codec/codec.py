"""Conversion of JSON text to protobuf messages and back, driven by mapping.json alone.

A valid document survives the round trip, or is rejected as NOT_REPRESENTABLE if protobuf cannot represent it. With the
policy `warn`, undeclared properties are dropped with a note. The validator checks every input and every output.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import DecodeError, Message

from ..findings import NOT_REPRESENTABLE, VIOLATION, Finding
from ..json.text import Json, MalformedText, dump, parse
from ..schema.validator import Schemas, Validator
from .message_codecs import MessageCodecs
from .types import ABSENT, CodecError, Fields, Get, JsonObject, Notes, build_codec_error

__all__ = ["Codec", "CodecError", "Codecs", "EncodedMessage"]

M = TypeVar("M", bound=Message)
_MAX_MESSAGES = 100
"""Nested messages that protobuf's parsers accept (protobuf: CodedInputStream's default recursion limit)."""
_MAX_SAFE_BRACKETS = _MAX_MESSAGES // 3 - 1


@dataclass(frozen=True, slots=True)
class EncodedMessage(Generic[M]):
    """A message built from JSON text, with notes on the parts of the document that it does not contain."""

    message: M
    notes: tuple[Finding, ...]


class Codecs:
    """The codecs of one generated package.

    `mapping` is the content of mapping.json; `get_message_class` returns the message class of a full proto name.
    """

    def __init__(
        self, mapping: JsonObject, get_message_class: Callable[[str], type[Message]], schemas: Schemas
    ) -> None:
        self._types = mapping["types"]
        self._get_message_class = get_message_class
        self._schemas = schemas
        self._message_codecs = MessageCodecs(mapping, get_message_class)

    def get_codec(self, type_name: str) -> Codec[Message]:
        """Return the codec of a named type (`session/sessionInfo`); raise KeyError if the type has no message."""
        entry = self._types[type_name]
        name = entry["message"]
        functions = self._message_codecs.get_functions(name)
        return Codec(self._get_message_class(name), functions, self._schemas.get_validator(entry["schema"]))


class Codec(Generic[M]):
    """Conversion of JSON text to one message type and back."""

    def __init__(self, message_class: type[M], functions: tuple[Fields, Get], validator: Validator) -> None:
        self._message_class = message_class
        self._fields, self._get = functions
        self._validator = validator

    def to_message_with_notes(self, text: bytes | str) -> EncodedMessage[M]:
        """Return the message for a JSON text, with notes on dropped properties; raise CodecError."""
        try:
            value = parse(text)
        except MalformedText as error:
            raise CodecError((error.finding,)) from None
        self._raise_violations(value)
        notes: Notes = []
        fields = self._fields(notes, value, "")
        message = self._build_deep_message(fields) if _may_be_too_deep(text) else self._message_class(**fields)
        return EncodedMessage(message, tuple(notes))

    def _raise_violations(self, value: Json) -> None:
        findings = self._validator.check_instance(value)
        if findings and (errors := tuple(finding for finding in findings if not finding.warning)):
            raise CodecError(errors)

    def _build_deep_message(self, fields: dict[str, Any]) -> M:
        """Return the message of these fields; raise CodecError if it nests too deeply for protobuf's parsers."""
        try:
            return self._message_class.FromString(self._message_class(**fields).SerializeToString(deterministic=True))
        except DecodeError:
            reason = f"nested deeper than {_MAX_MESSAGES} messages, the limit of protobuf"
            raise build_codec_error(NOT_REPRESENTABLE, "", reason) from None

    def to_message(self, text: bytes | str) -> M:
        """Return the message for a JSON text; raise CodecError."""
        return self.to_message_with_notes(text).message

    def from_message(self, message: M) -> bytes:
        """Return the JSON text of a message.

        Raise CodecError if the message is not a valid document, TypeError if it is of another message type.
        """
        return dump(self._to_value(message))

    def _to_value(self, message: M) -> Json:
        if not isinstance(message, self._message_class):
            expected = self._message_class.DESCRIPTOR.full_name
            raise TypeError(f"expected a message of type {expected}, got {message.DESCRIPTOR.full_name}")
        value: Json = self._get(message, "")
        if value is ABSENT:
            raise build_codec_error(VIOLATION, "", "the message is empty and represents no document")
        self._raise_violations(value)
        return value

    def encode(self, text: bytes | str) -> bytes:
        """Return the protobuf wire format of a JSON text, serialized deterministically; raise CodecError."""
        return self.to_message(text).SerializeToString(deterministic=True)

    def decode(self, wire: bytes) -> bytes:
        """Return the JSON text of a message in protobuf's wire format; raise CodecError."""
        return dump(self.decode_value(wire))

    def decode_value(self, wire: bytes) -> Json:
        """Return the JSON value of a message in protobuf's wire format; raise CodecError."""
        try:
            message = self._message_class.FromString(wire)
        except DecodeError as error:
            raise build_codec_error(VIOLATION, "", f"not a message of this type: {error}") from None
        return self._to_value(message)

    def check(self, text: bytes | str) -> tuple[Finding, ...]:
        """Return the reasons why a text cannot be encoded; if it can, the notes on what encoding drops."""
        try:
            return self.to_message_with_notes(text).notes
        except CodecError as error:
            return error.findings


def _may_be_too_deep(text: bytes | str) -> bool:
    """Return True if a text may nest deeper than protobuf's parsers allow (a free-form value takes three levels)."""
    if isinstance(text, bytes):
        return text.count(b"[") + text.count(b"{") > _MAX_SAFE_BRACKETS
    return text.count("[") + text.count("{") > _MAX_SAFE_BRACKETS
