"""The command line: output, exit codes, and files on disk."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from wirelock.api import generate
from wirelock.cli import main
from wirelock.diagnostics import Diagnostic, Location
from wirelock.write.changes import ChangeSet
from wirelock.write.disk import OUTPUT_UNWRITABLE


@dataclass(frozen=True)
class CommandResult:
    """The result of a run of the command line."""

    code: int
    out: str
    err: str


Run = Callable[..., CommandResult]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in a folder."""

    def call(folder: Path, *arguments: str) -> CommandResult:
        monkeypatch.chdir(folder)
        code = main(arguments)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return CommandResult(code, captured.out, captured.err)

    return call


def read_files(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


# the first minute


def test_the_bare_command_says_what_to_do_next(run: Run, tmp_path: Path, copy: Path) -> None:
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    (copy / "pyproject.toml").rename(copy / "aside")
    assert "wirelock init" in run(nowhere).out
    (copy / "aside").rename(copy / "pyproject.toml")
    assert "wirelock check" in run(copy).out
    shutil.rmtree(copy / "generated")
    assert "wirelock generate" in run(copy).out


def test_a_new_project_passes_its_own_check(run: Run, tmp_path: Path) -> None:
    made = run(tmp_path, "init", "my-api")
    assert made.code == 0
    assert "cd my-api && wirelock check" in made.out
    checked = run(tmp_path / "my-api", "check")
    assert checked.code == 0, checked.out
    assert "2 conforming" in checked.out
    assert checked.out.splitlines()[-1].startswith("passed")
    assert (tmp_path / "my-api/generated/my_api/note_pb2.py").is_file()


def test_init_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text("mine", "utf-8")
    refused = run(tmp_path, "init")
    assert refused.code == 2
    assert "INIT_EXISTS" in refused.out
    assert read_files(tmp_path) == {"wirelock.toml": b"mine"}


def test_init_that_cannot_finish_leaves_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Diagnostic(OUTPUT_UNWRITABLE, Location("generated"), "no space left on device", "make room")

    def fail_to_write(root: Path, changes: ChangeSet) -> tuple[Diagnostic, ...]:
        return (full,)

    monkeypatch.setattr(generate, "apply_changes", fail_to_write)
    refused = run(tmp_path, "init", "my-api")
    assert refused.code == 2
    assert "no space left on device" in refused.out
    assert read_files(tmp_path) == {}


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["chek"], "did you mean check?"),
        (["generate", "--chek"], "did you mean --check?"),
        (["check", "--format", "jsn"], "did you mean json?"),
        (["verify", "--tpye", "x"], "did you mean --type?"),
        (["explain", "VIOLATON"], "did you mean VIOLATION?"),
        (["frobnicate"], "see: wirelock --help"),
    ],
)
def test_a_typo_gets_a_suggestion(arguments: list[str], suggestion: str, run: Run, copy: Path) -> None:
    ran = run(copy, *arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.splitlines()[-1] == suggestion


def test_explain(run: Run, tmp_path: Path) -> None:
    page = run(tmp_path, "explain", "violation")
    assert page.code == 0
    assert page.out.startswith("# VIOLATION\n")
    assert re.search(r"^  OUT_OF_DATE +\w", run(tmp_path, "explain").out, re.MULTILINE)


# generate

VERSIONED = re.compile(r"_pb2(_grpc)?\.pyi?$|descriptors\.binpb$|manifest\.json$")


def test_generating_twice_changes_nothing(run: Run, copy: Path) -> None:
    before = read_files(copy)
    assert run(copy, "generate").code == 0
    assert read_files(copy) == before


def test_everything_comes_from_the_schemas_and_the_ledger(run: Run, copy: Path) -> None:
    """Without generated files the output is equal, except for the version that protoc writes."""
    before = read_files(copy)
    shutil.rmtree(copy / "generated")
    for proto in (copy / "proto").rglob("*.proto"):
        proto.unlink()
    assert run(copy, "generate").code == 0
    after = read_files(copy)
    assert after.keys() == before.keys()
    assert {path for path in after if after[path] != before[path] and not VERSIONED.search(path)} == set()


def test_reordering_properties_changes_no_number(run: Run, copy: Path) -> None:
    protos = {path: text for path, text in read_files(copy).items() if path.endswith(("numbers.json", "mapping.json"))}
    for schema in (copy / "schemas").rglob("*.schema.json"):
        value = json.loads(schema.read_text("utf-8"))
        if "properties" in value:
            value["properties"] = dict(reversed(value["properties"].items()))
        schema.write_text(json.dumps(value, indent=2), "utf-8")
    assert run(copy, "generate").code == 0
    assert numbers(copy) == read_numbers(protos["proto/numbers.json"])


def numbers(folder: Path) -> set[tuple[str, int, str, str]]:
    return read_numbers((folder / "proto/numbers.json").read_bytes())


def read_numbers(ledger: bytes) -> set[tuple[str, int, str, str]]:
    """Return all assigned numbers: scope, number, key and name."""
    value = json.loads(ledger)
    scopes = {**value["messages"], **value["enums"]}
    return {(name, e["number"], e["key"], e["name"]) for name, scope in scopes.items() for e in scope["entries"]}


def test_check_mode_prints_a_diff_and_the_repair(run: Run, copy: Path) -> None:
    proto = copy / "proto/session.proto"
    proto.write_text(proto.read_text("utf-8").replace("string title = 2;", "string title = 20;"), "utf-8")
    before = read_files(copy)
    ran = run(copy, "generate", "--check")
    assert ran.code == 1
    assert "-  string title = 20;\n+  string title = 2;\n" in ran.out
    assert re.search(r"error +OUT_OF_DATE.*\n +at +proto/session.proto\n +hint +run: wirelock generate\n", ran.out)
    assert read_files(copy) == before
    assert run(copy, "generate").code == 0
    assert run(copy, "generate", "--check").code == 0


@pytest.mark.parametrize(
    "edited", ["session_pb2.py", "models/session.py", "codecs/session.py", "_runtime/codec/codec.py"]
)
def test_a_hand_edit_is_found_and_repaired(edited: str, run: Run, copy: Path) -> None:
    before = read_files(copy)
    with (copy / "generated/opencode_api" / edited).open("a") as file:
        file.write("# mine\n")
    assert run(copy, "generate", "--check").code == 1
    assert run(copy, "generate").code == 0
    assert run(copy, "generate", "--check").code == 0
    assert not (copy / "generated/opencode_api" / edited).read_text("utf-8").endswith("# mine\n")
    assert VERSIONED.search(edited) or read_files(copy) == before


def test_dry_run_shows_what_would_change_and_writes_nothing(run: Run, copy: Path) -> None:
    schema = copy / "schemas/session/sessionTime.schema.json"
    schema.write_text(
        schema.read_text("utf-8").replace('"properties": {', '"properties": {"seen": {"type": "integer"},', 1)
    )
    before = read_files(copy)
    ran = run(copy, "generate", "--dry-run")
    assert ran.code == 0
    assert "+  optional int64 seen = 5;" in ran.out
    assert read_files(copy) == before


def test_a_type_that_goes_takes_its_files_and_leaves_its_numbers(run: Run, copy: Path) -> None:
    shutil.rmtree(copy / "schemas/provider")
    assert run(copy, "generate").code == 0
    assert not (copy / "proto/provider.proto").exists()
    assert not (copy / "generated/opencode_api/provider_pb2.py").exists()
    ledger = json.loads((copy / "proto/numbers.json").read_text("utf-8"))
    assert all(entry["reserved"] for entry in ledger["messages"]["opencode.provider.ProviderInfo"]["entries"])


# invalid input: one clear finding, exit code 2, nothing written

SCHEMA = "schemas/session/sessionTime.schema.json"
SERVICE = "schemas/session/session.service.json"


def edit_schema(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / path).read_text("utf-8")
        assert old in text
        (folder / path).write_text(text.replace(old, new, 1), "utf-8")

    return change


def claim_one_name_twice(folder: Path) -> None:
    edit_schema(SCHEMA, '"created": {', '"created": { "x-proto-name": "updated",')(folder)


def put_file_in_the_way(folder: Path) -> None:
    shutil.rmtree(folder / "generated")
    (folder / "generated").write_text("in the way", "utf-8")


def put_foreign_file(folder: Path) -> None:
    shutil.rmtree(folder / "generated")
    (folder / "generated/opencode_api").mkdir(parents=True)
    (folder / "generated/opencode_api/__init__.py").write_text("mine = 1\n", "utf-8")


def delete_ledger(folder: Path) -> None:
    (folder / "proto/numbers.json").unlink()


TABS = "schemas/session/tabInfo.schema.json"
BROKEN = {
    "a schema that is not JSON": (edit_schema(SCHEMA, "{", "{{"), "SOURCE_NOT_JSON", SCHEMA),
    "not a schema": (edit_schema(SCHEMA, '"integer"', '"integr"'), "SCHEMA_INVALID", SCHEMA),
    "a reference to nothing": (edit_schema(TABS, "sessionInfo.", "sesionInfo."), "REFERENCE_NOT_FOUND", TABS),
    "a reference that leads outside": (
        edit_schema(TABS, "sessionInfo.", "../../../sessionInfo."),
        "REFERENCE_OUTSIDE",
        TABS,
    ),
    "an unknown dialect": (edit_schema(SCHEMA, "draft/2020-12", "draft/2031-01"), "DIALECT_UNKNOWN", SCHEMA),
    "names that collide": (claim_one_name_twice, "NAME_TAKEN", SCHEMA),
    "a service without its schema": (edit_schema(SERVICE, "empty.", "emty."), "SERVICE_SCHEMA_MISSING", SERVICE),
    "an impossible path": (
        edit_schema(SERVICE, "/session/{sessionID}", "/session/{sessionId}"),
        "SERVICE_PATH_INVALID",
        SERVICE,
    ),
    "an output that cannot be written": (put_file_in_the_way, "OUTPUT_UNWRITABLE", "generated"),
    "somebody else's file": (put_foreign_file, "FILE_NOT_OWNED", "generated/opencode_api/__init__.py"),
    "a lost ledger": (delete_ledger, "LEDGER_MISSING", "proto/numbers.json"),
    "a typo in the configuration": (
        edit_schema("pyproject.toml", "unknown-f", "unknwon-f"),
        "CONFIG_KEY_UNKNOWN",
        "pyproject.toml",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_bad_input_is_one_clear_finding(name: str, run: Run, copy: Path) -> None:
    breaks, code, place = BROKEN[name]
    breaks(copy)
    before = read_files(copy)
    for command in ("generate", "check") if breaks is not put_file_in_the_way else ("generate",):
        ran = run(copy, command, "--format", "json")
        report = json.loads(ran.out)
        assert (ran.code, report["verdict"]) == (2, "error")
        (finding,) = report["findings"]
        assert finding["code"] == code
        assert place in finding["file"]
        assert finding["hint"]
        assert read_files(copy) == before


def test_a_finding_has_line_and_pointer(run: Run, copy: Path) -> None:
    edit_schema(SCHEMA, '"integer"', '"integr"')(copy)
    ran = run(copy, "check")
    assert re.search(rf"{SCHEMA}:\d+:\d+#/properties/created/type", ran.out)
    assert ran.out.splitlines()[-1].startswith("could not run")


RECORDINGS = {
    "truncated": ('{"log": {"version": "1.2", "entries": [{"req', "RECORDING_UNREADABLE"),
    "none": ('{"hello": "world"}', "RECORDING_NOT_HAR"),
    "without anything to check": ('{"log": {"version": "1.2", "entries": []}}', "NOTHING_CHECKED"),
}


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_bad_har_is_one_clear_finding(name: str, run: Run, copy: Path) -> None:
    text, code = RECORDINGS[name]
    (copy / "bad.har").write_text(text, "utf-8")
    ran = run(copy, "verify", "bad.har", "--format", "json")
    assert ran.code == 2
    (finding,) = json.loads(ran.out)["findings"]
    assert finding["code"] == code
    assert finding["hint"]


def test_a_missing_recording_and_a_missing_type(run: Run, copy: Path) -> None:
    ran = run(copy, "verify", "tests/recordings/lifecycle-1.1.12.har")
    assert ran.code == 2
    assert "lifecycle-1.1.11.har" in ran.out
    ran = run(copy, "verify", "tests/recordings/sessions.ndjson", "--type", "session/sesionInfo")
    assert ran.code == 2
    assert 'did you mean "session/sessionInfo"?' in ran.out


# appearance


@pytest.mark.long
def test_plain_in_a_pipe_and_coloured_on_a_terminal(copy: Path) -> None:
    command = [sys.executable, "-m", "wirelock", "check"]
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    piped = subprocess.run(command, cwd=copy, capture_output=True, text=True, env=environment, check=False)
    assert piped.returncode == 0, piped.stderr
    assert "\x1b" not in piped.stdout + piped.stderr
    shown = "".join(run_on_terminal(command, copy, {**environment, "TERM": "xterm-256color"}))
    assert "\x1b[" in shown
    assert re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r", "").split() == piped.stdout.split()
    colourless = "".join(run_on_terminal(command, copy, {**environment, "TERM": "xterm-256color", "NO_COLOR": "1"}))
    assert "\x1b[1;" not in colourless
    assert "\x1b[3" not in colourless


def run_on_terminal(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run a command with a terminal as standard output."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, cwd=folder, stdout=theirs, stderr=subprocess.DEVNULL, env=environment):
        os.close(theirs)
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # Linux reports a closed terminal as an error
                break
            if not chunk:
                break
            yield chunk.decode()
    os.close(ours)


def test_the_configuration_is_found_from_below(run: Run, copy: Path) -> None:
    assert run(copy / "schemas/session", "generate", "--check").code == 0


def test_an_annotation_is_never_at_a_folder(run: Run, copy: Path) -> None:
    shutil.rmtree(copy / "schemas")
    (copy / "schemas").mkdir()
    found = run(copy, "check", "--format", "github")
    assert found.code == 2
    assert "NO_SCHEMAS" in found.out
    assert "file=" not in found.out
