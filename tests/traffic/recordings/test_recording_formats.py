"""Detection of recording formats by file name or first bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from wirelock.traffic.recordings.formats import FORMATS, read_recording

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.mark.parametrize(
    ("fixture", "name", "count"),
    [
        ("exchanges.har", "a.HAR", 3),
        ("exchanges.har", "a.har.json", 3),
        ("exchanges.har", "recording", 3),
        ("exchanges.ndjson", "a.ndjson", 4),
        ("exchanges.ndjson", "a.jsonl", 4),
        ("vcrpy.yaml", "a.yml", 7),
        ("vcrpy.json", "cassette", 3),
        ("betamax.json", "a.json", 2),
    ],
)
def test_a_recording_is_read_in_its_format(tmp_path: Path, fixture: str, name: str, count: int) -> None:
    (tmp_path / name).write_bytes((FIXTURES / fixture).read_bytes())
    exchanges, diagnostics = read_recording(tmp_path / name, f"recordings/{name}")
    assert (len(exchanges), diagnostics) == (count, ())
    assert exchanges[0].recording == f"recordings/{name}"


def test_a_byte_order_mark_does_not_hide_a_har(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf\n{ "log" : {"entries": []}}')
    assert read_recording(tmp_path / "a.json", "a.json") == ((), ())


@pytest.mark.parametrize("text", [b"", b'{"request": {}}', b'{"logs": []}', b"\x1f\x8b"])
def test_an_unknown_format_names_the_known_ones(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(text)
    exchanges, (diagnostic,) = read_recording(tmp_path / "a.txt", "a.txt")
    assert (exchanges, diagnostic.code.id, diagnostic.code.fatal) == ((), "RECORDING_FORMAT_UNKNOWN", True)
    assert all(suffix in diagnostic.hint for known in FORMATS for suffix in known.suffixes)


def test_a_missing_file_of_unknown_format_is_missing(tmp_path: Path) -> None:
    assert read_recording(tmp_path / "a.txt", "a.txt")[1][0].code.id == "RECORDING_MISSING"
