"""The google.api.http option of a method, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
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


def is_kept(call: str, calls: Iterable[str]) -> bool:
    """Whether clients can go on making a call: what a variable of the path is called does not show in a request.

    Variables that changed places do: what was sent for the one is taken for the other.
    """
    return any(_without_names(one) == _without_names(call) and not _exchanged(call, one) for one in calls)


def _without_names(call: str) -> str:
    return _VARIABLE.sub("{", call)


def _exchanged(old: str, new: str) -> bool:
    """Whether a variable stands where another one stood, and is no new name of it."""
    before, after = _VARIABLE.findall(old), _VARIABLE.findall(new)
    return any(was != now and was in after for was, now in zip(before, after, strict=True))


def _call(stated: Any) -> str:
    verb = stated.WhichOneof("pattern")
    custom = verb in (None, "custom")
    call = f"{stated.custom.kind} {stated.custom.path}" if custom else f"{verb.upper()} {getattr(stated, verb)}"
    parts = [f"{name} {value}" for name, value in (("body", stated.body), ("response", stated.response_body)) if value]
    return f"{call} ({', '.join(parts)})" if parts else call
