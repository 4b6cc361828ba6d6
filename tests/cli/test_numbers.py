"""`wirelock numbers`: the list, and a real merge of two branches that assigned the same number."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from checkout import load_project

import wirelock
from wirelock.cli import main

TEXT = {"type": "string"}
ORDER = "schemas/shop/order.schema.json"
LEDGER = "proto/numbers.json"


@dataclass(frozen=True)
class CliResult:
    """The result of a run of the command line."""

    code: int
    out: str
    err: str


Run = Callable[..., CliResult]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in a folder."""

    def call(folder: Path, *arguments: str) -> CliResult:
        monkeypatch.chdir(folder)
        code = main(arguments)
        printed = capsys.readouterr()
        return CliResult(code, printed.out, printed.err)

    return call


def run_git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git without user settings."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    names = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "init.defaultBranch=main")
    command = ["git", *names, *arguments]
    return subprocess.run(command, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, check=False)


def write_order(folder: Path, **properties: Any) -> None:
    """Write the only schema of the project."""
    path = folder / ORDER
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {"type": "object", "properties": {"id": TEXT, **properties}}
    path.write_text(json.dumps(whole, indent=1), "utf-8")


def generate_project(folder: Path, message: str) -> None:
    """Generate the project and commit everything."""
    report = wirelock.generate(load_project(folder))
    assert report.exit_code == 0, report.diagnostics
    run_git(folder, "add", "-A")
    assert run_git(folder, "commit", "-qm", message).returncode == 0


