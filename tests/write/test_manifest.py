"""The manifest's file: what it looks like, and what is not taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from wirelock.diagnostics import Diagnostic
from wirelock.version import VERSION
from wirelock.write import Entry, Manifest, print_manifest, read_manifest

ONE, TWO = "1" * 64, "2" * 64
MANIFEST = Manifest({"proto/b.proto": Entry(TWO, "proto"), "proto/a.proto": Entry(ONE, "proto")}, {"models": ONE})
TEXT = f"""{{
  "format": 1,
  "generator": "wirelock {VERSION}",
  "keys": {{
    "models": "{ONE}"
  }},
  "files": {{
    "proto/a.proto": {{"sha256": "{ONE}", "emitter": "proto"}},
    "proto/b.proto": {{"sha256": "{TWO}", "emitter": "proto"}}
  }}
}}
"""


def read(root: Path, text: bytes) -> Manifest | Diagnostic:
    (root / "manifest.json").write_bytes(text)
    return read_manifest(root, "manifest.json")


def test_one_entry_stands_on_one_line_in_the_order_of_paths() -> None:
    assert print_manifest(MANIFEST).decode() == TEXT


@pytest.mark.parametrize("manifest", [MANIFEST, Manifest()])
def test_what_was_printed_is_read(tmp_path: Path, manifest: Manifest) -> None:
    assert read(tmp_path, print_manifest(manifest)) == manifest


def test_no_file_is_an_empty_manifest(tmp_path: Path) -> None:
    assert read_manifest(tmp_path, "no/manifest.json") == Manifest()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TEXT.replace('  "files"', '<<<<<<< HEAD\n  "files"'), "half a merge conflict"),
        (TEXT.replace('  "files"', '<<<<<<< HEAD\n{\n=======\n>>>>>>> other\n  "files"'), "cannot be read"),
        (TEXT.replace(ONE, "../../etc", 1), "not a SHA-256 hash"),
        (TEXT.replace('"format": 1', '"format": 2'), "format 2"),
        (TEXT.replace('"files"', '"filed"'), "'files' is missing"),
        (TEXT[:-20], "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_a_spoilt_manifest_is_no_empty_one(tmp_path: Path, text: str, words: str) -> None:
    found = read(tmp_path, text.encode())
    assert isinstance(found, Diagnostic)
    assert (found.code.id, found.code.fatal, found.where.file) == ("MANIFEST_UNREADABLE", True, "manifest.json")
    assert words in found.message


def test_bytes_that_are_no_text_are_no_manifest(tmp_path: Path) -> None:
    assert isinstance(read(tmp_path, b"\xff\xfe"), Diagnostic)


def test_the_files_of_both_sides_of_a_merge_are_wirelocks(tmp_path: Path) -> None:
    ours = f'    "proto/b.proto": {{"sha256": "{TWO}", "emitter": "proto"}}\n'
    theirs = f'    "proto/c.proto": {{"sha256": "{ONE}", "emitter": "proto"}}\n'
    conflict = TEXT.replace(ours, f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> other\n")
    entries = {**MANIFEST.files, "proto/c.proto": Entry(ONE, "proto")}
    assert read(tmp_path, conflict.encode()) == Manifest(entries, MANIFEST.keys)


def test_what_each_side_of_a_merge_made_of_its_own_input_is_not_kept(tmp_path: Path) -> None:
    ours, theirs = (f'    "models": "{key}"\n' for key in (ONE, TWO))
    read_back = read(tmp_path, TEXT.replace(ours, f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> x\n").encode())
    assert read_back == Manifest(MANIFEST.files, {})
