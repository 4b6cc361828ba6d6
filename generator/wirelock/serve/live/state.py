"""State of a live check; each response is checked when it arrives."""

from __future__ import annotations

from dataclasses import dataclass, field

from wirelock.diagnostics import Diagnostic, Location
from wirelock.ir import Method, TypeGraph
from wirelock.path_templates import find_variables
from wirelock.serve.live.client import LiveCall, LiveServer
from wirelock.serve.live.codes import OPERATION_SKIPPED, PATH_NOT_SERVED, UPSTREAM_REFUSED
from wirelock.serve.net.upstream import PASSWORD, TOKEN, USER
from wirelock.traffic.conformance.checker import ConformanceCheck
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.http.parameters import get_properties

HTML = "text/html"
_UNKNOWN_PATH = (404, 405, 501)


class CheckAborted(Exception):
    """Raised when the server cannot be checked any further; `diagnostic` gives the reason."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(slots=True)
class LiveCheckState:
    """The server, the check of its responses, further findings, and counts.

    `called` counts calls and `not_served` those whose path the server does not serve. `skipped` has a note for each
    method that could not be called at some time, by its location.
    """

    server: LiveServer
    graph: TypeGraph
    check: ConformanceCheck
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    called: int = 0
    not_served: int = 0
    skipped: dict[Location, Diagnostic] = field(default_factory=dict[Location, Diagnostic])
    _called_methods: set[Location] = field(default_factory=set[Location])
    _is_authorized: bool = False
    _is_aborted: bool = False

    async def call(self, method: Method, call: LiveCall) -> Exchange | None:
        """Call a method and check the response; raises CheckAborted."""
        return self.add_result(method, call, await self.server.send(call))

    def add_result(self, method: Method, call: LiveCall, result: Exchange | Diagnostic) -> Exchange | None:
        """Check a response; return None if there is none, or none of this API. Raises CheckAborted."""
        if isinstance(result, Diagnostic) and result.code.fatal:
            raise CheckAborted(result)  # the server received no request
        self.called += 1
        self._called_methods.add(method.location)
        if isinstance(result, Diagnostic):
            self.diagnostics.append(result)
            return None
        if result.status == 401 and not self._is_authorized:
            raise CheckAborted(_report_refused(call, bool(self.server.upstream.authorization)))
        self._is_authorized = True
        if reason := describe_not_served(method, result):
            self.not_served += 1
            hint = (
                "check the path in the server address, and that the service file describes this version of the server"
            )
            self.diagnostics.append(Diagnostic(PATH_NOT_SERVED, method.location, f"{call} {reason}", hint))
            return None
        self.check.check_exchange(result, must_serve=True)
        return result

    def abort(self, diagnostic: Diagnostic) -> None:
        """Record the reason for which the check was aborted; only the first one counts."""
        if not self._is_aborted:
            self.diagnostics.append(diagnostic)
        self._is_aborted = True

    def skip(self, method: Method, reason: str) -> None:
        """Record the reason for which a method is not called; it is dropped if the method is called after all."""
        message = f"{method.name} was not called: {reason}"
        self.skipped.setdefault(method.location, Diagnostic(OPERATION_SKIPPED, method.location, message))

    @property
    def not_called(self) -> tuple[Diagnostic, ...]:
        """Notes on the methods that were never called."""
        return tuple(note for location, note in self.skipped.items() if location not in self._called_methods)

    def describe_missing_parameters(self, method: Method) -> str:
        """Describe the required query and header parameters, whose values are unknown, or return ""."""
        properties = get_properties(method.request, self.graph.definitions)
        missing = [
            f"{name} ({place})"
            for name, place in method.parameter_locations
            if place in ("query", "header") and name in properties and properties[name].required
        ]
        return f"no value is known for {', '.join(missing)}" if missing else ""


def describe_not_served(method: Method, exchange: Exchange) -> str:
    """Describe a response that shows that the server does not serve the path, or return ""."""
    if exchange.status in _UNKNOWN_PATH and not find_variables(method.path):
        return f"returned {exchange.status}: the server does not serve this path"
    described = {body.media_type for body in method.responses}
    received = exchange.response.media_type if exchange.response else ""
    if received == HTML and HTML not in described:
        return f"returned {exchange.status} with an HTML page, so the server does not seem to serve this path"
    return ""


def _report_refused(call: LiveCall, with_credentials: bool) -> Diagnostic:
    if with_credentials:
        message = f"the server rejected our credentials: {call} returned 401"
        return Diagnostic(UPSTREAM_REFUSED, Location(), message, f"check {USER} and {PASSWORD}, or {TOKEN}")
    message = f"the server requires credentials: {call} returned 401"
    return Diagnostic(UPSTREAM_REFUSED, Location(), message, f"set {USER} and {PASSWORD}, or {TOKEN}")
