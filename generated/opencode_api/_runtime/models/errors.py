"""From pydantic's errors to findings: where in the document each fault is, and one finding for each.

Pydantic's locations have the labels of union branches between the keys. Which part is a label is read from the types
along the way, never guessed from the document. Of the branches of a union only the nearest has a say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import MISSING, BaseModel, RootModel, ValidationError
from pydantic.fields import FieldInfo

from ..findings import NOT_REPRESENTABLE, VIOLATION, Finding
from ..json.formatting import counted, described, either, literal, name
from ..json.pointers import pointer_of

SCHEMA_ERROR = "json_schema"
"""The pydantic error type of a check beyond pydantic; its context has `message`, `path` and `keyword`."""
Path = tuple[str | int, ...]
_TOO_LARGE = "too_large_for_a_double"
_TYPES = {
    "string_type": "string",
    "int_type": "integer",
    "float_type": "number",
    "finite_number": "finite number",
    "bool_type": "boolean",
    "none_required": "null",
    "list_type": "array",
    "tuple_type": "array",
    "dict_type": "object",
    "model_type": "object",
    "model_attributes_type": "object",
}
_KEYWORDS = {
    "literal_error": "enum",
    "extra_forbidden": "additionalProperties",
    "string_too_short": "minLength",
    "string_too_long": "maxLength",
    "greater_than": "exclusiveMinimum",
    "greater_than_equal": "minimum",
    "less_than": "exclusiveMaximum",
    "less_than_equal": "maximum",
    "too_short": "minItems",
    "too_long": "maxItems",
}
_LIMITS = frozenset({*_KEYWORDS.values(), "pattern", "format", "multipleOf", "uniqueItems"} - {"enum"})


@dataclass(frozen=True, slots=True)
class Fork:
    """A union on the way to a fault: how deep in the document it stands, and the label of the branch."""

    depth: int
    label: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One of pydantic's errors, placed."""

    path: Path
    forks: tuple[Fork, ...]
    kind: str
    value: Any
    context: Mapping[str, Any]


def findings_of(error: ValidationError, model: type[BaseModel]) -> tuple[Finding, ...]:
    """One finding for each fault, sorted by place."""
    places = _Places(model)
    faults = [places.fault(details) for details in error.errors(include_url=False)]
    found = [(fault, _finding(fault)) for fault in _nearest(faults, 0)]
    native = {finding.pointer for fault, finding in found if fault.kind != SCHEMA_ERROR}
    kept = (f for fault, f in found if fault.kind != SCHEMA_ERROR or not _explained(f, native))
    return tuple(sorted({(finding.pointer, finding.keyword): finding for finding in kept}.values()))


def _explained(finding: Finding, native: Iterable[str]) -> bool:
    """Whether pydantic has already said, here or further in, what a check says; limits are faults of their own."""
    inside = any(place == finding.pointer or place.startswith(finding.pointer + "/") for place in native)
    return inside and finding.keyword not in _LIMITS


# places


class _Places:
    """Follows pydantic's locations through the types of one model; what the branches of a union are called is kept."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model
        self._branches: dict[tuple[int, Any], _Branches] = {}

    def fault(self, details: Any) -> Fault:
        """One of pydantic's errors, placed."""
        path, forks = self._walk(self._model, None, details["loc"], (), ()) or (details["loc"], ())
        kind, value = details["type"], details["input"]
        if kind == "float_type" and type(value) is int:  # pydantic says the same of "1" and of a number past all floats
            kind = _TOO_LARGE
        return Fault(path, forks, kind, value, details.get("ctx", {}))

    def _walk(
        self, hint: Any, tag: Any, loc: Path, path: Path, forks: tuple[Fork, ...]
    ) -> tuple[Path, tuple[Fork, ...]] | None:
        """Follow a location through the types; None if it does not belong to this type."""
        hint, tag = _unwrapped(hint, tag)
        if not loc:
            return path, forks
        head, rest = loc[0], loc[1:]
        if get_origin(hint) in (Union, UnionType):
            return self._walk_union(hint, tag, loc, path, forks)
        inner = _inside(hint, head)
        return None if inner is None else self._walk(*inner, rest, (*path, head), forks)

    def _walk_union(
        self, hint: Any, tag: Any, loc: Path, path: Path, forks: tuple[Fork, ...]
    ) -> tuple[Path, tuple[Fork, ...]] | None:
        known = self._branches.get((id(hint), tag))
        if known is None:
            known = self._branches[id(hint), tag] = _Branches(hint, tag)
        if len(known.all) == 1:
            return self._walk(known.all[0], None, loc, path, forks)
        label = str(loc[0])
        entered = forks if tag else (*forks, Fork(len(path), label))
        walks = (self._walk(branch, None, loc[1:], path, entered) for branch in known.called(label))
        return next((walk for walk in walks if walk is not None), None)


