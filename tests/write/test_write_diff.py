"""The output of `--check`."""

from __future__ import annotations

from wirelock.write import Change, ChangeSet, format_diff


def diff_contents(before: bytes | None, after: bytes | None) -> str:
    return format_diff(ChangeSet((Change("a.txt", "change", before, after),)))


def test_a_change_is_a_unified_diff() -> None:
    assert diff_contents(b"one\ntwo\n", b"one\nzwei\n") == (
        "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+zwei\n"
    )


def test_an_added_file_comes_from_nowhere_and_a_deleted_one_goes_there() -> None:
    assert diff_contents(None, b"x\n") == "--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+x\n"
    assert diff_contents(b"x\n", None) == "--- a/a.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
    assert diff_contents(None, b"") == "--- /dev/null\n+++ b/a.txt\n"


def test_a_missing_line_feed_at_the_end_is_seen() -> None:
    assert diff_contents(b"x\n", b"x").endswith("@@ -1 +1 @@\n-x\n+x\n\\ No newline at end of file\n")


def test_only_a_line_feed_ends_a_line() -> None:
    assert diff_contents(None, "a\r\x0c\u2028b\n".encode()).endswith("@@ -0,0 +1 @@\n+a\r\x0c\u2028b\n")


def test_a_binary_file_is_one_line() -> None:
    assert diff_contents(b"\xff\x00", b"text\n") == "binary file a.txt differs\n"


def test_a_long_diff_is_cut_and_says_so() -> None:
    lines = diff_contents(None, b"x\n" * 500).splitlines()
    assert len(lines) == 201
    assert lines[-1] == "... 303 more lines of a.txt"


def test_files_follow_one_another() -> None:
    both = ChangeSet((Change("a", "add", None, b"1\n"), Change("b", "add", None, b"2\n")))
    assert format_diff(both) == "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+1\n--- /dev/null\n+++ b/b\n@@ -0,0 +1 @@\n+2\n"
