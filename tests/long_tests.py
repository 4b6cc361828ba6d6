"""Long tests (whole suites, kill tests, browsers, servers, peers) run with `--long` or when they are named."""

from __future__ import annotations

from typing import Any

import pytest

LEFT_OUT = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--long`."""
    parser.addoption(
        "--long", action="store_true", help="also run long tests: suites, kill tests, browsers, servers, peers"
    )


def runs_long(config: pytest.Config) -> bool:
    """Return True if long tests run: by option, or because the command line names files or tests."""
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is not None:  # pytest-xdist names files to its workers whatever the user did
        return bool(worker["runs_long"])
    return config.getoption("--long") or config.args_source is pytest.Config.ArgsSource.ARGS


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass the decision on to a worker of pytest-xdist."""
    node.workerinput["runs_long"] = runs_long(node.config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect long tests unless they run."""
    if runs_long(config):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        config.stash[LEFT_OUT] = len(long)
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print one line about the tests that were left out."""
    if not runs_long(config):
        count = config.stash.get(LEFT_OUT, None)
        tests = f"{count:,} long test{'s' if count > 1 else ''}" if count is not None else "the long tests"
        terminalreporter.write_line(f"left out {tests} (suites, kill tests, browsers, servers, peers): pytest --long")
