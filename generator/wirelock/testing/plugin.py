"""The pytest plugin: the fixture `wirelock`, and what the tests exercised at the end of the run.

pytest loads this module in every run of an environment that has wirelock; what is heavy is imported where it is used.
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
_TOLD = pytest.StashKey[list[str]]()
_REPORTS = pytest.StashKey["list[Report]"]()
_SENT = "wirelock_report"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the command line and of the configuration."""
    words = "folder of the wirelock project that the fixture `wirelock` checks against; the root folder by default"
    parser.addini("wirelock_project", words, default=".")
    group = parser.getgroup("wirelock", "API conformance (wirelock)")
    words = "write what was checked into FILE, in the format that its ending names: .json, .html, .xml (JUnit) ..."
    group.addoption("--wirelock-report", metavar="FILE", default=None, help=words)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a report in a format that nobody knows before the tests run, not after."""
    config.stash[_REPORTS] = []
    file: str | None = config.getoption("--wirelock-report")
    if file is not None:
        from wirelock.testing.summary import ENDINGS

        if Path(file).suffix.lower() not in ENDINGS:
            raise pytest.UsageError(f"--wirelock-report {file}: the file must end in one of {', '.join(ENDINGS)}")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Compile the project when a test uses it: where there is none, the run ends with that word, before any test.

    A worker of pytest-xdist cannot end the run; there the fixture says it, test by test.
    """
    config = session.config
    if config.option.collectonly or hasattr(config, "workerinput"):
        return
    if any(FIXTURE in getattr(item, "fixturenames", ()) for item in session.items):
        loaded = _loaded(config)
        if isinstance(loaded, str):
            raise pytest.UsageError(loaded)
        config.stash[_CONFORMANCE] = loaded


@pytest.fixture(scope="session")
def wirelock(pytestconfig: pytest.Config) -> Conformance:
    """Holds responses against the project: `wirelock.assert_conforms(response)`."""
    if _CONFORMANCE not in pytestconfig.stash:
        loaded = _loaded(pytestconfig)
        if isinstance(loaded, str):
            pytest.fail(loaded, pytrace=False)
        loaded.begin(pytestconfig.stash[_TEST])
        pytestconfig.stash[_CONFORMANCE] = loaded
    return pytestconfig.stash[_CONFORMANCE]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Name the exchanges that follow after the test."""
    item.config.stash[_TEST] = item.nodeid
    conformance = item.config.stash.get(_CONFORMANCE, None)
    if conformance is not None:
        conformance.begin(item.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Give the report of a worker of pytest-xdist to the process that collects them; write the report of the run."""
    config = session.config
    reports = config.stash[_REPORTS]
    if _CONFORMANCE in config.stash:
        reports.append(config.stash[_CONFORMANCE].report())
    sent: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if sent is not None:
        sent[_SENT] = pickle.dumps(reports)
    else:
        config.stash[_TOLD] = _finished(session, [report for report in reports if report.cases])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object | None) -> None:
    """Take the report of a worker of pytest-xdist, which is a process of ours."""
    sent = getattr(node, "workeroutput", {}).get(_SENT)
    if sent is not None:
        node.config.stash[_REPORTS].extend(pickle.loads(sent))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was exercised, if anything was checked."""
    told: list[str] = config.stash.get(_TOLD, list[str]())
    for head in told[:1]:
        terminalreporter.section(head)
    for line in told[1:]:
        terminalreporter.line(line)


def _finished(session: pytest.Session, reports: list[Report]) -> list[str]:
    """Merge the reports, and write the file that was asked for; gives a title and lines for the terminal."""
    file: str | None = session.config.getoption("--wirelock-report")
    if not reports:
        return [] if file is None else ["wirelock: nothing was checked", f"report     {file} is not written"]
    from wirelock.testing.summary import lines, merged, title

    report = merged(reports)
    return [title(report), *lines(report), *([] if file is None else [_written(session, report, file)])]


def _written(session: pytest.Session, report: Report, file: str) -> str:
    """Write the report, and say so; the run fails if that is not possible."""
    from wirelock.testing.summary import written

    config = session.config
    trouble = written(report, _project(config).config, config.invocation_params.dir / file)
    if trouble is None:
        return f"report     {file}"
    session.exitstatus = pytest.ExitCode.USAGE_ERROR
    return f"--wirelock-report {file}: {trouble.message}; {trouble.hint}"


def _loaded(config: pytest.Config) -> Conformance | str:
    """The project, ready to check, or why there is none."""
    from wirelock.api.project import ProjectError
    from wirelock.testing.conformance import Conformance

    stated = config.getini("wirelock_project")
    folder = config.rootpath / stated
    if not folder.is_dir():
        return f"wirelock_project: there is no folder {stated} in {config.rootpath}"
    try:
        return Conformance(_project(config))
    except ProjectError as error:
        faults = [f"  {_place(one)}{one.message}\n    {one.hint}" for one in error.diagnostics]
        return "\n".join([f"wirelock_project: the project in {folder} cannot be used", *faults])


def _place(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.where}: " if diagnostic.where.file else ""


def _project(config: pytest.Config) -> Project:
    from wirelock.api.project import load

    return load(config.rootpath / config.getini("wirelock_project"))
