"""The smallest documents that a type asks for, to create and change things with."""

from __future__ import annotations

import math
from collections.abc import Mapping

from wirelock.ir import (
    Anything,
    Array,
    Boolean,
    Bounds,
    Choice,
    Constant,
    Definition,
    Integer,
    Method,
    Node,
    Number,
    Record,
    Text,
    Tuple,
    TypeId,
    Union,
)
from wirelock.lower.unions import follow
from wirelock.runtime.json.text import Json
from wirelock.traffic.http.parameters import properties

Definitions = Mapping[TypeId, Definition]
NAMES = ("title", "name")
"""Properties that tell people what a thing is."""
_DEEPEST = 20


def body(method: Method, definitions: Definitions, words: str) -> Json:
    """A body for a call: what is required, and `words` as the title or name where there is one."""
    stated = properties(method.request, definitions)
    if method.body not in ("", "*"):
        return _draft(stated[method.body].node, definitions, words) if method.body in stated else {}
    outside = {name for name, _ in method.places} | {name for name in stated if f"{{{name}}}" in method.path}
    return {
        name: _draft(prop.node, definitions, words)
        for name, prop in stated.items()
        if name not in outside and (prop.required or _is_title(name, prop.node, definitions))
    }


def _is_title(name: str, node: Node, definitions: Definitions) -> bool:
    return name in NAMES and isinstance(follow(node, definitions).shape, Text)


def _draft(node: Node, definitions: Definitions, words: str, depth: int = 0) -> Json:
    """The smallest value of a shape; whether it is valid is for the validator to say."""
    shape = follow(node, definitions).shape
    if depth > _DEEPEST:
        return None
    match shape:
        case Record(declared):
            return {
                prop.name: _draft(prop.node, definitions, words, depth + 1)
                for prop in declared
                if prop.required or (depth == 0 and _is_title(prop.name, prop.node, definitions))
            }
        case Array(items, least):
            return [_draft(items, definitions, words, depth + 1) for _ in range(least)]
        case Tuple(items, _, least):
            return [_draft(item, definitions, words, depth + 1) for item in items[:least]]
        case Union(branches):
            return _draft(branches[0], definitions, words, depth + 1)
        case _:
            return _scalar(shape, words)


def _scalar(shape: object, words: str) -> Json:
    match shape:
        case Text(least, most):
            return words.ljust(least, ".")[:most]
        case Choice(values) | Constant(values):
            return values[0]
        case Integer(bounds) | Number(bounds):
            return _number(bounds)
        case Boolean():
            return False
        case Anything():
            return {}
        case _:
            return None


def _number(bounds: Bounds) -> int:
    if bounds.minimum is not None:
        return math.ceil(bounds.minimum)
    return 0 if bounds.exclusive_minimum is None else math.floor(bounds.exclusive_minimum) + 1
