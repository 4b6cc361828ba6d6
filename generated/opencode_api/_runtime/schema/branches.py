"""Which branch of a union a value means: by its JSON type, by constant properties, by what fits best.

Leaving out a branch is sound: its types or its required constants already refuse the value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..json.formatting import literal, type_name
from ..json.text import canonical
from .documents import MISSING, Documents, SchemaRefused, Site
from .evaluation import At, Outcome

TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
WORDS = frozenset({
    "$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "title", "description", "default", "examples",
    "deprecated", "readOnly", "writeOnly",
})  # fmt: skip
"""Keywords that say nothing of what a value may be."""
DEEPEST = 24
"""How far references are followed to learn what a branch accepts; past it, anything."""
DEEPEST_TAG = 3
"""How many properties may lead to a constant (`status.type` is two)."""

Path = tuple[str, ...]
Tag = Mapping[str, Any]
"""The values that a constant property may have, by their canonical text."""


@dataclass(frozen=True, slots=True)
class WrongType:
    """No branch takes a value of this JSON type, or none of these constants is the value; `expected` are words."""

    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownTag:
    """The property that tells the branches apart is missing or has a value that no branch has."""

    name: str
    known: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Several:
    """More than one branch of a `oneOf` matches; indices count from 0."""

    matching: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The branches that a value can mean; where none can be it, the fault and its place."""

    branches: tuple[Site, ...]
    fault: WrongType | UnknownTag | None = None
    at: At | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """A constant property that tells branches apart: the branches by its value, and those that do not require it."""

    path: Path
    known: Tag
    by_value: Mapping[str, tuple[Site, ...]]
    others: tuple[Site, ...]


