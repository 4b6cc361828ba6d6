"""JSON Schema dialects: the built-in ones, and those that meta-schemas among the documents define."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from ..json.text import Json


@dataclass(frozen=True, slots=True)
class Dialect:
    """A dialect: the URI of its meta-schema, and the keywords by which it differs from the others."""

    uri: str
    ref_overrides_siblings: bool
    """True if keywords beside a `$ref` are ignored (draft-07 section 8.3)."""
    ignored_keywords: frozenset[str]
    """Keywords of other dialects, which have no effect in this one."""
    omits_vocabularies: bool = False
    """True if the meta-schema omits vocabularies; the engine does not support that."""
    annotations: frozenset[str] = frozenset()
    """Annotation keywords that only this dialect has."""


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
    ref_overrides_siblings=True,
    ignored_keywords=_LATER | {"prefixItems", "minContains", "maxContains", "$dynamicRef", "$recursiveRef"},
)
DRAFT_2019_09 = Dialect(
    "https://json-schema.org/draft/2019-09/schema",
    ref_overrides_siblings=False,
    ignored_keywords=frozenset({"prefixItems", "$dynamicRef"}),
)
DRAFT_2020_12 = Dialect(
    "https://json-schema.org/draft/2020-12/schema",
    ref_overrides_siblings=False,
    ignored_keywords=frozenset({"additionalItems", "$recursiveRef"}),
)
OPENAPI_3_1 = replace(DRAFT_2020_12, annotations=frozenset({"discriminator", "xml", "externalDocs", "example"}))
DIALECTS: Mapping[str, Dialect] = {
    **{dialect.uri.rstrip("#"): dialect for dialect in (DRAFT_07, DRAFT_2019_09, DRAFT_2020_12)},
    "https://spec.openapis.org/oas/3.1/dialect/base": OPENAPI_3_1,
    "https://spec.openapis.org/oas/3.1/dialect/2024-11-10": OPENAPI_3_1,
}
_VOCABULARIES: Mapping[str, Mapping[str, frozenset[str]]] = {
    DRAFT_2019_09.uri: {"validation": _VALIDATION, "applicator": _APPLICATOR | _UNEVALUATED},
    DRAFT_2020_12.uri: {"validation": _VALIDATION, "applicator": _APPLICATOR, "unevaluated": _UNEVALUATED},
}
"""Assertions and applicators by vocabulary."""
_ANNOTATION_VOCABULARIES = frozenset({"core", "meta-data", "content", "format", "format-annotation"})
"""Vocabularies without effect on validity; `format` is that of 2019-09, where assertion is optional."""


class MetaSchemas:
    """The dialects that a set of documents may use: built-in ones, and those that one of the documents defines."""

    def __init__(self, documents: Mapping[str, Json]) -> None:
        self._documents = documents
        self._by_uri: dict[str, Mapping[str, Any]] | None = None

    def get_dialect(self, uri: str) -> Dialect | None:
        """Return the dialect of a URI; None if it is unknown or requires an unknown vocabulary."""
        return self._resolve(uri, frozenset())

    def _resolve(self, uri: str, seen: frozenset[str]) -> Dialect | None:
        uri = uri.removesuffix("#")
        if uri in DIALECTS:
            return DIALECTS[uri]
        meta = None if uri in seen else self._index_by_uri().get(uri)
        if meta is None:
            return None
        base = self._resolve(str(meta.get("$schema", DRAFT_2020_12.uri)), seen | {uri})
        vocabularies = meta.get("$vocabulary")
        if base is None or not isinstance(vocabularies, dict):
            return base
        return _restrict(base, cast("dict[str, Any]", vocabularies))

    def _index_by_uri(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the documents by file and `$id`; built when a schema first uses a dialect that is not built in."""
        if self._by_uri is None:
            by_file = {file: schema for file, schema in self._documents.items() if isinstance(schema, dict)}
            by_id = {str(schema["$id"]).removesuffix("#"): schema for schema in by_file.values() if "$id" in schema}
            self._by_uri = {**by_file, **by_id}
        return self._by_uri


def _restrict(base: Dialect, vocabularies: Mapping[str, Any]) -> Dialect | None:
    """Return a dialect restricted to vocabularies (core, section 8.1.2); None if a required one is unknown."""
    known = _VOCABULARIES.get(base.uri, {})
    prefix = base.uri.removesuffix("schema") + "vocab/"
    names = {uri.removeprefix(prefix): required for uri, required in vocabularies.items()}
    if any(required and name not in known and name not in _ANNOTATION_VOCABULARIES for name, required in names.items()):
        return None
    ignored = frozenset[str]().union(*(keywords for name, keywords in known.items() if name not in names))
    if not ignored:
        return base
    return replace(base, ignored_keywords=base.ignored_keywords | ignored, omits_vocabularies=True)
