"""The file of the manifest: its form, and files that are not manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

from wirelock.diagnostics import Diagnostic
from wirelock.version import VERSION
from wirelock.write import Manifest, ManifestEntry, print_manifest, read_manifest

ONE, TWO = "1" * 64, "2" * 64
MANIFEST = Manifest(
    {"proto/b.proto": ManifestEntry(TWO, "proto"), "proto/a.proto": ManifestEntry(ONE, "proto")}, {"models": ONE}
)
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


def test_entries_are_sorted_one_per_line() -> None:
    assert print_manifest(MANIFEST).decode() == TEXT


@pytest.mark.parametrize("manifest", [MANIFEST, Manifest()])
def test_a_printed_manifest_can_be_read(tmp_path: Path, manifest: Manifest) -> None:
    assert read(tmp_path, print_manifest(manifest)) == manifest


def test_no_file_is_an_empty_manifest(tmp_path: Path) -> None:
    assert read_manifest(tmp_path, "no/manifest.json") == Manifest()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT.replace('  "files"', '<<<<<<< HEAD\n  "files"'), "incomplete merge conflict"),
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
def test_an_unreadable_manifest_is_not_treated_as_empty(tmp_path: Path, text: str, message: str) -> None:
    diagnostic = read(tmp_path, text.encode())
    assert isinstance(diagnostic, Diagnostic)
    assert (diagnostic.code.id, diagnostic.code.fatal, diagnostic.location.file) == (
        "MANIFEST_UNREADABLE",
        True,
        "manifest.json",
    )
    assert message in diagnostic.message


def test_bytes_that_are_not_utf_8_are_not_a_manifest(tmp_path: Path) -> None:
    assert isinstance(read(tmp_path, b"\xff\xfe"), Diagnostic)


def test_the_files_of_both_sides_of_a_merge_are_owned(tmp_path: Path) -> None:
    ours = f'    "proto/b.proto": {{"sha256": "{TWO}", "emitter": "proto"}}\n'
    theirs = f'    "proto/c.proto": {{"sha256": "{ONE}", "emitter": "proto"}}\n'
    conflict = TEXT.replace(ours, f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> other\n")
    entries = {**MANIFEST.files, "proto/c.proto": ManifestEntry(ONE, "proto")}
    assert read(tmp_path, conflict.encode()) == Manifest(entries, MANIFEST.keys)


def test_keys_that_differ_between_the_sides_of_a_merge_are_dropped(tmp_path: Path) -> None:
    ours, theirs = (f'    "models": "{key}"\n' for key in (ONE, TWO))
    read_back = read(tmp_path, TEXT.replace(ours, f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> x\n").encode())
    assert read_back == Manifest(MANIFEST.files, {})
