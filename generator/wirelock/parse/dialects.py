"""Dialects of JSON Schema as data: what `$schema` may say, and the rules that differ."""

from __future__ import annotations

from dataclasses import dataclass

from wirelock.runtime.text import Json


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect; `ref_alone` is True where a `$ref` makes its siblings void (draft-07 section 8.3)."""

    uri: str
    ref_alone: bool = False


DRAFT_07 = Dialect("http://json-schema.org/draft-07/schema", ref_alone=True)
DRAFT_2019_09 = Dialect("https://json-schema.org/draft/2019-09/schema")
DRAFT_2020_12 = Dialect("https://json-schema.org/draft/2020-12/schema")
DIALECTS = (DRAFT_07, DRAFT_2019_09, DRAFT_2020_12)


def dialect_of(schema: Json) -> Dialect | None:
    """The dialect that a document states, 2020-12 if it states none, None if it is not one of ours."""
    stated = schema.get("$schema", DRAFT_2020_12.uri) if isinstance(schema, dict) else DRAFT_2020_12.uri
    if not isinstance(stated, str):
        return None
    return next((dialect for dialect in DIALECTS if dialect.uri == stated.rstrip("#")), None)
