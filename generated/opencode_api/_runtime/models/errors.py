"""Conversion of pydantic's errors to findings with JSON Pointers.

Pydantic's locations contain the labels of union branches between the keys. The types along the location tell which
parts are labels; the document does not. Of the branches of a union, only the errors of the nearest one are reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import MISSING, BaseModel, RootModel, ValidationError
from pydantic.fields import FieldInfo

from ..findings import NOT_REPRESENTABLE, VIOLATION, Finding
from ..json.formatting import describe_value, format_count, format_value, join_alternatives, quote_name
from ..json.pointers import get_relative_pointer, join_pointer

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
class UnionStep:
    """A union that the location of an error passes through: its depth in the document and the label of the branch."""

    depth: int
    label: str


@dataclass(frozen=True, slots=True)
class LocatedError:
    """An error of pydantic with its path in the document; `kind` is pydantic's error type."""

    path: Path
    union_steps: tuple[UnionStep, ...]
    kind: str
    value: Any
    context: Mapping[str, Any]


def to_findings(error: ValidationError, model: type[BaseModel]) -> tuple[Finding, ...]:
    """Return one finding for each pointer and keyword, sorted by pointer."""
    locator = _ErrorLocator(model)
    located = [locator.locate(details) for details in error.errors(include_url=False)]
    nearest = [(error.kind == SCHEMA_ERROR, _build_finding(error)) for error in _select_nearest(located, 0)]
    pydantic_pointers = {finding.pointer for is_check, finding in nearest if not is_check}
    kept = (f for is_check, f in nearest if not is_check or not _is_redundant(f, pydantic_pointers))
    return tuple(sorted({(finding.pointer, finding.keyword): finding for finding in kept}.values()))


def _is_redundant(finding: Finding, pydantic_pointers: Iterable[str]) -> bool:
    """Return True if pydantic reports an error at or below the finding of a check, unless the check is a limit."""
    is_reported = any(get_relative_pointer(pointer, finding.pointer) is not None for pointer in pydantic_pointers)
    return is_reported and finding.keyword not in _LIMITS


# locations


