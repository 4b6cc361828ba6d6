"""Fast acceptance of common documents: a msgspec type that accepts a subset of the documents of a schema.

A document that the type accepts is valid, has no undeclared property and is I-JSON (see `build_acceptor`). For any
other document, and for schemas that no type expresses, the regular validation decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from .documents import Documents, SubschemaRef, UnusableSchemaError
from .msgspec_types import (
    ALL_KINDS,
    FIELD_NAME,
    MAX_PREFIXED_FIELDS,
    SIZE_LIMITS,
    VALUE_KEYWORDS,
    NotExpressible,
    StructField,
    Tag,
    TypesByKind,
    apply_limits,
    build_free_form,
    build_list,
    build_literals,
    build_map,
    build_number,
    build_string,
    build_struct,
    find_prefix,
    get_kinds,
    get_values,
    require_any,
    union_of,
)

__all__ = ["build_acceptor", "build_decoder"]

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
"""Keywords that a type can express; documents of a schema with other keywords take the regular path."""
_CLOSING = frozenset({"additionalProperties", "unevaluatedProperties"})
_UNCERTAIN_ESCAPES = re.compile(rb"\\u(?:[dD]|003[aA])")
"""Escapes of surrogates, which may be lone, and of the colon, which `build_acceptor` counts."""
_BACKSLASH, _COLON = b"\\:"
_MAX_DEPTH = 32
"""Nesting of types and length of reference chains that the fast path supports; well below MAX_DEPTH."""


TextPredicate = Callable[[bytes | str], bool]


def build_decoder(
    documents: Documents, root: SubschemaRef, annotations: frozenset[str]
) -> Callable[[bytes], object] | None:
    """Return a decoder that accepts only valid documents without undeclared properties; None if there is none."""
    try:
        return msgspec.json.Decoder(union_of(_TypeBuilder(documents, annotations).get_types(root))).decode
    except (NotExpressible, TypeError, ValueError):
        return None


def build_acceptor(decode: Callable[[bytes], object] | None, fallback: TextPredicate) -> TextPredicate:
    """Return a function that accepts a text that the decoder certainly accepts, and else calls the fallback.

    msgspec's decoder is strict: UTF-8, no trailing data, no NaN, no integer past MAX_DIGITS, and the type limits the
    depth. But it accepts duplicate names. To detect these, the value is encoded again and the colons are counted. A
    colon in JSON follows a name or is part of a string (`_UNCERTAIN_ESCAPES` excludes escaped ones), and encoding adds
    none, so that there are fewer of them only if a duplicate name was dropped.
    """
    if decode is None:
        return fallback
    encode_into = msgspec.json.Encoder().encode_into

    def accepts(text: bytes | str) -> bool:
        if type(text) is not bytes or (_BACKSLASH in text and _UNCERTAIN_ESCAPES.search(text)):
            return fallback(text)
        encoded = bytearray(len(text))
        try:
            encode_into(decode(text), encoded)
            if encoded.count(_COLON) == text.count(_COLON):
                return True
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
            pass
        return fallback(text)

    return accepts


def _declares_nothing(keywords: Mapping[str, Any]) -> bool:
    """Return True if the properties that the schema does not list are undeclared, for a schema with `properties`."""
    return "properties" in keywords and _CLOSING.isdisjoint(keywords)


class _TypeBuilder:
    """Builds msgspec types of schemas, each once; a recursive schema is not expressible within itself."""

    def __init__(self, documents: Documents, annotations: frozenset[str]) -> None:
        self._documents = documents
        self._annotations = annotations | _ANNOTATIONS
        self._known: dict[tuple[SubschemaRef, Tag | None], TypesByKind | None] = {}
        self._level = 0

    def get_types(self, ref: SubschemaRef, tag: Tag | None = None) -> TypesByKind:
        """Return the types of a schema, with a tag if it is a branch of a tagged union; raise NotExpressible."""
        if (ref, tag) not in self._known:
            self._known[ref, tag] = None
            self._known[ref, tag] = self._build(ref, tag)
        types = self._known[ref, tag]
        if types is None:
            raise NotExpressible
        return types

    def _build(self, ref: SubschemaRef, tag: Tag | None) -> TypesByKind | None:
        if self._level > _MAX_DEPTH:
            return None
        self._level += 1
        try:
            branches = [ref] if tag else self._flatten_union(ref)
            return self._build_schema(ref, tag) if branches == [ref] else self._build_union(branches)
        except NotExpressible:
            return None
        finally:
            self._level -= 1

    # schemas

    def _get_keywords(self, ref: SubschemaRef) -> Mapping[str, Any]:
        """Return the keywords that are not annotations; raise NotExpressible for the schema `false`."""
        if not isinstance(ref.schema, dict) and ref.schema is not True:
            raise NotExpressible
        keywords = ref.keywords
        return {k: v for k, v in keywords.items() if k not in self._annotations and not k.startswith("x-")}

    def _follow_references(self, ref: SubschemaRef) -> SubschemaRef:
        """Return the target of a schema that is only a reference, or the schema itself; raise NotExpressible."""
        for _ in range(_MAX_DEPTH):
            if set(self._get_keywords(ref)) != {"$ref"}:
                return ref
            try:
                ref = self._documents.resolve(ref, ref.keywords["$ref"])
            except UnusableSchemaError:
                break
        raise NotExpressible

    def _flatten_union(self, ref: SubschemaRef) -> list[SubschemaRef]:
        """Return the branches of a schema that is a union, including those of nested unions; else the schema itself."""
        seen: dict[SubschemaRef, None] = {}
        stack = [ref]
        while stack:
            ref = self._follow_references(stack.pop())
            if ref in seen:  # a value would match twice
                raise NotExpressible
            seen[ref] = None
            stack.extend(self._get_branches(ref))
        return [ref for ref in seen if not self._get_branches(ref)]

    def _get_branches(self, ref: SubschemaRef) -> list[SubschemaRef]:
        """Return the branches of a schema that is only a union; an empty list for any other schema."""
        match list(self._get_keywords(ref)):
            case ["anyOf" | "oneOf" as keyword]:
                schemas: list[Any] = ref.keywords[keyword]
                return [self._documents.get_subschema(ref, keyword, index) for index in range(len(schemas))]
            case _:
                return []

    def _build_union(self, branches: list[SubschemaRef]) -> TypesByKind:
        """Return the types of branches that exclude each other, by kind or, for objects, by a tag."""
        kinds = [get_kinds(self._get_keywords(branch)) for branch in branches]
        for kind in ALL_KINDS - {"object"}:
            if sum(kind in branch_kinds for branch_kinds in kinds) > 1:
                raise NotExpressible
        objects = [branch for branch, branch_kinds in zip(branches, kinds, strict=True) if "object" in branch_kinds]
        tags = self._find_tags(objects)
        union: dict[str, Any] = {}
        for types in self._build_branches(branches, tags):
            for kind, type_ in types.items():
                union[kind] = union[kind] | type_ if kind in union else type_
        return require_any(union)

    def _build_branches(
        self, branches: Iterable[SubschemaRef], tags: Mapping[SubschemaRef, Sequence[Tag | None]]
    ) -> Iterator[TypesByKind]:
        for branch in branches:
            for tag in tags.get(branch, (None,)):
                try:
                    yield self.get_types(branch, tag)
                except NotExpressible:
                    continue

    def _find_tags(self, objects: list[SubschemaRef]) -> Mapping[SubschemaRef, Sequence[Tag | None]]:
        """Return the tags of each branch: the values of the first required property that differs in all branches."""
        if len(objects) < 2:
            return {}
        for name in self._get_keywords(objects[0]).get("required", ()):
            values = {branch: self._get_tag_values(branch, name) for branch in objects}
            distinct = {value for tag_values in values.values() for value in tag_values}
            if all(values.values()) and sum(map(len, values.values())) == len(distinct):
                return {branch: [(name, value) for value in tag_values] for branch, tag_values in values.items()}
        raise NotExpressible

    def _get_tag_values(self, branch: SubschemaRef, name: str) -> list[str]:
        """Return the strings that a required property may be; an empty list if it may have other values."""
        keywords = self._get_keywords(branch)
        if name not in keywords.get("required", ()) or name not in keywords.get("properties", {}):
            return []
        property_ref = self._follow_references(self._documents.get_subschema(branch, "properties", name))
        values = get_values(self._get_keywords(property_ref))
        return list(dict.fromkeys(values)) if all(isinstance(value, str) for value in values) else []

    def _build_schema(self, ref: SubschemaRef, tag: Tag | None) -> TypesByKind:
        keywords = self._get_keywords(ref)
        if not keywords:
            return build_free_form()
        if not keywords.keys() <= _KNOWN:
            raise NotExpressible
        if keywords.keys() & VALUE_KEYWORDS:
            return build_literals(keywords)
        types: dict[str, Any] = {}
        for kind in sorted(get_kinds(keywords)):
            try:
                types[kind] = self._build_kind(kind, ref, keywords, tag)
            except NotExpressible:
                continue
        return require_any(types)

    def _build_kind(self, kind: str, ref: SubschemaRef, keywords: Mapping[str, Any], tag: Tag | None) -> Any:
        """Return the type for values of one kind."""
        match kind:
            case "null":
                return type(None)
            case "boolean":
                return bool
            case "string":
                return build_string(keywords)
            case "number":
                return build_number(keywords)
            case "array":
                return self._build_array(ref, keywords)
            case "object" if keywords.get("properties") or _declares_nothing(keywords):
                return self._build_struct(ref, keywords, tag)
            case "object":
                return self._build_map(ref, keywords)
            case _:
                raise NotExpressible

    def _build_array(self, ref: SubschemaRef, keywords: Mapping[str, Any]) -> Any:
        has_items = "items" in keywords
        types = self.get_types(self._documents.get_subschema(ref, "items")) if has_items else build_free_form()
        return apply_limits(build_list(union_of(types)), keywords, SIZE_LIMITS)

    # objects

    def _build_map(self, ref: SubschemaRef, keywords: Mapping[str, Any]) -> Any:
        if keywords.get("required") or "unevaluatedProperties" in keywords:
            raise NotExpressible
        if "additionalProperties" in keywords:
            return build_map(union_of(self.get_types(self._documents.get_subschema(ref, "additionalProperties"))))
        return build_free_form()["object"]

    def _build_struct(self, ref: SubschemaRef, keywords: Mapping[str, Any], tag: Tag | None) -> Any:
        """Return a struct of the declared properties; without the optional ones that no type expresses."""
        properties: Mapping[str, Any] = keywords["properties"]
        required = frozenset[str](keywords.get("required", ()))
        if not required <= properties.keys():
            raise NotExpressible
        fields: list[StructField] = []
        for name in properties:
            prefix = self._find_prefix(ref, name) if name in required and (tag is None or name != tag[0]) else ""
            if prefix and sum(bool(field.prefix) for field in fields) < MAX_PREFIXED_FIELDS:
                fields.append(StructField(name, str, True, prefix))
                continue
            types = self._build_field(ref, name, tag, required)
            if types is not None:
                fields.append(StructField(name, union_of(types), name in required))
        return build_struct(fields, tag)

    def _find_prefix(self, ref: SubschemaRef, name: str) -> str:
        """Return the prefix of a property that its pattern requires, if that is its only constraint; else ""."""
        property_ref = self._follow_references(self._documents.get_subschema(ref, "properties", name))
        return find_prefix(self._get_keywords(property_ref)) if FIELD_NAME.fullmatch(name) else ""

    def _build_field(
        self, ref: SubschemaRef, name: str, tag: Tag | None, required: frozenset[str]
    ) -> TypesByKind | None:
        """Return the types of a property; None for the tag, and for an optional property that no type expresses."""
        try:
            if not FIELD_NAME.fullmatch(name):
                raise NotExpressible
            types = self.get_types(self._documents.get_subschema(ref, "properties", name))
        except NotExpressible:
            if name in required:
                raise
            return None
        if tag is None or name != tag[0]:
            return types
        if tag[1] not in getattr(types.get("string"), "__args__", ()):
            raise NotExpressible
        return None
