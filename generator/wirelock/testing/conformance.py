"""Exchanges of a test run held against a project, one by one, with what `wirelock verify` holds recordings against."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import Literal

from wirelock.api.emit import emitted
from wirelock.api.project import Project, ProjectError
from wirelock.diagnostics import Diagnostic, Report, Severity, in_order
from wirelock.loader import load
from wirelock.progress import silent
from wirelock.report.text import render
from wirelock.testing.responses import exchange_of
from wirelock.traffic.conformance.checker import Check
from wirelock.traffic.http.exchange import Exchange

Faults = Literal["raise", "collect"]
"""What becomes of a fault in traffic that passes by: raised when its exchange is over, or only kept for the report."""


class NotConforming(AssertionError):
    """An exchange is not as the project describes it; `diagnostics` say why."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(f"not as the project describes it\n\n{render(Report(diagnostics)).rstrip()}")
        self.diagnostics = diagnostics


class Conformance:
    """One project, and all that was held against it so far; threads may use it together.

    Raises ProjectError for a project that cannot be compiled.
    """

    def __init__(self, project: Project) -> None:
        build = project.build()
        output = emitted(build, silent)
        if not output.sound:
            raise ProjectError(tuple(one for one in output.diagnostics if one.fails))
        self.project = project
        self._check = Check(build.graph, load(build, output.artifacts).contract)
        self._found: list[Diagnostic] = []
        self._recording, self._index = "responses", 0
        self._lock = Lock()

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """Everything found so far, notes included."""
        return in_order(self._found)

    def begin(self, recording: str) -> None:
        """Give the exchanges that follow a name, such as that of the test, and count them from 0."""
        with self._lock:
            self._recording, self._index = recording, 0

    def assert_conforms(self, response: object) -> None:
        """Hold a response of httpx, requests or aiohttp, and its request, against the services.

        A response is refused, too, where there was nothing to hold it against: no service describes it. Raises
        NotConforming; TypeError for what is no such response; ValueError where its body was not read.
        """
        __tracebackhide__ = True  # pytest shows the line of the test instead
        found = self._take(exchange_of(response), nothing=Severity.ERROR)
        if any(one.fails for one in found):
            raise NotConforming(found)

    def check(self, exchange: Exchange) -> tuple[Diagnostic, ...]:
        """What is wrong with an exchange, as `wirelock verify` says it; its name and index become those of this run."""
        return self._take(exchange, nothing=Severity.NOTE)

    def report(self) -> Report:
        """Everything found, counted and covered so far."""
        with self._lock:
            return replace(self._check.report(), diagnostics=self.findings)

    def _take(self, exchange: Exchange, *, nothing: Severity) -> tuple[Diagnostic, ...]:
        """Check one exchange; `nothing` is how the reason weighs why no part of it could be checked."""
        with self._lock:
            bodies, known = self._check.bodies, len(self._check.diagnostics)
            self._check.exchange(replace(exchange, recording=self._recording, index=self._index))
            self._index += 1
            found = self._check.diagnostics[known:]
            if self._check.bodies == bodies:
                found = [replace(one, severity=nothing) for one in found]
            self._found += found
        return in_order(found)


def passed(conformance: Conformance, exchange: Exchange, faults: Faults) -> None:
    """Hold an exchange that went by against the services; raises NotConforming if faults are to be raised."""
    __tracebackhide__ = True
    found = conformance.check(exchange)
    if faults == "raise" and any(one.fails for one in found):
        raise NotConforming(found)
