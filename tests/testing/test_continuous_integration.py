"""The action, the hooks and the page about them: they are well formed, and their commands are ours and do their work."""

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

from wirelock.cli.arguments import parsed

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
PAGE = (ROOT / "docs/continuous-integration.md").read_text("utf-8")
WORKFLOW, HOOKED, BELOW, _ = (
    yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
)


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the command wirelock of this environment."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "wirelock").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m wirelock "$@"\n', "utf-8")
    (folder / "wirelock").chmod(0o755)
    return folder


# the action


def step(name: str) -> dict[str, Any]:
    """A step of the action."""
    (found,) = [one for one in STEPS if one.get("name") == name]
    return found


def run(project: Path, commands: Path, **inputs: str) -> tuple[int, str, str, str]:
    """The last step as the runner runs it: exit code, log, summary and outputs."""
    given = {name: str(value.get("default", "")) for name, value in ACTION["inputs"].items()} | inputs
    files = {name: project.parent / name for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    for file in files.values():
        file.write_text("", "utf-8")
    stated = {name: filled(value, given) for name, value in step("Run wirelock")["env"].items()}
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **stated, **{name: str(file) for name, file in files.items()}, "PATH": path}
    bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step("Run wirelock")["run"]]
    ran = subprocess.run(bash, cwd=project, env=environment, capture_output=True, text=True, check=False)
    summary, outputs = (file.read_text("utf-8") for file in files.values())
    return ran.returncode, ran.stdout + ran.stderr, summary, outputs


def filled(text: str, inputs: dict[str, str]) -> str:
    """A value of the action with its expressions worked out, which are all about inputs."""
    return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], text)


@pytest.fixture
def project(project_folder: Path, tmp_path: Path) -> Path:
    """A copy of the small project, to be broken at will."""
    shutil.copytree(project_folder, tmp_path / "notes")
    return tmp_path / "notes"


def test_the_action_leaves_annotations_a_summary_and_a_file(project: Path, commands: Path) -> None:
    code, log, summary, outputs = run(project, commands)
    assert (code, outputs) == (0, "sarif=./wirelock.sarif\n"), log
    assert "clean" in summary
    assert '"version": "2.1.0"' in (project / "wirelock.sarif").read_text("utf-8")


def test_a_finding_fails_the_step_and_is_annotated(project: Path, commands: Path) -> None:
    (project / "proto/note.proto").write_text("mine", "utf-8")
    code, log, summary, outputs = run(project, commands)
    assert code == 1
    assert re.search(r"^::error file=proto/note.proto.*OUT_OF_DATE", log, re.MULTILINE), log
    assert "OUT_OF_DATE" in summary
    assert outputs == "sarif=./wirelock.sarif\n"


def committed(folder: Path) -> None:
    """A repository of everything below a folder."""
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "a state"]):
        subprocess.run(["git", *who, *command], cwd=folder, check=True, capture_output=True)


def test_a_project_below_the_top_of_its_repository_is_annotated_from_there(project: Path, commands: Path) -> None:
    (project / "proto/note.proto").write_text("mine", "utf-8")
    committed(project.parent)
    code, log, _, outputs = run(project, commands, **{"working-directory": "notes"})
    assert (code, outputs) == (1, "sarif=notes/wirelock.sarif\n")
    assert "::error file=notes/proto/note.proto" in log
    sarif = json.loads((project / "wirelock.sarif").read_text("utf-8"))
    places = [place for result in sarif["runs"][0]["results"] for place in result["locations"]]
    named = {place["physicalLocation"]["artifactLocation"]["uri"] for place in places}
    assert "notes/proto/note.proto" in named
    assert all((project.parent / name).exists() for name in named)


def test_the_command_of_the_action_compares_with_its_input(project: Path, commands: Path) -> None:
    committed(project)
    schema = project / "schemas/note/note.schema.json"
    value = json.loads(schema.read_text("utf-8"))
    value["properties"]["title"] = {"type": "string"}
    schema.write_text(json.dumps(value), "utf-8")
    code, log, summary, _ = run(project, commands, against="main")
    assert re.search(r"baseline.*main \([0-9a-f]{12}\)", summary), log
    assert "PROPERTY_ADDED" in (project / "wirelock.sarif").read_text("utf-8")
    assert code == 1, "the generated files are not those of the schemas"


HOSTILE = '"; echo $(touch pwned) `touch pwned` ${IFS} \n--x'


