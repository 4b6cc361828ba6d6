"""Accepting common documents straight from bytes: a msgspec type that takes less than a schema does, never more.

What the type takes is valid, has no undeclared property and is I-JSON (see `accepting`). Whatever it does not take, or
cannot say of a schema, is left to those who judge.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from .documents import Documents, SchemaRefused, Site
from .msgspec_types import (
    FIELD_NAME,
    KINDS,
    MOST_CHECKED,
    SIZES,
    VALUES,
    Field,
    Said,
    Tag,
    Unsaid,
    anything,
    beginning,
    kinds_of,
    limited,
    list_of,
    literals,
    map_of,
    number,
    string,
    struct,
    sure,
    values_of,
    whole,
)

__all__ = ["accepting", "decoder"]

_ANNOTATIONS = frozenset({
    "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "externalDocs",
    "discriminator", "xml", "contentEncoding", "contentMediaType", "contentSchema", "$comment", "$schema", "$id",
    "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "$defs", "definitions",
})  # fmt: skip
_KNOWN = frozenset({
    "type", "enum", "const", "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "items", "minItems", "maxItems", "properties", "required", "additionalProperties",
    "unevaluatedProperties",
})  # fmt: skip
"""The keywords that a type can say; a schema with any other is not accepted here."""
_SPEAKS_OF_REST = frozenset({"additionalProperties", "unevaluatedProperties"})
_UNSURE = re.compile(rb"\\u(?:[dD]|003[aA])")
"""Escapes of surrogates, which may be lone, and of the colon, which is counted."""
_BACKSLASH, _COLON = b"\\:"
_DEEPEST = 32
"""How deep a type may be, or references lead on; what is deeper, and MAX_DEPTH is much deeper, is not accepted here."""


Verdict = Callable[[bytes | str], bool]


def decoder(documents: Documents, root: Site, annotations: frozenset[str]) -> Callable[[bytes], object] | None:
    """What reads valid documents without undeclared properties, though perhaps not all; None if it would read none."""
    try:
        return msgspec.json.Decoder(whole(_Types(documents, annotations).of(root))).decode
    except (Unsaid, TypeError, ValueError):
        return None


def accepting(decode: Callable[[bytes], object] | None, otherwise: Verdict) -> Verdict:
    """True of a text that surely is what a decoder reads, and of any other what `otherwise` says: one call for most.

    msgspec reads JSON to the letter: UTF-8, no trailing data, no NaN, no integer past MAX_DIGITS; how deep it goes, the
    type says. It does let names be repeated. A colon in JSON follows a name or is part of a string (`_UNSURE` looks for
    the one other way to write it there), so what is printed of the value has as many colons as the text, unless a
    repeated name was dropped with its colon; nothing is ever added.
    """
    if decode is None:
        return otherwise
    print_into = msgspec.json.Encoder().encode_into

    def accepts(text: bytes | str) -> bool:
        if type(text) is not bytes or (_BACKSLASH in text and _UNSURE.search(text)):
            return otherwise(text)
        printed = bytearray(len(text))
        try:
            print_into(decode(text), printed)
            if printed.count(_COLON) == text.count(_COLON):
                return True
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
            pass
        return otherwise(text)

    return accepts


def _declares_nothing(keywords: Mapping[str, Any]) -> bool:
    """Whether whatever an object has is undeclared."""
    return "properties" in keywords and _SPEAKS_OF_REST.isdisjoint(keywords)


class _Types:
    """The types of schemas; each is made once, and what refers to itself says nothing of the inner one."""

    def __init__(self, documents: Documents, annotations: frozenset[str]) -> None:
        self._documents = documents
        self._annotations = annotations | _ANNOTATIONS
        self._known: dict[tuple[Site, Tag | None], Said | None] = {}
        self._level = 0

    def of(self, site: Site, tag: Tag | None = None) -> Said:
        """The type of a schema, with a tag if it is a branch told apart by one; raises Unsaid."""
        if (site, tag) not in self._known:
            self._known[site, tag] = None
            self._known[site, tag] = self._made(site, tag)
        said = self._known[site, tag]
        if said is None:
            raise Unsaid
        return said

    def _made(self, site: Site, tag: Tag | None) -> Said | None:
        if self._level > _DEEPEST:
            return None
        self._level += 1
        try:
            branches = [site] if tag else self._branches(site)
            return self._schema(site, tag) if branches == [site] else self._union(branches)
        except Unsaid:
            return None
        finally:
            self._level -= 1

    # schemas

    def _stated(self, site: Site) -> Mapping[str, Any]:
        """The keywords that are more than annotations."""
        if not isinstance(site.schema, dict) and site.schema is not True:
            raise Unsaid
        keywords = site.keywords
        return {k: v for k, v in keywords.items() if k not in self._annotations and not k.startswith("x-")}

    def _target(self, site: Site) -> Site:
        """The schema that is meant where one only refers to another."""
        for _ in range(_DEEPEST):
            if set(self._stated(site)) != {"$ref"}:
                return site
            try:
                site = self._documents.resolve(site, site.keywords["$ref"])
            except SchemaRefused:
                break
        raise Unsaid

    def _branches(self, site: Site) -> list[Site]:
        """The schemas that a schema is a union of, with those of unions inside."""
        found: dict[Site, None] = {}
        left = [site]
        while left:
            one = self._target(left.pop())
            if one in found:  # a value would match twice
                raise Unsaid
            found[one] = None
            left.extend(self._alternatives(one))
        return [one for one in found if not self._alternatives(one)]

    def _alternatives(self, site: Site) -> list[Site]:
        """The branches of a schema that is a union and nothing else."""
        match list(self._stated(site)):
            case ["anyOf" | "oneOf" as keyword]:
                schemas: list[Any] = site.keywords[keyword]
                return [self._documents.below(site, keyword, index) for index in range(len(schemas))]
            case _:
                return []

    def _union(self, branches: list[Site]) -> Said:
        """The types of schemas no two of which take the same value: by kind, or, of objects, by a tag."""
        kinds = [kinds_of(self._stated(branch)) for branch in branches]
        for kind in KINDS - {"object"}:
            if sum(kind in each for each in kinds) > 1:
                raise Unsaid
        objects = [branch for branch, each in zip(branches, kinds, strict=True) if "object" in each]
        tags = self._tags(objects)
        types: dict[str, Any] = {}
        for said in self._each(branches, tags):
            for kind, each in said.items():
                types[kind] = types[kind] | each if kind in types else each
        return sure(types)

    def _each(self, branches: Iterable[Site], tags: Mapping[Site, Sequence[Tag | None]]) -> Iterator[Said]:
        for branch in branches:
            for tag in tags.get(branch, (None,)):
                try:
                    yield self.of(branch, tag)
                except Unsaid:
                    continue

    def _tags(self, objects: list[Site]) -> Mapping[Site, Sequence[Tag | None]]:
        """The tags of each branch, by the first required property whose values differ in all of them."""
        if len(objects) < 2:
            return {}
        for name in self._stated(objects[0]).get("required", ()):
            values = [self._tag_values(branch, name) for branch in objects]
            if all(values) and sum(map(len, values)) == len({value for each in values for value in each}):
                return {branch: [(name, value) for value in each] for branch, each in zip(objects, values, strict=True)}
        raise Unsaid

    def _tag_values(self, branch: Site, name: str) -> list[str]:
        """The strings that a required property can be; none if it can be anything else."""
        keywords = self._stated(branch)
        if name not in keywords.get("required", ()) or name not in keywords.get("properties", {}):
            return []
        stated = self._stated(self._target(self._documents.below(branch, "properties", name)))
        values = values_of(stated)
        return list(dict.fromkeys(values)) if all(isinstance(value, str) for value in values) else []

    def _schema(self, site: Site, tag: Tag | None) -> Said:
        keywords = self._stated(site)
        if not keywords:
            return anything()
        if not keywords.keys() <= _KNOWN:
            raise Unsaid
        if keywords.keys() & VALUES:
            return literals(keywords)
        types: dict[str, Any] = {}
        for kind in sorted(kinds_of(keywords)):
            try:
                types[kind] = self._kind(kind, site, keywords, tag)
            except Unsaid:
                continue
        return sure(types)

    def _kind(self, kind: str, site: Site, keywords: Mapping[str, Any], tag: Tag | None) -> Any:
        """The type for values of one kind."""
        match kind:
            case "null":
                return type(None)
            case "boolean":
                return bool
            case "string":
                return string(keywords)
            case "number":
                return number(keywords)
            case "array":
                items = self.of(self._documents.below(site, "items")) if "items" in keywords else anything()
                return limited(list_of(whole(items)), keywords, SIZES)
            case "object" if keywords.get("properties") or _declares_nothing(keywords):
                return self._struct(site, keywords, tag)
            case "object":
                return self._map(site, keywords)
            case _:
                raise Unsaid

    # objects

    def _map(self, site: Site, keywords: Mapping[str, Any]) -> Any:
        if keywords.get("required") or "unevaluatedProperties" in keywords:
            raise Unsaid
        if "additionalProperties" in keywords:
            return map_of(whole(self.of(self._documents.below(site, "additionalProperties"))))
        return anything()["object"]

    def _struct(self, site: Site, keywords: Mapping[str, Any], tag: Tag | None) -> Any:
        """A struct of the declared properties; optional ones that no type says anything of must be absent."""
        properties: Mapping[str, Any] = keywords["properties"]
        required = frozenset[str](keywords.get("required", ()))
        if not required <= properties.keys():
            raise Unsaid
        fields: list[Field] = []
        for name in properties:
            prefix = self._prefix(site, name) if name in required and (tag is None or name != tag[0]) else ""
            if prefix and sum(bool(field.prefix) for field in fields) < MOST_CHECKED:
                fields.append(Field(name, str, True, prefix))
                continue
            said = self._field(site, name, tag, required)
            if said is not None:
                fields.append(Field(name, whole(said), name in required))
        return struct(fields, tag)

    def _prefix(self, site: Site, name: str) -> str:
        """How a property must begin, if that is all that is asked of it; or nothing."""
        stated = self._stated(self._target(self._documents.below(site, "properties", name)))
        return beginning(stated) if FIELD_NAME.fullmatch(name) else ""

    def _field(self, site: Site, name: str, tag: Tag | None, required: frozenset[str]) -> Said | None:
        """What is said of a property; None for the tag, and for an optional one of which nothing is."""
        try:
            if not FIELD_NAME.fullmatch(name):
                raise Unsaid
            said = self.of(self._documents.below(site, "properties", name))
        except Unsaid:
            if name in required:
                raise
            return None
        if tag is None or name != tag[0]:
            return said
        if tag[1] not in getattr(said.get("string"), "__args__", ()):
            raise Unsaid
        return None
