"""The pytest plugin in separate runs: the fixture, the summary, the report, and invalid projects."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

pytest_plugins = ["pytester"]
pytest.importorskip("httpx", reason="the test extra has httpx; the lowest environment does without")

TESTS = """
import httpx
import pytest


def ask(path, answer):
    client = httpx.Client(transport=httpx.MockTransport(lambda _: answer), base_url="http://server")
    return client.get(path)


def test_that_conforms(wirelock):
    wirelock.assert_conforms(ask("/note/n1", httpx.Response(200, json={"id": "n1", "text": ""})))


def test_that_does_not(wirelock):
    answer = httpx.Response(200, json={"id": "n1"})
    wirelock.assert_conforms(ask("/note/n1", answer))


def test_beside():
    pass
"""


@pytest.fixture
def project(pytester: pytest.Pytester, project_folder: Path) -> pytest.Pytester:
    """Return a folder with the small project and its tests."""
    assert "wirelock" in {point.name for point in entry_points(group="pytest11")}, "install the checkout again"
    shutil.copytree(project_folder, pytester.path, dirs_exist_ok=True)
    pytester.makepyfile(test_api=TESTS)
    pytester.makeini("[pytest]\n")
    return pytester


def run_pytest(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest in a separate process."""
    return pytester.runpytest_subprocess("-p", "no:anyio", "-p", "no:cacheprovider", *arguments)


def test_a_violating_response_fails_its_test_with_the_findings(project: pytest.Pytester) -> None:
    result = run_pytest(project)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            ">       wirelock.assert_conforms(ask('/note/n1', answer))".replace("'", '"'),
            "E       wirelock.testing.conformance.ConformanceError: the exchange does not conform to the project",
            "E       error    VIOLATION  required property `text` is missing",
            "E                at       test_api.py::test_that_does_not #0 GET /note/n1 -> 200, response /text",
            "E                schema   note/note.schema.json#/required",
            "E                found by validator, model, codec",
        ]
    )
    assert "conformance.py:" not in result.stdout.str().partition("short test summary")[0].replace("test_api.py", "")


SUMMARY = [
    "*= wirelock: 2 exchanges, 1 conforming, 1 violating =*",
    "exercised  NoteService.GetNote",
    "never      NoteService.WatchNotes",
    "methods             1 of 2",
    "fields              3 of 4",
    "findings   1 error",
]


def test_the_summary_lists_exercised_and_missed_methods(project: pytest.Pytester) -> None:
    run_pytest(project).stdout.fnmatch_lines(SUMMARY)


def test_a_run_without_checks_has_no_summary(project: pytest.Pytester) -> None:
    result = run_pytest(project, "-k", "beside")
    result.assert_outcomes(passed=1, deselected=2)
    assert "wirelock:" not in result.stdout.str()
    result = run_pytest(project, "-k", "beside", "--wirelock-report", "report.json")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*= wirelock: nothing was checked =*", "report     report.json was not written"])
    assert not (project.path / "report.json").exists()


def test_the_plugin_imports_no_module_until_it_is_used(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_api="""
        import sys

        def test_what_is_loaded():
            assert "wirelock.testing.plugin" in sys.modules
            ours = {name for name in sys.modules if name.startswith("wirelock.")}
            assert ours == {"wirelock.testing", "wirelock.testing.plugin"}
        """
    )
    run_pytest(project).assert_outcomes(passed=1)


def test_the_report_names_files_and_tests(project: pytest.Pytester) -> None:
    result = run_pytest(project, "--wirelock-report", "out/report.json")
    result.stdout.fnmatch_lines(["report     out/report.json"])
    report = json.loads((project.path / "out/report.json").read_text("utf-8"))
    (finding,) = report["findings"]
    assert (report["verdict"], finding["code"], finding["file"]) == ("findings", "VIOLATION", "test_api.py")
    assert finding["exchange"]["recording"] == "test_api.py::test_that_does_not"
    assert report["coverage"]["methods"] == {"covered": ["NoteService.GetNote"], "missed": ["NoteService.WatchNotes"]}


@pytest.mark.parametrize("extension", [".html", ".md", ".sarif", ".txt", ".xml", ".XML"])
def test_the_extension_is_the_format(extension: str, project: pytest.Pytester) -> None:
    assert run_pytest(project, f"--wirelock-report=report{extension}").ret == 1
    assert "VIOLATION" in (project.path / f"report{extension}").read_text("utf-8")


def test_an_unknown_extension_is_rejected_before_the_tests_run(project: pytest.Pytester) -> None:
    result = run_pytest(project, "--wirelock-report", "report.pdf")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    message = "ERROR: --wirelock-report report.pdf: the extension must be one of .html, .json, .md, .sarif, .txt, .xml"
    assert result.stderr.str().strip() == message


def test_a_report_that_cannot_be_written_fails_the_run(project: pytest.Pytester) -> None:
    (project.path / "there.json").mkdir()
    result = run_pytest(project, "-k", "conforms", "--wirelock-report", "there.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["--wirelock-report there.json: *"])


def test_the_reports_of_xdist_workers_are_merged(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="the test extra has pytest-xdist")
    result = run_pytest(project, "-n", "2", "--wirelock-report", "report.json")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(SUMMARY)
    report = json.loads((project.path / "report.json").read_text("utf-8"))
    assert report["summary"]["exchanges"]["total"] == 2
    assert [one["exchange"]["recording"] for one in report["findings"]] == ["test_api.py::test_that_does_not"]


# invalid projects


def test_a_missing_project_ends_the_run_before_the_first_test(project: pytest.Pytester) -> None:
    (project.path / "wirelock.toml").unlink()
    result = run_pytest(project)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip().splitlines() == [
        f"ERROR: wirelock_project: the project in {project.path} cannot be compiled",
        "  no wirelock project in this folder or a folder above it",
        "    run wirelock init to create a project, or add [tool.wirelock] to pyproject.toml",
    ]
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_a_missing_folder_ends_the_run(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\nwirelock_project = nots\n")
    result = run_pytest(project)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip() == f"ERROR: wirelock_project: the folder {project.path}/nots does not exist"


def test_an_invalid_project_ends_the_run(project: pytest.Pytester) -> None:
    (project.path / "schemas/note/note.schema.json").write_text("{", "utf-8")
    result = run_pytest(project)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "schemas/note/note.schema.json" in result.stderr.str()
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_tests_without_the_fixture_need_no_project(project: pytest.Pytester) -> None:
    (project.path / "wirelock.toml").unlink()
    run_pytest(project, "-k", "beside").assert_outcomes(passed=1, deselected=2)


def test_a_missing_project_fails_each_test_with_xdist(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="the test extra has pytest-xdist")
    (project.path / "wirelock.toml").unlink()
    result = run_pytest(project, "-n", "2")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["  no wirelock project in this folder or a folder above it"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_the_project_can_be_in_another_folder(project: pytest.Pytester) -> None:
    (project.path / "api").mkdir()
    for name in ("wirelock.toml", "schemas", "proto", "generated"):
        shutil.move(project.path / name, project.path / "api" / name)
    project.makeini("[pytest]\nwirelock_project = api\n")
    run_pytest(project).assert_outcomes(passed=2, failed=1)


def test_the_fixture_can_be_requested_at_run_time(project: pytest.Pytester) -> None:
    project.makepyfile(test_api="def test_late(request):\n    request.getfixturevalue('wirelock')\n")
    run_pytest(project).assert_outcomes(passed=1)
    (project.path / "wirelock.toml").unlink()
    result = run_pytest(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  no wirelock project in this folder or a folder above it"])
