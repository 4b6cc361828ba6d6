"""Request bodies and responses of an operation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wirelock.openapi.documents import DescriptionReader, DocumentNode

_MEDIA_TYPE = re.compile(r"[^/;\s]+/[^/;\s]+")


@dataclass(frozen=True, slots=True)
class MediaType:
    """One media type of a body: its name in lower case, without parameters, and its schema if it has one."""

    name: str
    schema: DocumentNode | None
    node: DocumentNode


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The request body of an operation."""

    media_types: tuple[MediaType, ...]
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class OperationResponse:
    """The response for one status; without media types it has no body."""

    status: str
    media_types: tuple[MediaType, ...]


def read_request_body(operation: DocumentNode, reader: DescriptionReader) -> RequestBody | None:
    """Read the request body of an operation."""
    declared = reader.get_object(operation, "requestBody")
    body = reader.dereference(declared) if declared else None
    if body is None:
        return None
    media_types = tuple(_read_media_types(body, reader))
    if not media_types:
        return None
    return RequestBody(media_types, body.members.get("required") is True, reader.get_string(body, "description"))


def read_responses(operation: DocumentNode, reader: DescriptionReader) -> Iterator[OperationResponse]:
    """Read the responses of an operation, one per status."""
    for key, declared in reader.iter_standard_members(operation, "responses"):
        response = reader.dereference(declared)
        status = key.upper() if key != "default" else key
        if not re.fullmatch(r"[1-5]([0-9][0-9]|XX)|default", status):
            message = f"{key} is not a status; expected a status code, a range such as 4XX, or default"
            reader.report_invalid(declared, message)
        elif response is not None:
            yield OperationResponse(status, tuple(_read_media_types(response, reader)))


def _read_media_types(body: DocumentNode, reader: DescriptionReader) -> Iterator[MediaType]:
    seen: set[str] = set()
    for key, declared in reader.iter_members(body, "content"):
        node = reader.dereference(declared)
        check_media_type(key, declared, reader)
        name = strip_parameters(key)
        if node is None or not node.is_object or name in seen:  # names that differ in parameters are one media type
            continue
        seen.add(name)
        yield MediaType(name, node.descend("schema") if "schema" in node.members else None, node)


def check_media_type(name: str, node: DocumentNode, reader: DescriptionReader) -> None:
    """Report a name that is not a media type."""
    if not _MEDIA_TYPE.fullmatch(strip_parameters(name)):
        reader.report_invalid(node, f"{name} is not a media type")


def strip_parameters(media_type: str) -> str:
    """Return a media type without parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()
