"""Sample reports for the tests of all formats; `golden/` has their output."""

from __future__ import annotations

from collections.abc import Callable

from wirelock.diagnostics import (
    Case,
    ChangeImpact,
    ChangeVerdict,
    Code,
    Coverage,
    Diagnostic,
    Example,
    Excerpt,
    ExchangeRef,
    Location,
    Outcome,
    Report,
    Severity,
)
from wirelock.traffic.conformance.codes import (
    BODY_NOT_CHECKED,
    EXPECTATION_UNUSED,
    MALFORMED,
    UNDECLARED_FIELD,
    VIOLATION,
)

BROKEN = Code("SOURCE_NOT_JSON", Severity.ERROR, fatal=True)
STALE = Code("OUT_OF_DATE", Severity.ERROR)
RETYPED = Code("RETYPED", Severity.ERROR)
ALL = ("validator", "model", "codec")
CASES: dict[str, Callable[[], Report]] = {}


def register_case(make: Callable[[], Report]) -> Callable[[], Report]:
    """Register a function as a case, named like the function with dashes."""
    CASES[make.__name__.replace("_", "-")] = make
    return make


def make_exchange(index: int, method: str = "GET", path: str = "/session", part: str = "response") -> ExchangeRef:
    """Make a reference to one exchange of a recording."""
    return ExchangeRef("old.har", index, method, f"http://127.0.0.1:4096{path}", 200, part)


def make_violation(ref: ExchangeRef, pointer: str, expected: str = "") -> Diagnostic:
    """Make a finding about a missing required property."""
    name = pointer.rpartition("/")[2]
    schema, rpc = "session/sessionInfo.schema.json#/required", "SessionService.ListSessions"
    words = f"required property `{name}` is missing"
    where = Location(ref.recording, pointer=pointer)
    return Diagnostic(VIOLATION, where, words, "", None, ref, schema, rpc, ALL, expected)


def make_exhibit(code: Code, ref: ExchangeRef, message: str, severity: Severity | None = None) -> Diagnostic:
    """Make a finding about a whole body."""
    return Diagnostic(code, Location(ref.recording), message, "", severity, ref)


def make_document_finding(index: int, pointer: str, message: str) -> Diagnostic:
    """Make a finding in one line of a file of documents."""
    ref = ExchangeRef("sessions.ndjson", index, "", "", 0, "document")
    return Diagnostic(VIOLATION, Location(ref.recording, index + 1, pointer=pointer), message, exchange=ref)


def make_thirty_violations() -> tuple[Diagnostic, ...]:
    """One fault of a server: 28 sessions in two lists, and two single sessions."""
    lists = [make_violation(make_exchange(at), f"/{item}/directory") for at in (2, 5) for item in range(14)]
    return (*lists, *(make_violation(make_exchange(at, "POST"), "/directory") for at in (1, 8)))


@register_case
def one_fault_thirty_times() -> Report:
    return Report(make_thirty_violations())


@register_case
def two_faults_at_one_place() -> Report:
    """Findings that differ in more than location: another property, another reason."""
    first, other = make_violation(make_exchange(1), "/directory"), make_violation(make_exchange(1), "/title")
    return Report((first, other, make_violation(make_exchange(2), "/directory", "old servers left it out")))


@register_case
def expected_findings() -> Report:
    reason = "servers before 1.0 did not send it"
    gone = Diagnostic(EXPECTATION_UNUSED, Location("pyproject.toml", 90, 1), "nothing to expect", "remove it")
    known = tuple(make_violation(make_exchange(at, "POST"), "/directory", reason) for at in (1, 2))
    return Report((*known, gone))


@register_case
def warnings_and_notes() -> Report:
    asked = make_exchange(3, "PATCH", "/session/ses_1?directory=%2Fhome#top", "request")
    undeclared = Diagnostic(
        UNDECLARED_FIELD,
        Location("old.har", pointer="/colour"),
        "property `colour` is not declared",
        severity=Severity.WARNING,
        exchange=asked,
        raised_by=ALL,
    )
    refused = Diagnostic(VIOLATION, Location("old.har"), "expected string", "", Severity.NOTE, asked, raised_by=ALL)
    malformed = make_exhibit(MALFORMED, make_exchange(4), "not JSON", Severity.NOTE)
    skipped = [make_exhibit(BODY_NOT_CHECKED, make_exchange(at), f"not checked: body {at}") for at in (6, 7, 9)]
    return Report((undeclared, refused, malformed, *skipped))


@register_case
def files_out_of_date() -> Report:
    """Seven files with one fault: one group with five listed locations."""
    names = [f"generated/shop_api/part{number}.py" for number in range(7)]
    stale = (Diagnostic(STALE, Location(name), "the file is missing", "run: wirelock generate") for name in names)
    counts: dict[str, int | str] = {"files": 9, "unchanged": 2, "added": 7, "changed": 0, "deleted": 0}
    return Report(tuple(stale), {"generate": counts})


