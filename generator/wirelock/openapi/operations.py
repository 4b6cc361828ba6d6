"""Operations of a description, with references resolved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wirelock.diagnostics import Code, Severity
from wirelock.openapi.bodies import OperationResponse, RequestBody, read_request_body, read_responses
from wirelock.openapi.documents import DescriptionReader, DocumentNode
from wirelock.openapi.parameters import (
    ImportedParameter,
    match_path_parameters,
    read_parameters,
    rename_path_parameters,
    to_http_rule_path,
)

OPERATION_UNSUPPORTED = Code("OPERATION_UNSUPPORTED", Severity.WARNING)
VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_SUPPORTED_VERBS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    `declared` is its verb and path in the description. `verb` and `path` are those of its HttpRule, both empty if the
    operation has no HttpRule.
    """

    node: DocumentNode
    declared: tuple[str, str]
    verb: str
    path: str
    id: str
    tag: str
    parameters: tuple[ImportedParameter, ...]
    body: RequestBody | None
    responses: tuple[OperationResponse, ...]
    description: str
    deprecated: bool

    @property
    def key(self) -> str:
        """Verb and path, which identify the operation in every version of the description."""
        return f"{self.declared[0].upper()} {self.declared[1]}"

    def iter_schemas(self) -> Iterator[DocumentNode]:
        """Yield the schemas of parameters, request body and responses."""
        yield from (parameter.schema for parameter in self.parameters if parameter.schema)
        media_types = list(self.body.media_types if self.body else ())
        media_types += (media_type for response in self.responses for media_type in response.media_types)
        yield from (media_type.schema for media_type in media_types if media_type.schema)


def read_operations(reader: DescriptionReader) -> list[Operation]:
    """Read all operations below `paths`, in document order."""
    root = DocumentNode(reader.entry, "", reader.entry.value)
    operations: list[Operation] = []
    for path, declared in reader.iter_standard_members(root, "paths"):
        path_item = reader.dereference(declared)
        if path_item is None or not path_item.is_object:
            if path_item is not None:
                reader.report_invalid(path_item, "a path item must be an object")
            continue
        operations += [_read_operation(verb, path, path_item, reader) for verb in path_item.members if verb in VERBS]
    _report_webhooks(root, reader)
    return operations


def _report_webhooks(root: DocumentNode, reader: DescriptionReader) -> None:
    for name, webhook in reader.iter_members(root, "webhooks"):
        message = f"the webhook {name} is not imported, because it is a call from the server to the client"
        reader.report(OPERATION_UNSUPPORTED, webhook, message, "nothing needs to be done unless clients receive it")


def _read_operation(verb: str, path: str, path_item: DocumentNode, reader: DescriptionReader) -> Operation:
    node = path_item.descend(verb)
    if not node.is_object:
        reader.report_invalid(node, "an operation must be an object")
        node = DocumentNode(node.document, node.pointer, {})
    template = to_http_rule_path(path)
    parameters = match_path_parameters(read_parameters(path_item, node, reader), template or path, node, reader)
    is_supported = verb in _SUPPORTED_VERBS and template is not None
    if not is_supported:
        message = f"{verb.upper()} {path} cannot be expressed as an HTTP rule; the method is imported without one"
        hint = "call it without wirelock, or change the description with an overlay"
        reader.report(OPERATION_UNSUPPORTED, node, message, hint)
    if "callbacks" in node.members:
        message = "callbacks are not imported, because they are calls from the server to the client"
        hint = "nothing needs to be done unless clients receive them"
        reader.report(OPERATION_UNSUPPORTED, node.descend("callbacks"), message, hint)
    tags = [tag.value for tag in reader.iter_items(node, "tags") if isinstance(tag.value, str)]
    return Operation(
        node,
        (verb, path),
        verb if is_supported else "",
        rename_path_parameters(template or "", parameters) if is_supported else "",
        reader.get_string(node, "operationId"),
        tags[0] if tags else "",
        tuple(parameters),
        read_request_body(node, reader),
        tuple(read_responses(node, reader)),
        reader.get_string(node, "description") or reader.get_string(node, "summary"),
        node.members.get("deprecated") is True,
    )