def _unwrapped(hint: Any, tag: Any) -> tuple[Any, Any]:
    """The type inside annotations and root models, and the discriminator if it is a tagged union."""
    while True:
        if get_origin(hint) is Annotated:
            hint, *notes = get_args(hint)
            tag = next((note.discriminator for note in notes if isinstance(note, FieldInfo)), None) or tag
        elif isinstance(hint, type) and issubclass(hint, RootModel):
            root = cast("type[BaseModel]", hint).model_fields["root"]
            hint, tag = cast("Any", root.annotation), root.discriminator
        else:
            return cast("Any", hint), tag


def _inside(hint: Any, part: str | int) -> tuple[Any, Any] | None:
    """The type and discriminator of one member of an object or array type."""
    arguments = get_args(hint)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        for attribute, field in hint.model_fields.items():
            if (attribute if field.alias is None else field.alias) == part:
                return field.annotation, field.discriminator
        return _extra_type(hint), None
    if get_origin(hint) is tuple:
        return (arguments[part] if isinstance(part, int) and part < len(arguments) else Any), None
    if get_origin(hint) is list and isinstance(part, int):
        return arguments[0], None
    if get_origin(hint) is dict:
        return arguments[1], None
    return None


def _extra_type(model: type[BaseModel]) -> Any:
    arguments = get_args(vars(model).get("__annotations__", {}).get("__pydantic_extra__"))
    return arguments[1] if len(arguments) > 1 else Any


class _Branches:
    """The branches of one union, by what pydantic may call them."""

    def __init__(self, union: Any, tag: Any) -> None:
        self._union = union  # kept, since its identity is a key
        self.all = tuple(branch for branch in get_args(union) if branch not in (None, NoneType, MISSING))
        self._by_label: dict[str, list[Any]] = {}
        for branch in self.all:
            for label in _labels(branch, tag):
                self._by_label.setdefault(label, []).append(branch)

    def called(self, label: str) -> Sequence[Any]:
        """The branches that a label can mean; all of them if it says nothing."""
        return self._by_label.get(label) or self._by_label.get(label.partition("[")[0] + "[") or self.all


def _labels(branch: Any, tag: Any) -> Iterator[str]:
    """What pydantic may call a branch: a value of its tag, its class, its check, or (`list[`) the kind of its type."""
    hint, _ = _unwrapped(branch, None)
    if isinstance(tag, str) and isinstance(hint, type) and issubclass(hint, BaseModel):
        field = hint.model_fields.get(tag)
        yield from map(str, get_args(field.annotation) if field is not None else ())
    elif isinstance(branch, type) and issubclass(branch, BaseModel):
        yield from (branch.__name__, f"function-wrap[{branch.__name__}()]")
    elif isinstance(origin := get_origin(branch), type):
        yield f"{origin.__name__}["


# unions


def _nearest(faults: Sequence[Fault], level: int) -> list[Fault]:
    """The faults of the nearest branch of each union; a union whose JSON type fits no branch is one fault."""
    chosen = [fault for fault in faults if len(fault.forks) <= level]
    unions: dict[Path, dict[str, list[Fault]]] = {}
    for fault in faults:
        if len(fault.forks) > level:
            fork = fault.forks[level]
            unions.setdefault(fault.path[: fork.depth], {}).setdefault(fork.label, []).append(fault)
    for place, branches in unions.items():
        chosen += _nearest_branch(place, branches, level)
    return chosen