class _ErrorLocator:
    """Follows pydantic's locations through the types of one model; caches the branch labels of each union."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model
        self._branches: dict[tuple[int, Any], _LabeledBranches] = {}

    def locate(self, details: Any) -> LocatedError:
        """Return an error of pydantic with its path in the document."""
        path, steps = self._walk(self._model, None, details["loc"], (), ()) or (details["loc"], ())
        kind, value = details["type"], details["input"]
        if kind == "float_type" and type(value) is int:  # pydantic reports this also for an integer past all doubles
            kind = _TOO_LARGE
        return LocatedError(path, steps, kind, value, details.get("ctx", {}))

    def _walk(
        self, hint: Any, tag: Any, loc: Path, path: Path, steps: tuple[UnionStep, ...]
    ) -> tuple[Path, tuple[UnionStep, ...]] | None:
        """Return the path and the unions of a location; None if the location does not belong to this type."""
        hint, tag = _unwrap(hint, tag)
        if not loc:
            return path, steps
        head, rest = loc[0], loc[1:]
        if get_origin(hint) in (Union, UnionType):
            return self._walk_union(hint, tag, loc, path, steps)
        inner = _get_member_type(hint, head)
        return None if inner is None else self._walk(*inner, rest, (*path, head), steps)

    def _walk_union(
        self, hint: Any, tag: Any, loc: Path, path: Path, steps: tuple[UnionStep, ...]
    ) -> tuple[Path, tuple[UnionStep, ...]] | None:
        branches = self._branches.get((id(hint), tag))
        if branches is None:
            branches = self._branches[id(hint), tag] = _LabeledBranches(hint, tag)
        if len(branches.all) == 1:
            return self._walk(branches.all[0], None, loc, path, steps)
        label = str(loc[0])
        entered = steps if tag else (*steps, UnionStep(len(path), label))
        walks = (self._walk(branch, None, loc[1:], path, entered) for branch in branches.find_by_label(label))
        return next((walk for walk in walks if walk is not None), None)


def _unwrap(hint: Any, tag: Any) -> tuple[Any, Any]:
    """Return the type inside annotations and root models, and the discriminator if the type is a tagged union."""
    while True:
        if get_origin(hint) is Annotated:
            hint, *notes = get_args(hint)
            tag = next((note.discriminator for note in notes if isinstance(note, FieldInfo)), None) or tag
        elif isinstance(hint, type) and issubclass(hint, RootModel):
            root = cast("type[BaseModel]", hint).model_fields["root"]
            hint, tag = cast("Any", root.annotation), root.discriminator
        else:
            return cast("Any", hint), tag


def _get_member_type(hint: Any, part: str | int) -> tuple[Any, Any] | None:
    """Return the type and discriminator of one member of an object or array type."""
    arguments = get_args(hint)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        for attribute, field in hint.model_fields.items():
            if (attribute if field.alias is None else field.alias) == part:
                return field.annotation, field.discriminator
        return _get_extra_type(hint), None
    if get_origin(hint) is tuple:
        return (arguments[part] if isinstance(part, int) and part < len(arguments) else Any), None
    if get_origin(hint) is list and isinstance(part, int):
        return arguments[0], None
    if get_origin(hint) is dict:
        return arguments[1], None
    return None


def _get_extra_type(model: type[BaseModel]) -> Any:
    arguments = get_args(vars(model).get("__annotations__", {}).get("__pydantic_extra__"))
    return arguments[1] if len(arguments) > 1 else Any


class _LabeledBranches:
    """The branches of one union by the labels that pydantic may give them."""

    def __init__(self, union: Any, tag: Any) -> None:
        self._union = union  # keeps the type alive, because its id is a cache key
        self.all = tuple(branch for branch in get_args(union) if branch not in (None, NoneType, MISSING))
        self._by_label: dict[str, list[Any]] = {}
        for branch in self.all:
            for label in _iter_labels(branch, tag):
                self._by_label.setdefault(label, []).append(branch)

    def find_by_label(self, label: str) -> Sequence[Any]:
        """Return the branches that a label can mean; all branches for an unknown label."""
        return self._by_label.get(label) or self._by_label.get(label.partition("[")[0] + "[") or self.all


def _iter_labels(branch: Any, tag: Any) -> Iterator[str]:
    """Yield the labels that pydantic may give a branch: a tag value, its class, its check, or its origin (`list[`)."""
    hint, _ = _unwrap(branch, None)
    if isinstance(tag, str) and isinstance(hint, type) and issubclass(hint, BaseModel):
        field = hint.model_fields.get(tag)
        yield from map(str, get_args(field.annotation) if field is not None else ())
    elif isinstance(branch, type) and issubclass(branch, BaseModel):
        yield from (branch.__name__, f"function-wrap[{branch.__name__}()]")
    elif isinstance(origin := get_origin(branch), type):
        yield f"{origin.__name__}["


# unions


def _select_nearest(errors: Sequence[LocatedError], level: int) -> list[LocatedError]:
    """Return the errors of the nearest branch of each union; one error if the JSON type matches no branch."""
    chosen = [error for error in errors if len(error.union_steps) <= level]
    unions: dict[Path, dict[str, list[LocatedError]]] = {}
    for error in errors:
        if len(error.union_steps) > level:
            step = error.union_steps[level]
            unions.setdefault(error.path[: step.depth], {}).setdefault(step.label, []).append(error)
    for path, branches in unions.items():
        chosen += _select_branch(path, branches, level)
    return chosen


def _select_branch(path: Path, branches: Mapping[str, list[LocatedError]], level: int) -> list[LocatedError]:
    candidates = [errors for errors in branches.values() if not any(_has_wrong_type(error, path) for error in errors)]
    if not candidates:
        first = next(iter(branches.values()))[0]
        expected = dict.fromkeys(_describe_expected(error) for errors in branches.values() for error in errors)
        return [LocatedError(path, (), "union", first.value, {"expected": tuple(expected)})]
    return _select_nearest(max(candidates, key=lambda errors: _rank_branch(errors, path)), level + 1)


def _rank_branch(errors: Sequence[LocatedError], path: Path) -> tuple[int, int, int]:
    """Return the sort key of a branch: fewest wrong constants, then the deepest errors, then the fewest errors."""
    wrong_constants = sum(error.kind == "literal_error" and len(error.path) == len(path) + 1 for error in errors)
    depths = (len(error.path) - (error.kind in ("missing", "extra_forbidden")) for error in errors)
    return -wrong_constants, min(depths), -len(errors)


def _describe_expected(error: LocatedError) -> str:
    return _TYPES.get(error.kind) or str(error.context.get("expected", "another value"))


def _has_wrong_type(error: LocatedError, path: Path) -> bool:
    return error.path == path and (error.kind in _TYPES or error.kind == "literal_error")


# findings


def _build_finding(error: LocatedError) -> Finding:
    path, kind, context = error.path, error.kind, error.context
    if kind == _TOO_LARGE:
        return Finding(join_pointer(path), NOT_REPRESENTABLE, "the number is outside the range of a double")
    if kind == SCHEMA_ERROR:
        return _build_violation((*path, *context["path"]), context["keyword"], context["message"])
    if kind in ("missing", "too_long") and _is_in_tuple(error):
        return _build_tuple_finding(error)
    if kind == "missing" and path:
        return _build_violation(path, "required", f"required property {quote_name(str(path[-1]))} is missing")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _build_tag_finding(error)
    if kind == "extra_forbidden":
        return _build_violation(path, "additionalProperties", f"property {quote_name(str(path[-1]))} is not declared")
    if kind in _TYPES:
        return _build_violation(path, "type", _describe_mismatch(_TYPES[kind], error.value))
    if kind == "union":
        return _build_violation(path, "anyOf", _describe_mismatch(join_alternatives(context["expected"]), error.value))
    if kind == "literal_error":
        return _build_violation(path, "enum", _describe_mismatch(context["expected"], error.value))
    return _build_violation(path, _KEYWORDS.get(kind, ""), _describe_violation(error))


def _is_in_tuple(error: LocatedError) -> bool:
    return error.context.get("field_type") == "Tuple" or bool(error.path and isinstance(error.path[-1], int))


def _build_tuple_finding(error: LocatedError) -> Finding:
    if error.kind == "missing":
        return _build_violation(error.path[:-1], "minItems", f"item {error.path[-1]} is missing")
    limit = error.context["max_length"]
    return _build_violation((*error.path, limit), "items", f"at most {format_count(limit, 'item')} are allowed")


def _build_tag_finding(error: LocatedError) -> Finding:
    key = str(error.context["discriminator"]).split(" | ")[-1].strip("'")
    path = (*error.path, key)
    value = cast("Mapping[str, Any]", error.value)  # pydantic looks for tags in objects only
    if key not in value:
        return _build_violation(path, "required", f"required property {quote_name(key)} is missing")
    expected = str(error.context.get("expected_tags", "a known value")).split(", ")
    return _build_violation(path, "enum", _describe_mismatch(join_alternatives(expected), value[key]))


def _describe_violation(error: LocatedError) -> str:
    keyword = _KEYWORDS.get(error.kind, error.kind)
    limits = [value for key, value in error.context.items() if key not in ("field_type", "actual_length")]
    return f"{describe_value(error.value)} violates {' '.join([keyword, *map(format_value, limits)])}"


def _describe_mismatch(expected: object, value: object) -> str:
    return f"expected {expected}, got {describe_value(value)}"


def _build_violation(path: Path, keyword: str, message: str) -> Finding:
    return Finding(join_pointer(path), VIOLATION, message, keyword)
