"""Selection of the union branches that a value may match: by JSON type and by constant properties.

Excluding a branch is sound, because its types or its required constants already rule out the value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..json.formatting import format_value, get_schema_type
from ..json.text import canonicalize
from .documents import MISSING, Documents, SubschemaRef, UnusableSchemaError
from .evaluation import EvaluationResult, InstanceNode

ALL_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
ANNOTATIONS = frozenset({
    "$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "title", "description", "default", "examples",
    "deprecated", "readOnly", "writeOnly",
})  # fmt: skip
"""Keywords without effect on validity."""
MAX_REFERENCES = 24
"""Nested schemas and references that are followed to find the types of a branch; past it, all types are assumed."""
MAX_TAG_DEPTH = 3
"""Properties in the path to a constant (`status.type` has two)."""

Path = tuple[str, ...]
Tag = Mapping[str, Any]
"""The values that a constant property may have, by canonical text."""


@dataclass(frozen=True, slots=True)
class WrongType:
    """No branch accepts the JSON type of the value, or the value differs from all constants."""

    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownTag:
    """The discriminating property is missing or has a value that no branch has."""

    name: str
    known: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class MultipleMatches:
    """More than one branch of a `oneOf` matches; indices count from 0."""

    matching: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class CandidateBranches:
    """The branches that a value may match; if there are none, the mismatch and its node."""

    branches: tuple[SubschemaRef, ...]
    mismatch: WrongType | UnknownTag | None = None
    node: InstanceNode | None = None


@dataclass(frozen=True, slots=True)
class Discriminator:
    """A constant property that distinguishes branches: the branches by its value, and those that do not require it."""

    path: Path
    known: Tag
    by_value: Mapping[str, tuple[SubschemaRef, ...]]
    others: tuple[SubschemaRef, ...]


class UnionAnalyzer:
    """Analysis of the branches of unions, with a cache for the parts that do not depend on the value."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._branches: dict[tuple[SubschemaRef, str], tuple[SubschemaRef, ...]] = {}
        self._candidates: dict[tuple[SubschemaRef, str, str], tuple[SubschemaRef, ...]] = {}
        self._discriminators: dict[tuple[tuple[SubschemaRef, ...], frozenset[Path]], Discriminator | None] = {}
        self._types: dict[SubschemaRef, frozenset[str]] = {}
        self._tags: dict[SubschemaRef, Mapping[Path, Tag]] = {}

    def get_branches(self, ref: SubschemaRef, keyword: str) -> tuple[SubschemaRef, ...]:
        """Return the schemas in the array of a keyword."""
        if (ref, keyword) not in self._branches:
            count = len(ref.keywords.get(keyword, ()))
            self._branches[ref, keyword] = tuple(
                self._documents.get_subschema(ref, keyword, index) for index in range(count)
            )
        return self._branches[ref, keyword]

    def select_candidates(self, ref: SubschemaRef, keyword: str, node: InstanceNode) -> CandidateBranches:
        """Return the branches whose types and constants allow the value of a node."""
        key = (ref, keyword, get_schema_type(node.value))
        if key not in self._candidates:
            self._candidates[key] = tuple(
                branch for branch in self.get_branches(ref, keyword) if key[2] in self.get_types(branch)
            )
        candidates = self._candidates[key]
        if not candidates:
            return CandidateBranches((), WrongType(self._describe_expected(self.get_branches(ref, keyword), ())))
        return self._narrow_by_tags(candidates, node) if isinstance(node.value, dict) else CandidateBranches(candidates)

    def select_nearest(
        self, ref: SubschemaRef, keyword: str, failed: Sequence[EvaluationResult]
    ) -> WrongType | EvaluationResult:
        """Return the failed branch that is nearest: violated deepest in the document, then with the fewest violations.

        If all branches are constants, return one mismatch that lists them.
        """
        if len(failed) > 1 and all(_is_wrong_constant(outcome) for outcome in failed):
            return WrongType(self._describe_expected(self.get_branches(ref, keyword), failed))
        return max(failed, key=lambda o: (min((f.depth for f in o.violations), default=0), -len(o.violations)))

    def get_types(self, ref: SubschemaRef, depth: int = 0) -> frozenset[str]:
        """Return the JSON types that a schema may accept; `number` here means numbers that are not integers."""
        if ref not in self._types:
            self._types[ref] = ALL_TYPES  # the result for a recursive reference
            self._types[ref] = self._find_types(ref, depth) if depth < MAX_REFERENCES else ALL_TYPES
        return self._types[ref]

    def _find_types(self, ref: SubschemaRef, depth: int) -> frozenset[str]:
        if ref.schema is False:
            return frozenset()
        keywords = ref.keywords
        types = _expand_types(keywords["type"]) if "type" in keywords else ALL_TYPES
        if "const" in keywords:
            types &= {get_schema_type(keywords["const"])}
        if "enum" in keywords:
            types &= {get_schema_type(option) for option in keywords["enum"]}
        for other in self._iter_in_place(ref):
            types &= self.get_types(other, depth + 1)
        for keyword in ("anyOf", "oneOf"):
            if keyword in keywords:
                types &= frozenset[str]().union(
                    *(self.get_types(branch, depth + 1) for branch in self.get_branches(ref, keyword))
                )
        return types

    def _iter_in_place(self, ref: SubschemaRef) -> Iterator[SubschemaRef]:
        """Yield the schemas that `$ref` and `allOf` apply to the same value."""
        if "$ref" in ref.keywords:
            try:
                yield self._documents.resolve(ref, ref.keywords["$ref"])
            except UnusableSchemaError:
                return
        yield from self.get_branches(ref, "allOf")

    def _narrow_by_tags(self, candidates: tuple[SubschemaRef, ...], node: InstanceNode) -> CandidateBranches:
        """Return the branches that have the constants of the value, one discriminator after the other."""
        used: frozenset[Path] = frozenset()
        while len(candidates) > 1 and (discriminator := self._choose_discriminator(candidates, used)):
            used |= {discriminator.path}
            tag_node = _find_tag_node(node, discriminator.path)
            is_complete = tag_node.depth - node.depth == len(discriminator.path)
            if tag_node.value is not MISSING and not is_complete:
                continue
            text = "" if tag_node.value is MISSING else canonicalize(tag_node.value)
            remaining = discriminator.by_value.get(text, discriminator.others)
            if not remaining:
                known = tuple(discriminator.known.values()) if is_complete else ()
                return CandidateBranches(candidates, UnknownTag(str(tag_node.name), known), tag_node)
            candidates = remaining
        return CandidateBranches(candidates)

    def _choose_discriminator(
        self, candidates: tuple[SubschemaRef, ...], used: frozenset[Path]
    ) -> Discriminator | None:
        """Return the constant property that most branches require, preferring one with more distinct values."""
        if (candidates, used) not in self._discriminators:
            paths = dict.fromkeys(path for ref in candidates for path in self.get_tags(ref) if path not in used)
            discriminators = [self._build_discriminator(path, candidates) for path in paths]
            useful = [d for d in discriminators if len(set(d.by_value.values()) | {d.others}) > 1]
            self._discriminators[candidates, used] = max(useful, key=_rank_discriminator, default=None)
        return self._discriminators[candidates, used]

    def _build_discriminator(self, path: Path, candidates: tuple[SubschemaRef, ...]) -> Discriminator:
        known: dict[str, Any] = {}
        for ref in candidates:
            known.update(self.get_tags(ref).get(path, {}))
        by_value = {
            text: tuple(ref for ref in candidates if text in self.get_tags(ref).get(path, known)) for text in known
        }
        return Discriminator(path, known, by_value, tuple(ref for ref in candidates if path not in self.get_tags(ref)))

    def get_tags(self, ref: SubschemaRef, depth: int = 0) -> Mapping[Path, Tag]:
        """Return the required constant properties of a schema, with the values that each may have."""
        if ref not in self._tags:
            self._tags[ref] = {}  # the result for a recursive reference
            if depth < MAX_REFERENCES and "object" in self.get_types(ref):
                self._tags[ref] = self._find_tags(ref, depth)
        return self._tags[ref]

    def _find_tags(self, ref: SubschemaRef, depth: int) -> Mapping[Path, Tag]:
        tags: dict[Path, Tag] = {}
        keywords = ref.keywords
        for name in keywords.get("required", ()):
            if name in keywords.get("properties", {}):
                inner = self._documents.get_subschema(ref, "properties", name)
                values = self._find_constants(inner, depth + 1)
                if values is not None:
                    tags[(name,)] = {canonicalize(value): value for value in values}
                elif self.get_types(inner) == frozenset({"object"}):
                    inner_tags = self.get_tags(inner, depth + 1).items()
                    tags.update({(name, *path): tag for path, tag in inner_tags if len(path) < MAX_TAG_DEPTH})
        for other in self._iter_in_place(ref):
            tags.update({path: tag for path, tag in self.get_tags(other, depth + 1).items() if path not in tags})
        return tags

    def is_free_form(self, ref: SubschemaRef) -> bool:
        """Return True if a schema accepts any value, or any value of some types, and declares no properties."""
        for _ in range(MAX_REFERENCES):
            keywords = {keyword for keyword in ref.keywords if keyword not in ANNOTATIONS and keyword[:2] != "x-"}
            if keywords != {"$ref"}:
                return ref.schema is not False and keywords <= {"type"}
            ref = self._documents.resolve(ref, ref.keywords["$ref"])
        return False

    def _find_constants(self, ref: SubschemaRef, depth: int) -> Sequence[Any] | None:
        keywords = ref.keywords
        if "const" in keywords:
            return (keywords["const"],)
        if "enum" in keywords:
            return tuple(keywords["enum"])
        if depth >= MAX_REFERENCES:
            return None
        for other in self._iter_in_place(ref):
            if (constants := self._find_constants(other, depth + 1)) is not None:
                return constants
        return None

    def _describe_expected(
        self, branches: Sequence[SubschemaRef], failed: Sequence[EvaluationResult]
    ) -> tuple[str, ...]:
        """Return what branches accept: the constants of the failed ones, the types of the others."""
        expected: dict[str, None] = {}
        outcomes = {outcome.subschema: outcome for outcome in failed}
        for ref in branches:
            for violation in outcomes[ref].violations if ref in outcomes else ():
                limit = violation.subschema.keywords[violation.keyword]
                constants = limit if violation.keyword == "enum" else [limit]
                expected.update(dict.fromkeys(format_value(value) for value in constants))
            if ref not in outcomes:
                expected.update(dict.fromkeys(sort_types(self.get_types(ref))))
        return tuple(expected)


def sort_types(types: frozenset[str]) -> tuple[str, ...]:
    """Return type names in the order of messages: null is last, and `number` includes `integer`."""
    order = ("string", "integer", "number", "boolean", "array", "object", "null")
    return tuple(name for name in order if name in types and not (name == "integer" and "number" in types))


def _expand_types(declared: Any) -> frozenset[str]:
    names = frozenset([declared] if isinstance(declared, str) else declared)
    return names | {"integer"} if "number" in names else names


def _rank_discriminator(discriminator: Discriminator) -> tuple[int, int, int]:
    return (-len(discriminator.others), len(set(discriminator.by_value.values())), -len(discriminator.path))


def _is_wrong_constant(outcome: EvaluationResult) -> bool:
    return all(v.keyword in ("const", "enum") and v.node is outcome.node for v in outcome.violations)


def _find_tag_node(node: InstanceNode, path: Path) -> InstanceNode:
    """Return the node of a nested property, or the first node on the path that is not an object."""
    for name in path:
        if not isinstance(node.value, dict):
            break
        node = node.get_child(name)
    return node
