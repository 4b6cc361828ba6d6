"""The dialects of JSON Schema as data, and those that meta-schemas of the documents' own define from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from ..json.text import Json


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect: the meta-schema that an engine knows it by, and the keywords by which it differs from the others."""

    uri: str
    ref_alone: bool
    """A `$ref` makes its siblings void (draft-07 section 8.3)."""
    void: frozenset[str]
    """Keywords of other dialects, which mean nothing here."""
    narrowed: bool = False
    """Whether a meta-schema has left out vocabularies, which no engine knows of."""
    words: frozenset[str] = frozenset()
    """Annotations that no other dialect has."""


_VALIDATION = frozenset({
    "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength",
    "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains", "maxProperties",
    "minProperties", "required", "dependentRequired",
})  # fmt: skip
_UNEVALUATED = frozenset({"unevaluatedItems", "unevaluatedProperties"})
_APPLICATOR = frozenset({
    "prefixItems", "items", "contains", "additionalItems", "additionalProperties", "properties", "patternProperties",
    "dependentSchemas", "propertyNames", "if", "then", "else", "allOf", "anyOf", "oneOf", "not",
})  # fmt: skip
_LATER = _UNEVALUATED | {"dependentSchemas", "dependentRequired"}
DRAFT_07 = Dialect(
    "http://json-schema.org/draft-07/schema#",
    ref_alone=True,
    void=_LATER | {"prefixItems", "minContains", "maxContains", "$dynamicRef", "$recursiveRef"},
)
DRAFT_2019_09 = Dialect(
    "https://json-schema.org/draft/2019-09/schema",
    ref_alone=False,
    void=frozenset({"prefixItems", "$dynamicRef"}),
)
DRAFT_2020_12 = Dialect(
    "https://json-schema.org/draft/2020-12/schema",
    ref_alone=False,
    void=frozenset({"additionalItems", "$recursiveRef"}),
)
OPENAPI_3_1 = replace(DRAFT_2020_12, words=frozenset({"discriminator", "xml", "externalDocs", "example"}))
DIALECTS: Mapping[str, Dialect] = {
    **{dialect.uri.rstrip("#"): dialect for dialect in (DRAFT_07, DRAFT_2019_09, DRAFT_2020_12)},
    "https://spec.openapis.org/oas/3.1/dialect/base": OPENAPI_3_1,
    "https://spec.openapis.org/oas/3.1/dialect/2024-11-10": OPENAPI_3_1,
}
_VOCABULARIES: Mapping[str, Mapping[str, frozenset[str]]] = {
    DRAFT_2019_09.uri: {"validation": _VALIDATION, "applicator": _APPLICATOR | _UNEVALUATED},
    DRAFT_2020_12.uri: {"validation": _VALIDATION, "applicator": _APPLICATOR, "unevaluated": _UNEVALUATED},
}
"""The keywords with a say in the verdict by vocabulary."""
_WITHOUT_A_SAY = frozenset({"core", "meta-data", "content", "format", "format-annotation"})
"""`format` is that of 2019-09, which leaves it to us whether the keyword asserts."""


class MetaSchemas:
    """The dialects that may be stated beside a set of documents: ours, and those that one of the documents defines."""

    def __init__(self, documents: Mapping[str, Json]) -> None:
        self._documents = documents
        self._by_uri: dict[str, Mapping[str, Any]] | None = None

    def dialect(self, stated: str) -> Dialect | None:
        """The dialect of that URI; None if nobody knows it, or if it demands or leaves out what we cannot do so."""
        return self._dialect(stated, frozenset())

    def _dialect(self, stated: str, seen: frozenset[str]) -> Dialect | None:
        uri = stated.removesuffix("#")
        if uri in DIALECTS:
            return DIALECTS[uri]
        meta = None if uri in seen else self._metas().get(uri)
        if meta is None:
            return None
        base = self._dialect(str(meta.get("$schema", DRAFT_2020_12.uri)), seen | {uri})
        vocabularies = meta.get("$vocabulary")
        if base is None or not isinstance(vocabularies, dict):
            return base
        return _narrowed(base, cast("dict[str, Any]", vocabularies))

    def _metas(self) -> Mapping[str, Mapping[str, Any]]:
        """Documents by what they are called; looked at only once somebody states a dialect that is not ours."""
        if self._by_uri is None:
            found = {file: schema for file, schema in self._documents.items() if isinstance(schema, dict)}
            named = {str(schema["$id"]).removesuffix("#"): schema for schema in found.values() if "$id" in schema}
            self._by_uri = {**found, **named}
        return self._by_uri


def _narrowed(base: Dialect, stated: Mapping[str, Any]) -> Dialect | None:
    """The dialect of the vocabularies that a meta-schema lists (core, section 8.1.2); None if it demands others."""
    known = _VOCABULARIES.get(base.uri, {})
    home = base.uri.removesuffix("schema") + "vocab/"
    names = {uri.removeprefix(home): demanded for uri, demanded in stated.items()}
    if any(demanded and name not in known and name not in _WITHOUT_A_SAY for name, demanded in names.items()):
        return None
    void = frozenset[str]().union(*(keywords for name, keywords in known.items() if name not in names))
    return replace(base, void=base.void | void, narrowed=True) if void else base
