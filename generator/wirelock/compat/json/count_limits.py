"""Unmodelled keywords that count: implications between their limits, and values just beyond a limit."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.compat.json.sides import PreparedSide
from wirelock.compat.json.unmodelled_keywords import UnmodelledKeywords
from wirelock.ir import Array, Node, Object, Tuple
from wirelock.runtime.json.text import Json

_MAX_MEMBERS = 1024
"""Most members of a generated value."""
_CONTAINS_KEYWORDS = ("contains", "minContains", "maxContains")
_PADDING = "a"


def is_implied(
    writer_keywords: UnmodelledKeywords, writer: Node, reader_keywords: UnmodelledKeywords, reader: Node, keyword: str
) -> bool:
    """Return True if values that satisfy the writer's keywords satisfy a counting keyword of the reader."""
    match keyword:
        case "minProperties":
            return _get_minimum(reader_keywords, reader, keyword) <= _get_minimum(writer_keywords, writer, keyword)
        case "maxProperties":
            return _get_maximum(writer_keywords, writer, keyword) <= _get_maximum(reader_keywords, reader, keyword)
        case "required":
            return _get_required_names(reader_keywords, reader) <= _get_required_names(writer_keywords, writer)
        case "contains" | "minContains" | "maxContains":
            meaning = reader_keywords.get_contains_meaning(reader)
            if meaning is None or writer_keywords.get_contains_meaning(writer) != meaning:
                return False
            minimum = _get_minimum(writer_keywords, writer, "minContains", 1)
            maximum = _get_maximum(writer_keywords, writer, "maxContains")
            is_minimum_implied = _get_minimum(reader_keywords, reader, "minContains", 1) <= minimum
            return is_minimum_implied and maximum <= _get_maximum(reader_keywords, reader, "maxContains")
        case _:
            return False


def generate_values_beyond(
    writing_side: PreparedSide, writer: Node, reader_keywords: UnmodelledKeywords, declared: Node, keyword: str
) -> Iterator[Json]:
    """Yield values of the writer's node just beyond a limit of the reader; none for keywords that do not count."""
    if keyword in _CONTAINS_KEYWORDS:
        minimum = _get_minimum(reader_keywords, declared, "minContains", 1)
        maximum = _get_maximum(reader_keywords, declared, "maxContains")
        constants = reader_keywords.get_constants(declared, "contains")
        yield from _generate_arrays(writing_side, writer, constants, (minimum - 1, maximum + 1))
    elif keyword in ("minProperties", "maxProperties"):
        minimum = _get_minimum(reader_keywords, declared, "minProperties")
        maximum = _get_maximum(reader_keywords, declared, "maxProperties")
        yield from _generate_objects(writing_side, writer, (minimum - 1, maximum + 1))


def _generate_arrays(
    writing_side: PreparedSide, writer: Node, constants: tuple[Json, ...], counts: tuple[float, ...]
) -> Iterator[Json]:
    """Yield arrays that repeat one value, for each constant of the keyword and each sample item."""
    shape = writing_side.writer.resolve(writer).shape
    if not isinstance(shape, Array | Tuple):
        return
    items = writing_side.samples.sample(shape.items) if isinstance(shape, Array) else ()
    lengths = [constant for constant in constants if isinstance(constant, int) and 0 <= constant <= _MAX_MEMBERS]
    for value in (*constants, *items, *(_PADDING * length for length in lengths)):
        for count in counts:
            if 0 <= count <= _MAX_MEMBERS:
                array: Json = [value] * int(count)
                yield from (array,) if writing_side.writer.fits(writer, array) else ()


def _generate_objects(writing_side: PreparedSide, writer: Node, counts: tuple[float, ...]) -> Iterator[Json]:
    """Yield objects with a number of members: required ones first, then declared, then undeclared."""
    node = writing_side.writer.resolve(writer)
    shape = node.shape
    if not isinstance(shape, Object):
        yield from _generate_free_objects(counts)
        return
    samples = {prop.name: writing_side.samples.sample(prop.node) for prop in shape.properties}
    required = [prop.name for prop in shape.properties if prop.required]
    members = {name: samples[name][0] for name in (*required, *samples) if samples[name]}
    rest = writing_side.writer.get_additional(node, shape)
    rest_samples = writing_side.samples.sample(rest) if rest is not None else ()
    if rest_samples:
        undeclared_required = sorted(_get_required_names(writing_side.keywords, node) - members.keys())
        members = {**dict.fromkeys(undeclared_required, rest_samples[0]), **members}
        members |= {f"other{index}": rest_samples[0] for index in range(int(_get_largest_count(counts)))}
    yield from (dict([*members.items()][: int(count)]) for count in counts if 0 <= count <= len(members))


def _generate_free_objects(counts: tuple[float, ...]) -> Iterator[Json]:
    for count in counts:
        if 0 <= count <= _MAX_MEMBERS:
            yield {f"other{index}": 0 for index in range(int(count))}


def _get_largest_count(counts: tuple[float, ...]) -> float:
    return max((count for count in counts if count <= _MAX_MEMBERS), default=0)


def _get_minimum(constraints: UnmodelledKeywords, node: Node, keyword: str, default: int = 0) -> float:
    value = constraints.get_value(node, keyword)
    return value if isinstance(value, int | float) else default


def _get_maximum(constraints: UnmodelledKeywords, node: Node, keyword: str) -> float:
    value = constraints.get_value(node, keyword)
    return value if isinstance(value, int | float) else float("inf")


def _get_required_names(constraints: UnmodelledKeywords, node: Node) -> frozenset[str]:
    """Return all property names that a node requires, declared or not."""
    value = constraints.get_value(node, "required")
    declared = [p.name for p in node.shape.properties if p.required] if isinstance(node.shape, Object) else []
    listed = [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
    return frozenset((*listed, *declared))
