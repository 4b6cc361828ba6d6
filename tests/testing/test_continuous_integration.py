"""The GitHub action, the pre-commit hooks and their page: they are well-formed, and their commands work."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import ROOT

from wirelock.cli.arguments import parse_arguments

pytestmark = pytest.mark.long

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
PAGE = (ROOT / "docs/continuous-integration.md").read_text("utf-8")
WORKFLOW, HOOKED, BELOW, _ = (
    yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
)


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the command wirelock of this environment."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "wirelock").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m wirelock "$@"\n', "utf-8")
    (folder / "wirelock").chmod(0o755)
    return folder


# the action


def find_step(name: str) -> dict[str, Any]:
    """Return a step of the action."""
    (step,) = [step for step in STEPS if step.get("name") == name]
    return step


def run_action(project: Path, commands: Path, **inputs: str) -> tuple[int, str, str, str]:
    """Run the last step like the runner; return the exit code, log, summary and outputs."""
    values = {name: str(value.get("default", "")) for name, value in ACTION["inputs"].items()} | inputs
    files = {name: project.parent / name for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    for file in files.values():
        file.write_text("", "utf-8")
    variables = {name: evaluate(value, values) for name, value in find_step("Run wirelock")["env"].items()}
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **variables, **{name: str(file) for name, file in files.items()}, "PATH": path}
    bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", find_step("Run wirelock")["run"]]
    result = subprocess.run(bash, cwd=project, env=environment, capture_output=True, text=True, check=False)
    summary, outputs = (file.read_text("utf-8") for file in files.values())
    return result.returncode, result.stdout + result.stderr, summary, outputs


def evaluate(text: str, inputs: dict[str, str]) -> str:
    """Evaluate the expressions in a value of the action; all of them are inputs."""
    return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: inputs[match[1]], text)


@pytest.fixture
def project(project_folder: Path, tmp_path: Path) -> Path:
    """Return a copy of the small project that a test may change."""
    shutil.copytree(project_folder, tmp_path / "notes")
    return tmp_path / "notes"


def test_the_action_writes_a_summary_and_a_file(project: Path, commands: Path) -> None:
    code, log, summary, outputs = run_action(project, commands)
    assert (code, outputs) == (0, "sarif=./wirelock.sarif\n"), log
    assert "passed" in summary
    assert '"version": "2.1.0"' in (project / "wirelock.sarif").read_text("utf-8")


def test_a_finding_fails_the_step_and_is_annotated(project: Path, commands: Path) -> None:
    (project / "proto/note.proto").write_text("mine", "utf-8")
    code, log, summary, outputs = run_action(project, commands)
    assert code == 1
    assert re.search(r"^::error file=proto/note.proto.*OUT_OF_DATE", log, re.MULTILINE), log
    assert "OUT_OF_DATE" in summary
    assert outputs == "sarif=./wirelock.sarif\n"


def commit_all(folder: Path) -> None:
    """Create a repository with all files of a folder."""
    options = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "a state"]):
        subprocess.run(["git", *options, *command], cwd=folder, check=True, capture_output=True)


def test_annotations_name_files_from_the_top_of_the_repository(project: Path, commands: Path) -> None:
    (project / "proto/note.proto").write_text("mine", "utf-8")
    commit_all(project.parent)
    code, log, _, outputs = run_action(project, commands, **{"working-directory": "notes"})
    assert (code, outputs) == (1, "sarif=notes/wirelock.sarif\n")
    assert "::error file=notes/proto/note.proto" in log
    sarif = json.loads((project / "wirelock.sarif").read_text("utf-8"))
    locations = [location for result in sarif["runs"][0]["results"] for location in result["locations"]]
    named = {location["physicalLocation"]["artifactLocation"]["uri"] for location in locations}
    assert "notes/proto/note.proto" in named
    assert all((project.parent / name).exists() for name in named)


def test_the_command_of_the_action_compares_with_its_input(project: Path, commands: Path) -> None:
    commit_all(project)
    schema = project / "schemas/note/note.schema.json"
    value = json.loads(schema.read_text("utf-8"))
    value["properties"]["title"] = {"type": "string"}
    schema.write_text(json.dumps(value), "utf-8")
    code, log, summary, _ = run_action(project, commands, against="main")
    assert re.search(r"baseline.*main \([0-9a-f]{12}\)", summary), log
    assert "PROPERTY_ADDED" in (project / "wirelock.sarif").read_text("utf-8")
    assert code == 1, "the generated files are out of date"


HOSTILE = '"; echo $(touch pwned) `touch pwned` ${IFS} \n--x'


@pytest.mark.parametrize("name", ["command", "against"])
def test_an_input_is_never_a_command(name: str, project: Path, commands: Path) -> None:
    code, log, _, _ = run_action(project, commands, **{name: HOSTILE})
    assert code == 2, log
    assert not (project / "pwned").exists()


def test_no_script_holds_an_expression() -> None:
    """Expressions in `run` would be inserted into the script before the shell parses it; inputs use `env` only."""
    for step in STEPS:
        assert "${{" not in step.get("run", "")
        assert all(re.fullmatch(r"\$\{\{ inputs\.[\w-]+ \}\}", value) for value in step.get("env", {}).values())


def test_the_version_is_one_argument_of_pip(tmp_path: Path) -> None:
    (tmp_path / "python").write_text('#!/bin/sh\nprintf "<%s>" "$@"\n', "utf-8")
    (tmp_path / "python").chmod(0o755)
    script = ["bash", "-eo", "pipefail", "-c", find_step("Install wirelock")["run"]]
    variables = {"PATH": f"{tmp_path}:/usr/bin:/bin", "GITHUB_ACTION_PATH": "/the action"}
    for version, last in {"0.1.0": "<wirelock==0.1.0>", "1; id": "<wirelock==1; id>", "": "</the action>"}.items():
        environment = {**variables, "WIRELOCK_VERSION": version}
        result = subprocess.run(script, env=environment, capture_output=True, text=True, check=True)
        assert result.stdout == f"<-m><pip><install><--quiet>{last}"


def test_every_input_is_used_and_documented() -> None:
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text("utf-8")))
    assert used == set(ACTION["inputs"])
    assert set(re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)) == used
    assert all(value["description"] for value in ACTION["inputs"].values())


# the example workflow


def test_the_workflow_of_the_page_is_valid() -> None:
    checkout, wirelock, upload = WORKFLOW["jobs"]["check"]["steps"]
    assert checkout["with"]["fetch-depth"] == 0
    assert set(wirelock.get("with", {})) <= set(ACTION["inputs"])
    assert upload["with"]["sarif_file"] == f"${{{{ steps.{wirelock['id']}.outputs.sarif }}}}"
    assert set(ACTION["outputs"]) == {"sarif"}


# pre-commit


def test_the_hooks_are_well_formed() -> None:
    command = Path(sys.executable).with_name("pre-commit")
    if not command.exists():
        pytest.skip("the test extra has pre-commit; the lowest environment does without")
    subprocess.run([command, "validate-manifest", ROOT / ".pre-commit-hooks.yaml"], check=True, capture_output=True)


def test_the_page_lists_all_hooks() -> None:
    assert [hook["id"] for hook in HOOKED["repos"][0]["hooks"]] == [hook["id"] for hook in HOOKS]


@pytest.mark.parametrize("hook", HOOKS, ids=[hook["id"] for hook in HOOKS])
def test_each_hook_runs_a_wirelock_command(hook: dict[str, Any]) -> None:
    parse_arguments(hook["entry"].split()[1:])
    assert not hook["pass_filenames"]


@pytest.mark.parametrize(
    ("path", "runs"),
    [
        ("schemas/session/tab.schema.json", ["wirelock-generate", "wirelock-check"]),
        ("api/proto/numbers.json", ["wirelock-generate", "wirelock-check"]),
        ("wirelock.toml", ["wirelock-generate", "wirelock-check"]),
        ("generated/my_api/models/note.py", ["wirelock-check"]),
        ("tests/recordings/login.har", ["wirelock-check"]),
        ("README.md", []),
        ("docs/schemas.md", []),
    ],
)
def test_files_run_their_hooks(path: str, runs: list[str]) -> None:
    assert [hook["id"] for hook in HOOKS if re.search(hook["files"], path)] == runs


def test_a_hook_for_a_project_in_a_subfolder(project: Path, commands: Path) -> None:
    """pre-commit appends the arguments to the entry and runs it at the top of the repository."""
    (hook,) = BELOW["hooks"]
    (entry,) = [other["entry"].split() for other in HOOKS if other["id"] == hook["id"]]
    project.rename(project.parent / hook["args"][-1])
    environment = {**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}
    cases: list[tuple[list[str], int]] = [(hook["args"], 0), ([], 2)]
    for arguments, code in cases:
        command = ["/usr/bin/env", *entry, *arguments]
        result = subprocess.run(
            command, cwd=project.parent, env=environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == code, result.stdout + result.stderr


def test_the_hooks_stop_and_fix_a_commit(project: Path, commands: Path) -> None:
    """The test runs the hooks like pre-commit, but without cloning a repository."""
    entries = {hook["id"]: hook["entry"].split() for hook in HOOKS}
    environment = {**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}

    def run_hook(hook: str) -> int:
        command = ["/usr/bin/env", *entries[hook]]
        return subprocess.run(command, cwd=project, env=environment, capture_output=True, check=False).returncode

    schema = project / "schemas/note/note.schema.json"
    text = schema.read_text("utf-8")
    schema.write_text(text.replace('"text": {', '"title": { "type": "string" }, "text": {', 1), "utf-8")
    assert [run_hook("wirelock-check"), run_hook("wirelock-generate"), run_hook("wirelock-check")] == [1, 0, 0]
