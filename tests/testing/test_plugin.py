"""The pytest plugin in runs of its own: the fixture, the summary, the report, and what a wrong project looks like."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import entry_points
from pathlib import Path

import pytest

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
    """A folder with the small project and tests of it."""
    assert "wirelock" in {one.name for one in entry_points(group="pytest11")}, "install the checkout again"
    shutil.copytree(project_folder, pytester.path, dirs_exist_ok=True)
    pytester.makepyfile(test_api=TESTS)
    pytester.makeini("[pytest]\n")
    return pytester


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """A run in a process of its own, with the plugins that it needs."""
    return pytester.runpytest_subprocess("-p", "no:anyio", "-p", "no:cacheprovider", *arguments)


def test_a_response_at_fault_fails_its_test_with_the_findings(project: pytest.Pytester) -> None:
    ran = run(project)
    ran.assert_outcomes(passed=2, failed=1)
    ran.stdout.fnmatch_lines(
        [
            ">       wirelock.assert_conforms(ask('/note/n1', answer))".replace("'", '"'),
            "E       wirelock.testing.conformance.NotConforming: not as the project describes it",
            "E       error    VIOLATION  required property `text` is missing",
            "E                at       test_api.py::test_that_does_not #0 GET /note/n1 -> 200, response /text",
            "E                schema   note/note.schema.json#/required",
            "E                found by validator, model, codec",
        ]
    )
    assert "conformance.py:" not in ran.stdout.str().partition("short test summary")[0].replace("test_api.py", "")


SUMMARY = [
    "*= wirelock: 2 exchanges, 1 conforming, 1 violating =*",
    "exercised  NoteService.GetNote",
    "never      NoteService.WatchNotes",
    "methods             1 of 2",
    "fields              3 of 4",
    "findings   1 error",
]


def test_the_summary_says_what_was_exercised_and_what_never(project: pytest.Pytester) -> None:
    run(project).stdout.fnmatch_lines(SUMMARY)


def test_a_run_that_checks_nothing_says_nothing(project: pytest.Pytester) -> None:
    ran = run(project, "-k", "beside")
    ran.assert_outcomes(passed=1, deselected=2)
    assert "wirelock:" not in ran.stdout.str()
    ran = run(project, "-k", "beside", "--wirelock-report", "report.json")
    assert ran.ret == 0
    ran.stdout.fnmatch_lines(["*= wirelock: nothing was checked =*", "report     report.json is not written"])
    assert not (project.path / "report.json").exists()


def test_the_plugin_loads_nothing_until_it_is_used(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_api="""
        import sys

        def test_what_is_loaded():
            assert "wirelock.testing.plugin" in sys.modules
            ours = {name for name in sys.modules if name.startswith("wirelock.")}
            assert ours == {"wirelock.testing", "wirelock.testing.plugin"}
        """
    )
    run(project).assert_outcomes(passed=1)


def test_the_report_names_files_and_tests(project: pytest.Pytester) -> None:
    ran = run(project, "--wirelock-report", "out/report.json")
    ran.stdout.fnmatch_lines(["report     out/report.json"])
    report = json.loads((project.path / "out/report.json").read_text("utf-8"))
    (finding,) = report["findings"]
    assert (report["verdict"], finding["code"], finding["file"]) == ("findings", "VIOLATION", "test_api.py")
    assert finding["exchange"]["recording"] == "test_api.py::test_that_does_not"
    assert report["coverage"]["methods"] == {"covered": ["NoteService.GetNote"], "missed": ["NoteService.WatchNotes"]}


@pytest.mark.parametrize("ending", [".html", ".md", ".sarif", ".txt", ".xml", ".XML"])
def test_the_ending_names_the_format(ending: str, project: pytest.Pytester) -> None:
    assert run(project, f"--wirelock-report=report{ending}").ret == 1
    assert "VIOLATION" in (project.path / f"report{ending}").read_text("utf-8")


def test_an_unknown_ending_is_refused_before_the_tests_run(project: pytest.Pytester) -> None:
    ran = run(project, "--wirelock-report", "report.pdf")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    words = "ERROR: --wirelock-report report.pdf: the file must end in one of .html, .json, .md, .sarif, .txt, .xml"
    assert ran.stderr.str().strip() == words


def test_a_report_that_cannot_be_written_fails_the_run(project: pytest.Pytester) -> None:
    (project.path / "there.json").mkdir()
    ran = run(project, "-k", "conforms", "--wirelock-report", "there.json")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stdout.fnmatch_lines(["--wirelock-report there.json: *"])


def test_the_processes_of_xdist_count_together(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="the test extra has pytest-xdist")
    ran = run(project, "-n", "2", "--wirelock-report", "report.json")
    ran.assert_outcomes(passed=2, failed=1)
    ran.stdout.fnmatch_lines(SUMMARY)
    report = json.loads((project.path / "report.json").read_text("utf-8"))
    assert report["summary"]["exchanges"]["total"] == 2
    assert [one["exchange"]["recording"] for one in report["findings"]] == ["test_api.py::test_that_does_not"]


# a project that is not there


def test_a_missing_project_is_one_line_and_no_test_runs(project: pytest.Pytester) -> None:
    (project.path / "wirelock.toml").unlink()
    ran = run(project)
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    assert ran.stderr.str().strip().splitlines() == [
        f"ERROR: wirelock_project: the project in {project.path} cannot be used",
        "  no wirelock project here or in a folder above",
        "    wirelock init makes a project; or add [tool.wirelock] to pyproject.toml",
    ]
    assert "Traceback" not in ran.stdout.str() + ran.stderr.str()


def test_a_folder_that_is_not_there(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\nwirelock_project = nots\n")
    ran = run(project)
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    assert ran.stderr.str().strip() == f"ERROR: wirelock_project: there is no folder nots in {project.path}"


def test_a_project_that_cannot_be_compiled(project: pytest.Pytester) -> None:
    (project.path / "schemas/note/note.schema.json").write_text("{", "utf-8")
    ran = run(project)
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    assert "schemas/note/note.schema.json" in ran.stderr.str()
    assert "Traceback" not in ran.stdout.str() + ran.stderr.str()


def test_tests_that_do_not_use_it_need_no_project(project: pytest.Pytester) -> None:
    (project.path / "wirelock.toml").unlink()
    run(project, "-k", "beside").assert_outcomes(passed=1, deselected=2)


def test_a_missing_project_with_xdist(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="the test extra has pytest-xdist")
    (project.path / "wirelock.toml").unlink()
    ran = run(project, "-n", "2")
    ran.assert_outcomes(passed=1, errors=2)
    ran.stdout.fnmatch_lines(["  no wirelock project here or in a folder above"])
    assert "Traceback" not in ran.stdout.str() + ran.stderr.str()


def test_the_project_may_be_elsewhere(project: pytest.Pytester) -> None:
    (project.path / "api").mkdir()
    for name in ("wirelock.toml", "schemas", "proto", "generated"):
        shutil.move(project.path / name, project.path / "api" / name)
    project.makeini("[pytest]\nwirelock_project = api\n")
    run(project).assert_outcomes(passed=2, failed=1)


def test_a_fixture_that_is_asked_for_by_name(project: pytest.Pytester) -> None:
    project.makepyfile(test_api="def test_late(request):\n    request.getfixturevalue('wirelock')\n")
    run(project).assert_outcomes(passed=1)
    (project.path / "wirelock.toml").unlink()
    ran = run(project)
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["  no wirelock project here or in a folder above"])