class Branches:
    """What is known of the branches of unions without a value; each is looked at once."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._of: dict[tuple[Site, str], tuple[Site, ...]] = {}
        self._fitting: dict[tuple[Site, str, str], tuple[Site, ...]] = {}
        self._switches: dict[tuple[tuple[Site, ...], frozenset[Path]], Switch | None] = {}
        self._types: dict[Site, frozenset[str]] = {}
        self._tags: dict[Site, Mapping[Path, Tag]] = {}

    def of(self, site: Site, keyword: str) -> tuple[Site, ...]:
        """The schemas that a keyword lists."""
        if (site, keyword) not in self._of:
            count = len(site.keywords.get(keyword, ()))
            self._of[site, keyword] = tuple(self._documents.below(site, keyword, index) for index in range(count))
        return self._of[site, keyword]

    def narrow(self, site: Site, keyword: str, at: At) -> Narrowed:
        """The branches whose types and constants allow the value."""
        key = (site, keyword, type_name(at.value))
        if key not in self._fitting:
            self._fitting[key] = tuple(branch for branch in self.of(site, keyword) if key[2] in self.types(branch))
        fitting = self._fitting[key]
        if not fitting:
            return Narrowed((), WrongType(self._expected(self.of(site, keyword), ())))
        return self._by_tags(fitting, at) if isinstance(at.value, dict) else Narrowed(fitting)

    def nearest(self, site: Site, keyword: str, failed: Sequence[Outcome]) -> WrongType | Outcome:
        """The failed branch that explains best: decided deepest in the document, then with the fewest faults.

        Branches that are all constants are one choice of values.
        """
        if len(failed) > 1 and all(_is_wrong_constant(outcome) for outcome in failed):
            return WrongType(self._expected(self.of(site, keyword), failed))
        return max(failed, key=lambda o: (min((f.depth for f in o.faults), default=0), -len(o.faults)))

    def types(self, site: Site, depth: int = 0) -> frozenset[str]:
        """The JSON types that a schema can accept; `number` stands for those that are no integers."""
        if site not in self._types:
            self._types[site] = TYPES  # while it is being looked at
            self._types[site] = self._look_for_types(site, depth) if depth < DEEPEST else TYPES
        return self._types[site]

    def _look_for_types(self, site: Site, depth: int) -> frozenset[str]:
        if site.schema is False:
            return frozenset()
        keywords = site.keywords
        found = _named_types(keywords["type"]) if "type" in keywords else TYPES
        if "const" in keywords:
            found &= {type_name(keywords["const"])}
        if "enum" in keywords:
            found &= {type_name(option) for option in keywords["enum"]}
        for other in self._also(site):
            found &= self.types(other, depth + 1)
        for keyword in ("anyOf", "oneOf"):
            if keyword in keywords:
                found &= frozenset[str]().union(*(self.types(branch, depth + 1) for branch in self.of(site, keyword)))
        return found

    def _also(self, site: Site) -> Iterator[Site]:
        """The schemas that hold for the same value as this one."""
        if "$ref" in site.keywords:
            try:
                yield self._documents.resolve(site, site.keywords["$ref"])
            except SchemaRefused:
                return
        yield from self.of(site, "allOf")

    def _by_tags(self, fitting: tuple[Site, ...], at: At) -> Narrowed:
        """Keep the branches that have the constants of the value, property by property, while that tells them apart."""
        used: frozenset[Path] = frozenset()
        while len(fitting) > 1 and (switch := self._switch(fitting, used)):
            used |= {switch.path}
            place = _place(at, switch.path)
            whole = place.depth - at.depth == len(switch.path)
            if place.value is not MISSING and not whole:
                continue
            text = "" if place.value is MISSING else canonical(place.value)
            kept = switch.by_value.get(text, switch.others)
            if not kept:
                known = tuple(switch.known.values()) if whole else ()
                return Narrowed(fitting, UnknownTag(str(place.name), known), place)
            fitting = kept
        return Narrowed(fitting)

    def _switch(self, fitting: tuple[Site, ...], used: frozenset[Path]) -> Switch | None:
        """The constant property that most of the branches have, and in which they differ most."""
        if (fitting, used) not in self._switches:
            paths = dict.fromkeys(path for site in fitting for path in self.tags(site) if path not in used)
            switches = [self._switch_on(path, fitting) for path in paths]
            telling = [switch for switch in switches if len(set(switch.by_value.values()) | {switch.others}) > 1]
            self._switches[fitting, used] = max(telling, key=_rank, default=None)
        return self._switches[fitting, used]

    def _switch_on(self, path: Path, fitting: tuple[Site, ...]) -> Switch:
        known: dict[str, Any] = {}
        for site in fitting:
            known.update(self.tags(site).get(path, {}))
        by_value = {text: tuple(site for site in fitting if text in self.tags(site).get(path, known)) for text in known}
        return Switch(path, known, by_value, tuple(site for site in fitting if path not in self.tags(site)))

    def tags(self, site: Site, depth: int = 0) -> Mapping[Path, Tag]:
        """The required properties of a schema that are constant, with the values that each may have."""
        if site not in self._tags:
            self._tags[site] = {}  # while it is being looked at
            if depth < DEEPEST and "object" in self.types(site):
                self._tags[site] = self._look_for_tags(site, depth)
        return self._tags[site]

    def _look_for_tags(self, site: Site, depth: int) -> Mapping[Path, Tag]:
        found: dict[Path, Tag] = {}
        keywords = site.keywords
        for name in keywords.get("required", ()):
            if name in keywords.get("properties", {}):
                inner = self._documents.below(site, "properties", name)
                values = self._constants(inner, depth + 1)
                if values is not None:
                    found[(name,)] = {canonical(value): value for value in values}
                elif self.types(inner) == frozenset({"object"}):
                    below = self.tags(inner, depth + 1).items()
                    found.update({(name, *path): tag for path, tag in below if len(path) < DEEPEST_TAG})
        for other in self._also(site):
            found.update({path: tag for path, tag in self.tags(other, depth + 1).items() if path not in found})
        return found

    def is_free_form(self, site: Site) -> bool:
        """Whether a schema takes any value, or any of some types, and says nothing of properties."""
        for _ in range(DEEPEST):
            telling = {keyword for keyword in site.keywords if keyword not in WORDS and not keyword.startswith("x-")}
            if telling != {"$ref"}:
                return site.schema is not False and telling <= {"type"}
            site = self._documents.resolve(site, site.keywords["$ref"])
        return False

    def _constants(self, site: Site, depth: int) -> Sequence[Any] | None:
        keywords = site.keywords
        if "const" in keywords:
            return (keywords["const"],)
        if "enum" in keywords:
            return tuple(keywords["enum"])
        if depth >= DEEPEST:
            return None
        return next((found for other in self._also(site) if (found := self._constants(other, depth + 1))), None)

    def _expected(self, branches: Sequence[Site], failed: Sequence[Outcome]) -> tuple[str, ...]:
        """Words for what branches take: the constants of those that failed on them, the types of the others."""
        words: dict[str, None] = {}
        wrong = {outcome.site: outcome for outcome in failed}
        for site in branches:
            for fault in wrong[site].faults if site in wrong else ():
                limit = fault.site.keywords[fault.keyword]
                words.update(dict.fromkeys(literal(value) for value in (limit if fault.keyword == "enum" else [limit])))
            if site not in wrong:
                words.update(dict.fromkeys(in_order(self.types(site))))
        return tuple(words)


def in_order(types: frozenset[str]) -> tuple[str, ...]:
    """Type names as a person would list them: `number` stands for both kinds, null comes last."""
    order = ("string", "integer", "number", "boolean", "array", "object", "null")
    return tuple(name for name in order if name in types and not (name == "integer" and "number" in types))


def _named_types(stated: Any) -> frozenset[str]:
    names = frozenset([stated] if isinstance(stated, str) else stated)
    return names | {"integer"} if "number" in names else names


def _rank(switch: Switch) -> tuple[int, int, int]:
    return (-len(switch.others), len(set(switch.by_value.values())), -len(switch.path))


def _is_wrong_constant(outcome: Outcome) -> bool:
    return all(fault.keyword in ("const", "enum") and fault.at is outcome.at for fault in outcome.faults)


def _place(at: At, path: Path) -> At:
    """The place of a nested property, or the first one on the way that is missing or holds no properties."""
    for name in path:
        if not isinstance(at.value, dict):
            break
        at = at.below(name)
    return at
