"""Source documents with faults: each diagnostic names location and fault."""

from __future__ import annotations

from wirelock.diagnostics import Diagnostic
from wirelock.source.documents import Document, parse_json_document

CONFLICT = b"""{
  "type": "object",
<<<<<<< HEAD
  "required": ["id"]
=======
  "required": ["key"]
>>>>>>> topic
}
"""


def test_a_merge_conflict_is_reported_at_its_line() -> None:
    diagnostic = parse_json_document("schemas/shop/order.schema.json", CONFLICT)
    assert isinstance(diagnostic, Diagnostic)
    assert (diagnostic.code.id, diagnostic.message) == ("SOURCE_NOT_JSON", "the file contains a merge conflict")
    assert (diagnostic.location.line, diagnostic.location.column) == (3, 1)


def test_conflict_markers_in_a_string_are_ignored() -> None:
    assert isinstance(parse_json_document("a.schema.json", b'{"description": "<<<<<<< HEAD"}'), Document)