@pytest.fixture(scope="module")
def branches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository on `ours`, which added a string; `theirs` added a number and an object."""
    folder = tmp_path_factory.mktemp("branches")
    (folder / "wirelock.toml").write_text('package = "shop_api"\n', "utf-8")
    run_git(folder, "init", "-q")
    write_order(folder)
    generate_project(folder, "base")
    run_git(folder, "checkout", "-qb", "theirs")
    write_order(folder, count={"type": "integer"}, place={"type": "object", "properties": {"city": TEXT}})
    generate_project(folder, "theirs")
    run_git(folder, "checkout", "-q", "main")
    run_git(folder, "checkout", "-qb", "ours")
    write_order(folder, title=TEXT)
    generate_project(folder, "ours")
    return folder


@pytest.fixture
def repository(branches: Path, tmp_path: Path) -> Path:
    """A copy of the repository to merge in."""
    return Path(shutil.copytree(branches, tmp_path / "copy"))


def numbers(folder: Path) -> dict[str, int]:
    """Return the numbers in the committed proto of the order."""
    message = re.search(r"message Order \{.*?^\}", (folder / "proto/shop.proto").read_text("utf-8"), re.M | re.S)
    assert message
    return {name: int(number) for name, number in re.findall(r"(\w+) = (\d+);", message[0])}


BOTH = {"title": TEXT, "count": {"type": "integer"}, "place": {"type": "object", "properties": {"city": TEXT}}}


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_two_branches_that_both_add_a_field(style: str, repository: Path, run: Run) -> None:
    merge = run_git(repository, "-c", f"merge.conflictStyle={style}", "merge", "theirs")
    assert merge.returncode == 1
    conflicting = run_git(repository, "diff", "--name-only", "--diff-filter=U").stdout.split()
    assert {LEDGER, ORDER, "proto/shop.proto", "generated/shop_api/manifest.json"} <= {*conflicting}
    ledger = (repository / LEDGER).read_text("utf-8")
    assert ("|||||||" in ledger) == (style != "merge")
    line = ledger.split("\n").index("<<<<<<< HEAD") + 1
    write_order(repository, **BOTH)

    for command in (["generate"], ["generate", "--check"], ["check"], ["numbers"]):
        refused = run(repository, *command)
        assert refused.code == 2
        assert f"{LEDGER}:{line}:1" in refused.out
        assert "run: wirelock numbers resolve" in refused.out
    assert (repository / LEDGER).read_text("utf-8") == ledger

    mended = run(repository, "numbers", "resolve")
    assert mended.code == 0, mended.out
    words = "count of shop_api.shop.Order was number 2 in the merged branch and is 4 now: title has 2"
    assert f"warning  LEDGER_RENUMBERED  {words}" in mended.out
    assert "1 conflict: 1 resolved, 1 renumbered" in mended.out
    assert mended.out.splitlines()[-1] == "next: wirelock generate"
    again = run(repository, "numbers", "resolve")
    assert (again.code, "0 conflicts" in again.out) == (0, True)

    assert run(repository, "generate").code == 0
    assert numbers(repository) == {"id": 1, "title": 2, "place": 3, "count": 4}
    marked = run_git(repository, "grep", "-lE", "^(<<<<<<<|>>>>>>>) ", "--", ".").stdout
    assert marked == ""
    assert run(repository, "check").code == 0
    run_git(repository, "add", "-A")
    assert run_git(repository, "commit", "-qm", "merged").returncode == 0


def test_which_branch_is_merged_into_which_decides(repository: Path, run: Run) -> None:
    run_git(repository, "checkout", "-q", "theirs")
    before = numbers(repository)
    run_git(repository, "merge", "ours")
    write_order(repository, **BOTH)
    assert run(repository, "numbers", "resolve").code == 0
    assert run(repository, "generate").code == 0
    assert numbers(repository) == {**before, "title": 4}


def test_a_marker_without_its_partner_is_not_guessed_about(repository: Path, run: Run) -> None:
    run_git(repository, "merge", "theirs")
    spoilt = (repository / LEDGER).read_text("utf-8").replace(">>>>>>> theirs\n", "")
    (repository / LEDGER).write_text(spoilt, "utf-8")
    refused = run(repository, "numbers", "resolve")
    assert refused.code == 2
    assert "LEDGER_UNREADABLE" in refused.out
    assert (repository / LEDGER).read_text("utf-8") == spoilt


def test_a_side_that_is_no_ledger_is_not_merged(repository: Path, run: Run) -> None:
    run_git(repository, "merge", "theirs")
    spoilt = (
        (repository / LEDGER).read_text("utf-8").replace('"number": 2, "key": "count"', '"number": 0, "key": "count"')
    )
    (repository / LEDGER).write_text(spoilt, "utf-8")
    refused = run(repository, "numbers", "resolve")
    assert refused.code == 2
    assert "one side of the merge" in refused.out
    assert (repository / LEDGER).read_text("utf-8") == spoilt


def test_a_ledger_that_went_with_its_protos_is_no_new_beginning(repository: Path, run: Run) -> None:
    """Without its ledger the proto folder looks new, but generated files or the last commit show that it is not."""
    before = (repository / LEDGER).read_bytes()
    shutil.rmtree(repository / LEDGER.split("/")[0])
    for seen in ("manifest.json", "the last commit"):
        refused = run(repository, "generate")
        assert refused.code == 2
        assert "LEDGER_MISSING" in refused.out
        assert seen in refused.out
        shutil.rmtree(repository / "generated", ignore_errors=True)
    subprocess.run(["git", "checkout", "HEAD", "--", LEDGER], cwd=repository, check=True, capture_output=True)
    assert run(repository, "generate").code == 0
    assert (repository / LEDGER).read_bytes() == before


def test_a_deleted_ledger_is_restored_as_the_hint_says(repository: Path, run: Run) -> None:
    before = (repository / LEDGER).read_bytes()
    (repository / LEDGER).unlink()
    for command in ("generate", "check", "prove"):
        refused = run(repository, command)
        assert refused.code == 2
        assert "LEDGER_MISSING" in refused.out
    restore = re.search(r"restore it: git (checkout HEAD -- \S+);", refused.out)
    assert restore
    assert not (repository / LEDGER).exists()
    assert run_git(repository, *restore[1].split()).returncode == 0
    assert (repository / LEDGER).read_bytes() == before
    assert run(repository, "generate", "--check").code == 0


# the list


def test_the_list_shows_numbers_names_and_types(repository: Path, run: Run) -> None:
    listed = run(repository, "numbers")
    assert listed.code == 0
    assert listed.out == (
        "message shop_api.shop.Order  shop/order.schema.json\n"
        "  number  name   json   type\n"
        "       1  id     id     string\n"
        "       2  title  title  string\n"
    )


def test_what_is_reserved_and_what_was_renamed_is_said(repository: Path, run: Run) -> None:
    write_order(repository, headline={**TEXT, "x-renamed-from": "title"}, count={"type": "integer"})
    assert run(repository, "generate").code == 0
    write_order(repository, headline={**TEXT, "x-renamed-from": "title"})
    assert run(repository, "generate").code == 0
    rows = [line.split(maxsplit=4) for line in run(repository, "numbers").out.splitlines()[2:]]
    assert rows == [
        ["1", "id", "id", "string"],
        ["2", "headline", "headline", "string", "was title"],
        ["3", "count", "count", "int64", "reserved"],
    ]


@pytest.mark.parametrize("name", ["Order", "shop_api.shop.Order", "shop/order", ORDER.removeprefix("schemas/")])
def test_one_type_by_any_of_its_names(name: str, repository: Path, run: Run) -> None:
    listed = json.loads(run(repository, "numbers", "--type", name, "--format", "json").out)
    (one,) = listed["numbers"]
    assert (one["kind"], one["name"], [entry["number"] for entry in one["entries"]]) == (
        "message",
        "shop_api.shop.Order",
        [1, 2],
    )


def test_a_type_that_is_unknown_gets_a_suggestion(repository: Path, run: Run) -> None:
    refused = run(repository, "numbers", "--type", "Ordr")
    assert refused.code == 2
    assert "TYPE_UNKNOWN" in refused.out
    assert 'did you mean "Order"?' in refused.out


def test_before_the_first_generation_there_are_no_numbers(tmp_path: Path, run: Run) -> None:
    (tmp_path / "wirelock.toml").write_text('package = "shop_api"\n', "utf-8")
    for command in (["numbers"], ["numbers", "resolve"]):
        refused = run(tmp_path, *command)
        assert refused.code == 2
        assert "LEDGER_EMPTY" in refused.out


def test_a_name_that_is_a_command_to_the_terminal_is_shown_and_not_obeyed(repository: Path, run: Run) -> None:
    write_order(repository, **{"\x1b[31mred": TEXT})
    assert run(repository, "generate").code == 0
    for format in ("text", "json"):
        assert "\x1b" not in run(repository, "numbers", "--format", format).out


def test_a_type_limits_the_list_alone(repository: Path, run: Run) -> None:
    refused = run(repository, "numbers", "resolve", "--type", "Order")
    assert (refused.code, refused.out) == (2, "")
    assert "--type limits the list" in refused.err
