"""`buf lint` with its STANDARD rules on all emitted protos: only the exceptions in docs/continuous-integration.md occur.

The environment variable `WIRELOCK_BUF` is the path of buf; without it, the tests are skipped.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import google.api
import pytest
import yaml
from checkout import ROOT

BUF = os.environ.get("WIRELOCK_BUF", "")
pytestmark = [pytest.mark.long, pytest.mark.skipif(not BUF, reason="WIRELOCK_BUF names no buf")]
PAGE = (ROOT / "docs/continuous-integration.md").read_text("utf-8")
EXCEPTIONS: dict[str, str] = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", PAGE, re.MULTILINE))
PROJECTS = {"this project": ROOT / "proto"} | {
    path.parents[1].name: path for path in sorted(ROOT.glob("tests/scenarios/*/output/proto"))
}
CONFIGURATION = {
    "version": "v2",
    "modules": [{"path": "proto"}, {"path": "googleapis"}],
    "lint": {"use": ["STANDARD"], "ignore": ["googleapis"]},
}
Finding = dict[str, Any]


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    """The findings of buf for each project."""
    folder = tmp_path_factory.mktemp("buf")
    return {name: list(run_buf(protos, folder / str(index))) for index, (name, protos) in enumerate(PROJECTS.items())}


def run_buf(protos: Path, folder: Path) -> Iterator[Finding]:
    """Run buf on protos and on the Google protos that they import."""
    shutil.copytree(protos, folder / "proto")
    (known,) = cast("list[str]", google.api.__path__)  # type: ignore[attr-defined]
    for name in ("annotations.proto", "http.proto"):
        (folder / "googleapis/google/api").mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(known) / name, folder / "googleapis/google/api" / name)
    (folder / "buf.yaml").write_text(yaml.safe_dump(CONFIGURATION), "utf-8")
    completed = subprocess.run(
        [BUF, "lint", "--error-format=json"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert completed.returncode in (0, 100), completed.stderr
    yield from (json.loads(line) for line in completed.stdout.splitlines())


def test_only_the_documented_exceptions_occur(findings: dict[str, list[Finding]]) -> None:
    others = [
        (name, finding) for name, group in findings.items() for finding in group if finding["type"] not in EXCEPTIONS
    ]
    assert others == []
    assert len(findings) > 20


def test_every_exception_occurs_and_has_a_reason(findings: dict[str, list[Finding]]) -> None:
    assert {finding["type"] for group in findings.values() for finding in group} == set(EXCEPTIONS)
    assert all(len(reason) > 20 for reason in EXCEPTIONS.values())


def test_no_finding_remains_with_the_documented_configuration(tmp_path: Path) -> None:
    (documented,) = (
        yaml.safe_load(block) for block in re.findall(r"^```yaml\n(version: v2\n.*?)^```", PAGE, re.M | re.S)
    )
    assert set(documented["lint"]["except"]) == set(EXCEPTIONS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CONFIGURATION, "lint", {**documented["lint"], "ignore": ["googleapis"]})
        assert list(run_buf(ROOT / "proto", tmp_path / "own")) == []


def test_a_violation_is_found(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "proto", tmp_path / "protos")
    session = tmp_path / "protos/session.proto"
    session.write_text(session.read_text("utf-8").replace("message SessionInfo {", "message session_info {"), "utf-8")
    text = (
        session.read_text("utf-8").replace(" SessionInfo ", " session_info ").replace("(SessionInfo)", "(session_info)")
    )
    session.write_text(re.sub(r"\bSessionInfo\b", "session_info", text), "utf-8")
    assert "MESSAGE_PASCAL_CASE" in {finding["type"] for finding in run_buf(tmp_path / "protos", tmp_path / "own")}
