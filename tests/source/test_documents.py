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


def test_a_merge_conflict_is_said_to_be_one_at_its_line() -> None:
    found = parse_json_document("schemas/shop/order.schema.json", CONFLICT)
    assert isinstance(found, Diagnostic)
    assert (found.code.id, found.message) == ("SOURCE_NOT_JSON", "the file contains a merge conflict")
    assert (found.location.line, found.location.column) == (3, 1)


def test_the_marks_inside_of_a_string_are_none() -> None:
    assert isinstance(parse_json_document("a.schema.json", b'{"description": "<<<<<<< HEAD"}'), Document)
