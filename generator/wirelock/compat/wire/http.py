"""The google.api.http option of a method, in words."""

from __future__ import annotations

import re
from typing import Any

from google.api import annotations_pb2  # type: ignore[import-untyped]
from google.protobuf.descriptor_pb2 import MethodDescriptorProto, MethodOptions

_VARIABLE = re.compile(r"\{[^={}]*")
_ANNOTATIONS: Any = annotations_pb2


def http_calls(method: MethodDescriptorProto) -> tuple[str, ...]:
    """Every HTTP call by which a method is made, as "GET /session (response sessions)".

    The option is unknown to a set that was read before its descriptor was imported, so it is read anew.
    """
    options: Any = MethodOptions.FromString(method.options.SerializeToString())
    if not options.HasExtension(_ANNOTATIONS.http):
        return ()
    first = options.Extensions[_ANNOTATIONS.http]
    return tuple(_call(stated) for stated in (first, *first.additional_bindings))


def without_names(call: str) -> str:
    """A call as clients make it: what a variable of the path is called does not show in a request."""
    return _VARIABLE.sub("{", call)


def _call(stated: Any) -> str:
    verb = stated.WhichOneof("pattern")
    custom = verb in (None, "custom")
    call = f"{stated.custom.kind} {stated.custom.path}" if custom else f"{verb.upper()} {getattr(stated, verb)}"
    parts = [f"{name} {value}" for name, value in (("body", stated.body), ("response", stated.response_body)) if value]
    return f"{call} ({', '.join(parts)})" if parts else call
