"""What a live check knows so far: every answer is held against the services as it comes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from wirelock.diagnostics import Diagnostic, Location
from wirelock.ir import Method, TypeGraph
from wirelock.serve.live.client import Call, Server
from wirelock.serve.live.codes import OPERATION_SKIPPED, PATH_NOT_SERVED, UPSTREAM_REFUSED
from wirelock.serve.net.upstream import PASSWORD, TOKEN, USER
from wirelock.traffic.conformance.checker import Check
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.http.parameters import properties

PAGE = "text/html"
_PARAMETER = re.compile(r"\{[^{}]*\}")
_UNKNOWN_PATH = (404, 405, 501)


class Stopped(Exception):
    """The server cannot be checked any further; `diagnostic` says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(slots=True)
class Run:
    """The server, the check that takes its answers, what else was found, and how many calls were made.

    `left_out` are methods that could not be called at some time, by their places.
    """

    server: Server
    graph: TypeGraph
    check: Check
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    called: int = 0
    not_served: int = 0
    left_out: dict[Location, Diagnostic] = field(default_factory=dict[Location, Diagnostic])
    _used: set[Location] = field(default_factory=set[Location])
    _was_let_in: bool = False
    _is_stopped: bool = False

    async def ask(self, method: Method, call: Call) -> Exchange | None:
        """Make a call of a method, and take its answer; raises Stopped."""
        return self.take(method, call, await self.server.ask(call))

    def take(self, method: Method, call: Call, result: Exchange | Diagnostic) -> Exchange | None:
        """Hold an answer; None if there was none, or none of this API. Raises Stopped."""
        if isinstance(result, Diagnostic) and result.code.fatal:
            raise Stopped(result)  # nothing arrived
        self.called += 1
        self._used.add(method.where)
        if isinstance(result, Diagnostic):
            self.diagnostics.append(result)
            return None
        if result.status == 401 and not self._was_let_in:
            raise Stopped(_refused(call, bool(self.server.upstream.authorization)))
        self._was_let_in = True
        if reason := not_served(method, result):
            self.not_served += 1
            hint = "is that the path of the server, and is this the version that the service file describes?"
            self.diagnostics.append(Diagnostic(PATH_NOT_SERVED, method.where, f"{call} {reason}", hint))
            return None
        self.check.exchange(result, must_serve=True)
        return result

    def stop(self, diagnostic: Diagnostic) -> None:
        """Note why the server cannot be checked any further; the first reason is enough."""
        if not self._is_stopped:
            self.diagnostics.append(diagnostic)
        self._is_stopped = True

    def leave_out(self, method: Method, reason: str) -> None:
        """Note why a method is not called, unless it is called otherwise."""
        words = f"{method.name} is not called: {reason}"
        self.left_out.setdefault(method.where, Diagnostic(OPERATION_SKIPPED, method.where, words))

    @property
    def not_called(self) -> tuple[Diagnostic, ...]:
        """The methods that were left out to the end, and why."""
        return tuple(note for where, note in self.left_out.items() if where not in self._used)

    def needs(self, method: Method) -> str:
        """What a method cannot be called without and nobody can guess: required parameters of query or header."""
        stated = properties(method.request, self.graph.definitions)
        places = [(name, place) for name, place in method.places if place in ("query", "header")]
        named = [f"{name} ({place})" for name, place in places if name in stated and stated[name].required]
        return f"it needs {', '.join(named)}" if named else ""


def not_served(method: Method, exchange: Exchange) -> str:
    """In which words a server says that it does not know a path, "" if it knows it."""
    if exchange.status in _UNKNOWN_PATH and not _PARAMETER.search(method.path):
        return f"is answered {exchange.status}: the server does not serve that path"
    described = {body.media_type for body in method.responses}
    received = exchange.response.media_type if exchange.response else ""
    if received == PAGE and PAGE not in described:
        return f"is answered {exchange.status} with an HTML page, as for a path that the server does not know"
    return ""


def _refused(call: Call, with_credentials: bool) -> Diagnostic:
    if with_credentials:
        words = f"the server does not accept our credentials: it answers {call} with 401"
        return Diagnostic(UPSTREAM_REFUSED, Location(), words, f"check {USER} and {PASSWORD}, or {TOKEN}")
    words = f"the server wants credentials: it answers {call} with 401"
    return Diagnostic(UPSTREAM_REFUSED, Location(), words, f"set {USER} and {PASSWORD}, or {TOKEN}")
