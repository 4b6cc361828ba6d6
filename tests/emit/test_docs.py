"""The Markdown pages say what a reader of the protos cannot see in them."""

from __future__ import annotations

from checkout import ROOT, configuration

from wirelock.build import build
from wirelock.emit import docs


def row(scenario: str, page: str, field: str) -> str:
    """The row of a field in the table of its message."""
    built = build(configuration(ROOT / "tests/scenarios" / scenario / "input"))
    [text] = [artifact.content.decode() for artifact in docs.emit(built).artifacts if artifact.path.endswith(page)]
    [found] = [line for line in text.splitlines() if line.startswith(f"| `{field}` |")]
    return found


def test_bytes_are_said_to_be_base64_in_json() -> None:
    assert "The content; base64 in JSON" in row("bytes-in-base64", "file.md", "data")
    assert "base64 in JSON" in row("bytes-in-base64", "file.md", "parts")
    assert "base64 in JSON" in row("bytes-in-base64", "file.md", "named")
    assert "base64" not in row("bytes-in-base64", "file.md", "text")
