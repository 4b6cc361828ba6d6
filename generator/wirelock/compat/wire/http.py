"""HTTP calls of a method: the option google.api.http."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.api import annotations_pb2  # type: ignore[import-untyped]
from google.protobuf.descriptor_pb2 import MethodDescriptorProto, MethodOptions

from wirelock.path_templates import find_variable_names, rename_variables

_ANNOTATIONS: Any = annotations_pb2


def get_http_calls(method: MethodDescriptorProto) -> tuple[str, ...]:
    """Return the HTTP calls of a method, like "GET /session (response sessions)".

    The option is parsed again because sets that were read before its descriptor was imported have it as an unknown
    field.
    """
    options: Any = MethodOptions.FromString(method.options.SerializeToString())
    if not options.HasExtension(_ANNOTATIONS.http):
        return ()
    first = options.Extensions[_ANNOTATIONS.http]
    return tuple(_format_call(http_rule) for http_rule in (first, *first.additional_bindings))


def is_kept(call: str, calls: Iterable[str]) -> bool:
    """Return True if clients can still make a call. Names of path variables are not part of a request.

    If variables changed places, a value sent for one is taken for the other, so the call is not kept.
    """
    return any(
        _strip_variable_names(other) == _strip_variable_names(call) and not _has_swapped_variables(call, other)
        for other in calls
    )


def _strip_variable_names(call: str) -> str:
    return rename_variables(call, lambda _: "")


def _has_swapped_variables(old: str, new: str) -> bool:
    """Return True if a variable took the place of another variable instead of being renamed."""
    old_variables, new_variables = find_variable_names(old), find_variable_names(new)
    return any(
        old_name != new_name and old_name in new_variables
        for old_name, new_name in zip(old_variables, new_variables, strict=True)
    )


def _format_call(http_rule: Any) -> str:
    verb = http_rule.WhichOneof("pattern")
    is_custom = verb in (None, "custom")
    call = (
        f"{http_rule.custom.kind} {http_rule.custom.path}"
        if is_custom
        else f"{verb.upper()} {getattr(http_rule, verb)}"
    )
    parts = [
        f"{name} {value}" for name, value in (("body", http_rule.body), ("response", http_rule.response_body)) if value
    ]
    return f"{call} ({', '.join(parts)})" if parts else call
