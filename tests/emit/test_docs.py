"""Markdown documentation of facts that the protos do not show."""

from __future__ import annotations

from checkout import ROOT, load_config

from wirelock.build import build
from wirelock.emit import docs


def find_row(scenario: str, page: str, field: str) -> str:
    """Return the row of a field in the table of its message."""
    built = build(load_config(ROOT / "tests/scenarios" / scenario / "input"))
    [text] = [artifact.content.decode() for artifact in docs.emit(built).artifacts if artifact.path.endswith(page)]
    [row] = [line for line in text.splitlines() if line.startswith(f"| `{field}` |")]
    return row


def test_bytes_are_documented_as_base64() -> None:
    assert "The content; base64 in JSON" in find_row("bytes-in-base64", "file.md", "data")
    assert "base64 in JSON" in find_row("bytes-in-base64", "file.md", "parts")
    assert "base64 in JSON" in find_row("bytes-in-base64", "file.md", "named")
    assert "base64" not in find_row("bytes-in-base64", "file.md", "text")
