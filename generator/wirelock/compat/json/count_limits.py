"""Checks that count: which of them follow from others of the same kind, and values on both sides of their limits."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.compat.json.constraints import Constraints
from wirelock.compat.json.sides import Lens
from wirelock.ir import Array, Node, Record, Tuple
from wirelock.runtime.json.text import Json

_MOST = 1024
"""Members of the largest value that is made."""
_COUNTED = ("contains", "minContains", "maxContains")
_PADDING = "a"


def follows(ours: Constraints, writer: Node, theirs: Constraints, reader: Node, check: str) -> bool:
    """Whether what keeps a check of the writer's keeps the reader's check of that name, although it says less."""
    match check:
        case "minProperties":
            return _least(theirs, reader, check) <= _least(ours, writer, check)
        case "maxProperties":
            return _most(ours, writer, check) <= _most(theirs, reader, check)
        case "required":
            return _names(theirs, reader) <= _names(ours, writer)
        case "contains" | "minContains" | "maxContains":
            return ours.counted(writer) == theirs.counted(reader) is not None and (
                _least(theirs, reader, "minContains", 1) <= _least(ours, writer, "minContains", 1)
                and _most(ours, writer, "maxContains") <= _most(theirs, reader, "maxContains")
            )
        case _:
            return False


def beyond(writing: Lens, writer: Node, reading: Constraints, stated: Node, keyword: str) -> Iterator[Json]:
    """Values of the writer's node that are just beyond a limit of the reader's; none for checks that do not count."""
    if keyword in _COUNTED:
        least, most = _least(reading, stated, "minContains", 1), _most(reading, stated, "maxContains")
        yield from _lists(writing, writer, reading.constants(stated, "contains"), (least - 1, most + 1))
    elif keyword in ("minProperties", "maxProperties"):
        least, most = _least(reading, stated, "minProperties"), _most(reading, stated, "maxProperties")
        yield from _objects(writing, writer, (least - 1, most + 1))


def _lists(writing: Lens, writer: Node, constants: tuple[Json, ...], counts: tuple[float, ...]) -> Iterator[Json]:
    """Lists of one value so many times, of those that the check mentions or that items may be."""
    shape = writing.writer.follow(writer).shape
    if not isinstance(shape, Array | Tuple):
        return
    items = writing.samples.of(shape.items) if isinstance(shape, Array) else ()
    lengths = [one for one in constants if isinstance(one, int) and 0 <= one <= _MOST]
    for value in (*constants, *items, *(_PADDING * length for length in lengths)):
        for count in counts:
            if 0 <= count <= _MOST:
                made: Json = [value] * int(count)
                yield from (made,) if writing.writer.fits(writer, made) else ()


def _objects(writing: Lens, writer: Node, counts: tuple[float, ...]) -> Iterator[Json]:
    """Objects of so many members: what is required first, then what is declared, then what is not."""
    node = writing.writer.follow(writer)
    shape = node.shape
    if not isinstance(shape, Record):
        yield from _objects_of_anything(counts)
        return
    known = {prop.name: writing.samples.of(prop.node) for prop in shape.properties}
    required = [prop.name for prop in shape.properties if prop.required]
    members = {name: known[name][0] for name in (*required, *known) if known[name]}
    rest = writing.writer.rest(node, shape)
    others = writing.samples.of(rest) if rest is not None else ()
    if others:
        stated = sorted(_names(writing.constraints, node) - members.keys())
        members = {**dict.fromkeys(stated, others[0]), **members}
        members |= {f"other{index}": others[0] for index in range(int(_largest(counts)))}
    yield from (dict([*members.items()][: int(count)]) for count in counts if 0 <= count <= len(members))


def _objects_of_anything(counts: tuple[float, ...]) -> Iterator[Json]:
    for count in counts:
        if 0 <= count <= _MOST:
            yield {f"other{index}": 0 for index in range(int(count))}


def _largest(counts: tuple[float, ...]) -> float:
    return max((count for count in counts if count <= _MOST), default=0)


def _least(constraints: Constraints, node: Node, keyword: str, otherwise: int = 0) -> float:
    stated = constraints.stated(node, keyword)
    return stated if isinstance(stated, int | float) else otherwise


def _most(constraints: Constraints, node: Node, keyword: str) -> float:
    stated = constraints.stated(node, keyword)
    return stated if isinstance(stated, int | float) else float("inf")


def _names(constraints: Constraints, node: Node) -> frozenset[str]:
    """Every property that a node requires, whether or not it is declared."""
    stated = constraints.stated(node, "required")
    declared = [p.name for p in node.shape.properties if p.required] if isinstance(node.shape, Record) else []
    listed = [name for name in stated if isinstance(name, str)] if isinstance(stated, list) else []
    return frozenset((*listed, *declared))