def _nearest_branch(place: Path, branches: Mapping[str, list[Fault]], level: int) -> list[Fault]:
    fitting = [faults for faults in branches.values() if not any(_misses(fault, place) for fault in faults)]
    if not fitting:
        first = next(iter(branches.values()))[0]
        kinds = dict.fromkeys(_expected(fault) for faults in branches.values() for fault in faults)
        return [Fault(place, (), "union", first.value, {"expected": tuple(kinds)})]
    return _nearest(max(fitting, key=lambda faults: _nearness(faults, place)), level + 1)


def _nearness(faults: Sequence[Fault], place: Path) -> tuple[int, int, int]:
    """The order of branches: without wrong constants, decided deepest in the document, with the fewest faults."""
    wrong = sum(fault.kind == "literal_error" and len(fault.path) == len(place) + 1 for fault in faults)
    depths = (len(fault.path) - (fault.kind in ("missing", "extra_forbidden")) for fault in faults)
    return -wrong, min(depths), -len(faults)


def _expected(fault: Fault) -> str:
    return _TYPES.get(fault.kind) or str(fault.context.get("expected", "another value"))


def _misses(fault: Fault, place: Path) -> bool:
    return fault.path == place and (fault.kind in _TYPES or fault.kind == "literal_error")


# words


def _finding(fault: Fault) -> Finding:
    path, kind, context = fault.path, fault.kind, fault.context
    if kind == _TOO_LARGE:
        return Finding(pointer_of(path), NOT_REPRESENTABLE, "the number is outside the range of a double")
    if kind == SCHEMA_ERROR:
        return _at((*path, *context["path"]), context["keyword"], context["message"])
    if kind in ("missing", "too_long") and _in_tuple(fault):
        return _tuple_finding(fault)
    if kind == "missing" and path:
        return _at(path, "required", f"required property {name(str(path[-1]))} is missing")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _tag_finding(fault)
    if kind == "extra_forbidden":
        return _at(path, "additionalProperties", f"property {name(str(path[-1]))} is not declared")
    if kind in _TYPES:
        return _at(path, "type", f"{described(fault.value)} is not {_TYPES[kind]}")
    if kind == "union":
        return _at(path, "anyOf", f"{described(fault.value)} is not {either(context['expected'])}")
    if kind == "literal_error":
        return _at(path, "enum", f"{described(fault.value)} is not {context['expected']}")
    return _at(path, _KEYWORDS.get(kind, ""), _limit(fault))


def _in_tuple(fault: Fault) -> bool:
    return fault.context.get("field_type") == "Tuple" or bool(fault.path and isinstance(fault.path[-1], int))


def _tuple_finding(fault: Fault) -> Finding:
    if fault.kind == "missing":
        return _at(fault.path[:-1], "minItems", f"item {fault.path[-1]} is missing")
    most = fault.context["max_length"]
    return _at((*fault.path, most), "items", f"at most {counted(most, 'item')} may stand here")


def _tag_finding(fault: Fault) -> Finding:
    key = str(fault.context["discriminator"]).split(" | ")[-1].strip("'")
    path = (*fault.path, key)
    value = cast("Mapping[str, Any]", fault.value)  # pydantic looks for a tag in nothing else
    if key not in value:
        return _at(path, "required", f"required property {name(key)} is missing")
    expected = str(fault.context.get("expected_tags", "a known value")).split(", ")
    return _at(path, "enum", f"{described(value[key])} is not {either(expected)}")


def _limit(fault: Fault) -> str:
    keyword = _KEYWORDS.get(fault.kind, fault.kind)
    limits = [value for key, value in fault.context.items() if key not in ("field_type", "actual_length")]
    return f"{described(fault.value)} breaks {' '.join([keyword, *map(literal, limits)])}"


def _at(path: Path, keyword: str, message: str) -> Finding:
    return Finding(pointer_of(path), VIOLATION, message, keyword)