@register_case
def could_not_run() -> Report:
    where = Location("schemas/session/session.schema.json", 3, 7, "/properties")
    return Report((Diagnostic(BROKEN, where, "a comma is missing", "mend the file"),))


@register_case
def bare_documents() -> Report:
    first = make_document_finding(0, "/id", "expected string")
    second = make_document_finding(4, "", "expected object")
    return Report((first, second))


@register_case
def coverage_and_counts() -> Report:
    summary: dict[str, dict[str, int | str]] = {
        "generate": {"files": 56, "unchanged": 56, "added": 0},
        "recordings": {"files": "not configured"},
        "exchanges": {"total": 376, "conforming": 362, "undocumented_status": 14},
    }
    fields = Coverage("fields", ("a.id",), tuple(f"a.field{number}" for number in range(6)))
    return Report((), summary, (Coverage("methods", ("S.Get", "S.List"), ()), fields))


@register_case
def nothing_at_all() -> Report:
    return Report()


HOSTILE = "\x1b[2J\r\npassed\n\u202egnp.exe\x00\x9b31m\udc80"


@register_case
def hostile_words() -> Report:
    """Escape sequences, newlines, bidi marks and a lone surrogate in all foreign text."""
    ref = ExchangeRef(
        f"a{HOSTILE}.har", 0, f"GET{HOSTILE}", f"http://[{HOSTILE}/x{HOSTILE}?q={HOSTILE}", 200, "response"
    )
    where = Location(ref.recording, 0, 0, f"/{HOSTILE}")
    fault = Diagnostic(
        VIOLATION, where, f"m{HOSTILE}", f"h{HOSTILE}", None, ref, f"s{HOSTILE}", "S.M", ALL, f"e{HOSTILE}"
    )
    document = ExchangeRef(f"b{HOSTILE}", 0, "", "", 0, "document")
    faults = (
        fault,
        Diagnostic(VIOLATION, Location(f"b{HOSTILE}", 1), "a document", exchange=document),
        Diagnostic(STALE, Location(f"f{HOSTILE}", 1, 1, f"/{HOSTILE}"), "a file"),
        make_exhibit(BODY_NOT_CHECKED, ref, f"n{HOSTILE}"),
    )
    summary: dict[str, dict[str, int | str]] = {"recordings": {"files": HOSTILE}}
    return Report(faults, summary, (Coverage("fields", (), (f"c{HOSTILE}",)),))


@register_case
def breaking_change() -> Report:
    """Make the finding of a breaking change."""
    broken = ChangeImpact(
        "SessionInfo.title",
        ("FIELD_SAME_TYPE",),
        ChangeVerdict.BROKEN,
        ChangeVerdict.UNPROVED,
        '{"title": "a"}',
        "",
        "responses",
    )
    where = Location("schemas/session/sessionInfo.schema.json", 12, 7, "/properties/title/type")
    return Report(
        (Diagnostic(RETYPED, where, "`title` was a string and is an integer", "add a property", impact=broken),)
    )


@register_case
def full_report() -> Report:
    """Findings of every kind with all facts."""
    faults = make_thirty_violations()
    schema = Excerpt(
        ("{", '  "type": "object",', '  "required": ["id", "directory"],', '  "properties": {'),
        (2,),
        "schemas/session/sessionInfo.schema.json",
        1,
    )
    document = Excerpt(("[", "  {", '    "id": "ses_1",', '    "directory" is missing', "  }", "]"), (3,))
    refs = [(2, "GET"), (5, "GET"), (1, "POST"), (8, "POST")]
    cases = [
        Case(make_exchange(index, method, part=""), "SessionService.ListSessions", Outcome.VIOLATING)
        for index, method in refs
    ]
    cases += [Case(make_exchange(0, part=""), "SessionService.ListSessions", Outcome.CONFORMING)]
    cases += [Case(make_exchange(6, path="/other", part=""), "", Outcome.UNMATCHED)]
    parts = [
        report()
        for report in (expected_findings, warnings_and_notes, files_out_of_date, breaking_change, bare_documents)
    ]
    other = tuple(finding for report in parts for finding in report.diagnostics)
    counts = coverage_and_counts()
    methods = Coverage("methods", ("SessionService.ListSessions",), ("SessionService.GetSession",))
    fields = Coverage("fields", ("session/sessionInfo.id",), ("session/sessionInfo.time.created", "session/part.text"))
    return Report(
        (*faults, *other),
        counts.summary,
        (methods, fields),
        "--- a/proto/session.proto\n+++ b/proto/session.proto\n@@ -1 +1 @@\n-old\n+new\n",
        tuple(cases),
        (Example(faults[0], schema, document),),
    )