@pytest.mark.parametrize("name", ["command", "against"])
def test_an_input_is_never_a_command(name: str, project: Path, commands: Path) -> None:
    code, log, _, _ = run(project, commands, **{name: HOSTILE})
    assert code == 2, log
    assert not (project / "pwned").exists()


def test_no_script_holds_an_expression() -> None:
    """What stands in `run` is pasted into a script before the shell sees it; inputs come through `env` alone."""
    for one in STEPS:
        assert "${{" not in one.get("run", "")
        assert all(re.fullmatch(r"\$\{\{ inputs\.[\w-]+ \}\}", value) for value in one.get("env", {}).values())


def test_the_version_is_one_argument_of_pip(tmp_path: Path) -> None:
    (tmp_path / "python").write_text('#!/bin/sh\nprintf "<%s>" "$@"\n', "utf-8")
    (tmp_path / "python").chmod(0o755)
    script = ["bash", "-eo", "pipefail", "-c", step("Install wirelock")["run"]]
    stated = {"PATH": f"{tmp_path}:/usr/bin:/bin", "GITHUB_ACTION_PATH": "/the action"}
    for version, last in {"0.1.0": "<wirelock==0.1.0>", "1; id": "<wirelock==1; id>", "": "</the action>"}.items():
        environment = {**stated, "WIRELOCK_VERSION": version}
        ran = subprocess.run(script, env=environment, capture_output=True, text=True, check=True)
        assert ran.stdout == f"<-m><pip><install><--quiet>{last}"


def test_every_input_is_used_and_told() -> None:
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text("utf-8")))
    assert used == set(ACTION["inputs"])
    assert set(re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)) == used
    assert all(value["description"] for value in ACTION["inputs"].values())


# the example workflow


def test_the_workflow_of_the_page() -> None:
    checkout, wirelock, upload = WORKFLOW["jobs"]["check"]["steps"]
    assert checkout["with"]["fetch-depth"] == 0
    assert set(wirelock.get("with", {})) <= set(ACTION["inputs"])
    assert upload["with"]["sarif_file"] == f"${{{{ steps.{wirelock['id']}.outputs.sarif }}}}"
    assert set(ACTION["outputs"]) == {"sarif"}


# pre-commit


def test_the_hooks_are_well_formed() -> None:
    beside = Path(sys.executable).with_name("pre-commit")
    if not beside.exists():
        pytest.skip("the test extra has pre-commit; the lowest environment does without")
    subprocess.run([beside, "validate-manifest", ROOT / ".pre-commit-hooks.yaml"], check=True, capture_output=True)


def test_the_hooks_of_the_page_are_all_there_are() -> None:
    assert [hook["id"] for hook in HOOKED["repos"][0]["hooks"]] == [hook["id"] for hook in HOOKS]


@pytest.mark.parametrize("hook", HOOKS, ids=[hook["id"] for hook in HOOKS])
def test_a_hook_is_a_command_of_ours(hook: dict[str, Any]) -> None:
    parsed(hook["entry"].split()[1:])
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
def test_which_files_run_which_hooks(path: str, runs: list[str]) -> None:
    assert [hook["id"] for hook in HOOKS if re.search(hook["files"], path)] == runs


def test_a_hook_for_a_project_below_the_top(project: Path, commands: Path) -> None:
    """pre-commit puts the arguments behind the entry, and runs it at the top of the repository."""
    (hook,) = BELOW["hooks"]
    (entry,) = [one["entry"].split() for one in HOOKS if one["id"] == hook["id"]]
    project.rename(project.parent / hook["args"][-1])
    environment = {**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}
    stated: list[tuple[list[str], int]] = [(hook["args"], 0), ([], 2)]
    for arguments, code in stated:
        command = ["/usr/bin/env", *entry, *arguments]
        ran = subprocess.run(command, cwd=project.parent, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == code, ran.stdout + ran.stderr


def test_a_commit_is_stopped_and_mended(project: Path, commands: Path) -> None:
    """What pre-commit does with the hooks, without its clone of a repository."""
    entries = {hook["id"]: hook["entry"].split() for hook in HOOKS}
    environment = {**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}

    def ran(hook: str) -> int:
        command = ["/usr/bin/env", *entries[hook]]
        return subprocess.run(command, cwd=project, env=environment, capture_output=True, check=False).returncode

    schema = project / "schemas/note/note.schema.json"
    text = schema.read_text("utf-8")
    schema.write_text(text.replace('"text": {', '"title": { "type": "string" }, "text": {', 1), "utf-8")
    assert [ran("wirelock-check"), ran("wirelock-generate"), ran("wirelock-check")] == [1, 0, 0]
