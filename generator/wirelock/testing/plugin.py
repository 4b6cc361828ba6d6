"""The pytest plugin: the fixture `wirelock` and the summary at the end of the run.

pytest loads this module in every run of an environment with wirelock, so functions import the other modules on use.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from wirelock.api.project import Project
    from wirelock.diagnostics import Diagnostic, Report
    from wirelock.testing.conformance import Conformance

FIXTURE = "wirelock"
_CONFORMANCE = pytest.StashKey["Conformance"]()
_TEST = pytest.StashKey[str]()
_SUMMARY = pytest.StashKey[list[str]]()
_REPORTS = pytest.StashKey["list[Report]"]()
_WORKER_REPORTS = "wirelock_report"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the command line and of the configuration."""
    description = "folder of the wirelock project for the fixture `wirelock` (default: the root folder)"
    parser.addini("wirelock_project", description, default=".")
    group = parser.getgroup("wirelock", "API conformance (wirelock)")
    description = "write a report to FILE; its extension is the format: .json, .html, .xml (JUnit) ..."
    group.addoption("--wirelock-report", metavar="FILE", default=None, help=description)


def pytest_configure(config: pytest.Config) -> None:
    """Reject an unknown report format before the tests run."""
    config.stash[_REPORTS] = []
    file: str | None = config.getoption("--wirelock-report")
    if file is not None:
        from wirelock.testing.summary import FORMAT_BY_EXTENSION

        if Path(file).suffix.lower() not in FORMAT_BY_EXTENSION:
            extensions = ", ".join(FORMAT_BY_EXTENSION)
            raise pytest.UsageError(f"--wirelock-report {file}: the extension must be one of {extensions}")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Compile the project if a test uses it; end the run with an error before the first test if that fails.

    A worker of pytest-xdist cannot end the run; there the fixture fails in each test.
    """
    config = session.config
    if config.option.collectonly or hasattr(config, "workerinput"):
        return
    if any(FIXTURE in getattr(item, "fixturenames", ()) for item in session.items):
        loaded = _load_conformance(config)
        if isinstance(loaded, str):
            raise pytest.UsageError(loaded)
        config.stash[_CONFORMANCE] = loaded


@pytest.fixture(scope="session")
def wirelock(pytestconfig: pytest.Config) -> Conformance:
    """Return the project that checks responses: `wirelock.assert_conforms(response)`."""
    if _CONFORMANCE not in pytestconfig.stash:
        loaded = _load_conformance(pytestconfig)
        if isinstance(loaded, str):
            pytest.fail(loaded, pytrace=False)
        loaded.begin(pytestconfig.stash[_TEST])
        pytestconfig.stash[_CONFORMANCE] = loaded
    return pytestconfig.stash[_CONFORMANCE]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Name the following exchanges after the test."""
    item.config.stash[_TEST] = item.nodeid
    conformance = item.config.stash.get(_CONFORMANCE, None)
    if conformance is not None:
        conformance.begin(item.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the report of a pytest-xdist worker to the main process, or write the report of the run."""
    config = session.config
    reports = config.stash[_REPORTS]
    if _CONFORMANCE in config.stash:
        reports.append(config.stash[_CONFORMANCE].report())
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output[_WORKER_REPORTS] = pickle.dumps(reports)
    else:
        config.stash[_SUMMARY] = _build_summary(session, [report for report in reports if report.cases])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object | None) -> None:
    """Receive the report of a pytest-xdist worker; unpickling is safe, because the worker is a child process."""
    pickled = getattr(node, "workeroutput", {}).get(_WORKER_REPORTS)
    if pickled is not None:
        node.config.stash[_REPORTS].extend(pickle.loads(pickled))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the summary if an exchange was checked."""
    summary: list[str] = config.stash.get(_SUMMARY, list[str]())
    for title in summary[:1]:
        terminalreporter.section(title)
    for line in summary[1:]:
        terminalreporter.line(line)


def _build_summary(session: pytest.Session, reports: list[Report]) -> list[str]:
    """Merge the reports and write the report file; return a title and lines for the terminal."""
    file: str | None = session.config.getoption("--wirelock-report")
    if not reports:
        return [] if file is None else ["wirelock: nothing was checked", f"report     {file} was not written"]
    from wirelock.testing.summary import format_lines, format_title, merge_reports

    report = merge_reports(reports)
    written = [] if file is None else [_write_report(session, report, file)]
    return [format_title(report), *format_lines(report), *written]


def _write_report(session: pytest.Session, report: Report, file: str) -> str:
    """Write the report file; return a line for the terminal. The run fails if the file cannot be written."""
    from wirelock.testing.summary import write_report

    config = session.config
    error = write_report(report, _load_project(config).config, config.invocation_params.dir / file)
    if error is None:
        return f"report     {file}"
    session.exitstatus = pytest.ExitCode.USAGE_ERROR
    return f"--wirelock-report {file}: {error.message}; {error.hint}"


def _load_conformance(config: pytest.Config) -> Conformance | str:
    """Return the compiled project, or an error message."""
    from wirelock.api.project import ProjectError
    from wirelock.testing.conformance import Conformance

    name = config.getini("wirelock_project")
    folder = config.rootpath / name
    if not folder.is_dir():
        return f"wirelock_project: the folder {folder} does not exist"
    try:
        return Conformance(_load_project(config))
    except ProjectError as error:
        errors = [f"  {_format_location(d)}{d.message}\n    {d.hint}" for d in error.diagnostics]
        return "\n".join([f"wirelock_project: the project in {folder} cannot be compiled", *errors])


def _format_location(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.location}: " if diagnostic.location.file else ""


def _load_project(config: pytest.Config) -> Project:
    from wirelock.api.project import load

    return load(config.rootpath / config.getini("wirelock_project"))
