"""Conformance checks of the exchanges of a test run; they are those of `wirelock verify`."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import Literal

from wirelock.api.emit import emit_all
from wirelock.api.project import Project, ProjectError
from wirelock.diagnostics import Diagnostic, Report, Severity, sort_unique
from wirelock.loader import load_artifacts
from wirelock.progress import noop_progress
from wirelock.report.text import render
from wirelock.testing.responses import to_exchange
from wirelock.traffic.conformance.checker import ConformanceCheck
from wirelock.traffic.http.exchange import Exchange

ViolationAction = Literal["raise", "collect"]
"""Action on a violation in observed traffic: raise it at the end of the exchange, or only collect it for the report."""


class ConformanceError(AssertionError):
    """Raised when an exchange does not conform to the project; `diagnostics` are the findings."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(f"the exchange does not conform to the project\n\n{render(Report(diagnostics)).rstrip()}")
        self.diagnostics = diagnostics


class Conformance:
    """A project and the findings of all exchanges so far; it is thread-safe.

    Raises ProjectError if the project cannot be compiled.
    """

    def __init__(self, project: Project) -> None:
        build = project.build()
        output = emit_all(build, noop_progress)
        if not output.is_sound:
            raise ProjectError(tuple(diagnostic for diagnostic in output.diagnostics if diagnostic.is_failure))
        self.project = project
        self._check = ConformanceCheck(build.graph, load_artifacts(build, output.artifacts).get_contract)
        self._findings: list[Diagnostic] = []
        self._recording, self._index = "responses", 0
        self._lock = Lock()

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """All findings so far, including notes."""
        return sort_unique(self._findings)

    def begin(self, recording: str) -> None:
        """Set the name of the following exchanges, such as that of a test, and number them from 0."""
        with self._lock:
            self._recording, self._index = recording, 0

    def assert_conforms(self, response: object) -> None:
        """Check a response of httpx, requests or aiohttp, and its request.

        Raises ConformanceError, also if no service describes the exchange; TypeError for other objects; ValueError if
        the body of the response was not read.
        """
        __tracebackhide__ = True  # so that pytest shows the line of the test
        findings = self._check_exchange(to_exchange(response), if_unchecked=Severity.ERROR)
        if any(finding.is_failure for finding in findings):
            raise ConformanceError(findings)

    def check(self, exchange: Exchange) -> tuple[Diagnostic, ...]:
        """Return the findings for an exchange; its recording and index are replaced by those of this run."""
        return self._check_exchange(exchange, if_unchecked=Severity.NOTE)

    def report(self) -> Report:
        """Return the report of all exchanges so far."""
        with self._lock:
            return replace(self._check.to_report(), diagnostics=self.findings)

    def _check_exchange(self, exchange: Exchange, *, if_unchecked: Severity) -> tuple[Diagnostic, ...]:
        """Check one exchange; `if_unchecked` is the severity of the findings if no part of it could be checked."""
        with self._lock:
            bodies, count = self._check.bodies, len(self._check.diagnostics)
            self._check.check_exchange(replace(exchange, recording=self._recording, index=self._index))
            self._index += 1
            findings = self._check.diagnostics[count:]
            if self._check.bodies == bodies:
                findings = [replace(finding, severity=if_unchecked) for finding in findings]
            self._findings += findings
        return sort_unique(findings)


def check_observed(conformance: Conformance, exchange: Exchange, on_violation: ViolationAction) -> None:
    """Check an observed exchange; raises ConformanceError if violations are to be raised."""
    __tracebackhide__ = True
    findings = conformance.check(exchange)
    if on_violation == "raise" and any(finding.is_failure for finding in findings):
        raise ConformanceError(findings)
