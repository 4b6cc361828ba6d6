"""Every format: its output for one full report, its official schema, and its handling of hostile text.

`golden/full-report.<format>` has the output; `RECORD=1 pytest` rewrites it.
"""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from checkout import ROOT, load_config
from jsonschema.validators import validator_for
from markdown_it import MarkdownIt
from published_schemas import fetch_junit_schema, fetch_sarif_schema
from sample_reports import (
    CASES,
    RETYPED,
    expected_findings,
    full_report,
    make_exchange,
    make_thirty_violations,
    make_violation,
)

import wirelock
from wirelock.api.excerpts import add_excerpts
from wirelock.api.project import Project
from wirelock.diagnostics import (
    Case,
    ChangeImpact,
    ChangeVerdict,
    Code,
    Coverage,
    Diagnostic,
    Example,
    Excerpt,
    Location,
    Outcome,
    Report,
    Severity,
)
from wirelock.report import FORMATS, html, markdown
from wirelock.report.labels import format_verdict
from wirelock.traffic.conformance.codes import VIOLATION

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)> | `a`` ]]> ::error::owned\n::error file=x::y\r"
    "%0A::stop-commands::x ##[error]z -->\x1b[2J\x00\u202e\udc80\ufffe @everyone #1 https://evil.invalid/ &lt; '\" $x$"
)
OTHERS = [name for name in FORMATS if name != "text"]


def make_hostile_report() -> Report:
    """Make a report with a hostile text in every foreign text."""
    ref = make_exchange(0)
    ref = type(ref)(f"a{HOSTILE}.har", 0, f"GET{HOSTILE}", f"http://[{HOSTILE}/x?q={HOSTILE}", 200, "response")
    where = Location(ref.recording, 0, 0, f"/{HOSTILE}")
    words = (f"m{HOSTILE}", f"h{HOSTILE}", None, ref, f"s{HOSTILE}#/{HOSTILE}", f"S{HOSTILE}.M{HOSTILE}")
    fault = Diagnostic(VIOLATION, where, *words, ("validator",))
    known = Diagnostic(VIOLATION, where, *words, ("validator",), f"e{HOSTILE}")
    file = Location(f"f{HOSTILE}", 3, 1, f"/{HOSTILE}")
    change = ChangeImpact(HOSTILE, (HOSTILE,), ChangeVerdict.BROKEN, ChangeVerdict.BROKEN, HOSTILE, HOSTILE, HOSTILE)
    faults = (fault, known, Diagnostic(RETYPED, file, f"m{HOSTILE}", f"h{HOSTILE}", impact=change))
    excerpt = Excerpt((HOSTILE, f'"{HOSTILE}": 1,'), (0,), HOSTILE, 7)
    cover = (Coverage("methods", (), (f"S{HOSTILE}.M{HOSTILE}",)), Coverage("fields", (HOSTILE,), (f"c{HOSTILE}",)))
    cases = (Case(ref, f"S{HOSTILE}.M", Outcome.VIOLATING),)
    summary: dict[str, dict[str, int | str]] = {"recordings": {"files": HOSTILE}, HOSTILE: {"total": 1, HOSTILE: 1}}
    return Report(faults, summary, cover, f"+{HOSTILE}", cases, (Example(fault, excerpt, excerpt),))


def strip_assets(page: str) -> str:
    """Remove style, script and their hashes from a page; they have files of their own."""
    page = re.sub(r"<(style|script)>.*?</\1>", r"<\1></\1>", page, flags=re.DOTALL)
    return re.sub(r"'sha256-[^']+'", "'sha256-'", page)


# output


@pytest.mark.parametrize("name", OTHERS)
def test_a_report_with_everything_reads_as_recorded(name: str) -> None:
    text, golden = strip_assets(FORMATS[name](full_report())), GOLDEN / f"full-report.{name}"
    if os.environ.get("RECORD"):
        golden.write_bytes(text.encode())
    assert text.encode() == golden.read_bytes()


def test_every_format_has_its_golden_file() -> None:
    assert {path.name for path in GOLDEN.glob("full-report.*")} == {f"full-report.{n}" for n in OTHERS} | {
        "full-report.txt"
    }


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_every_report_can_be_written_as_utf_8_and_the_same_twice(name: str, format: str) -> None:
    text = FORMATS[format](CASES[name]())
    assert text.encode().endswith(b"\n")
    assert text == FORMATS[format](CASES[name]())


@pytest.mark.parametrize("format", FORMATS)
def test_no_format_has_a_character_that_a_terminal_obeys(format: str) -> None:
    lines = FORMATS[format](make_hostile_report()).split("\n")
    assert [line for line in lines if not line.isprintable()] == []


# github

COMMAND = re.compile(r"::(?P<command>error|warning|notice) (?P<properties>[^:]*)::(?P<data>.*)")


def list_commands(report: Report) -> list[tuple[str, dict[str, str], str]]:
    """Return the annotations as the runner parses them; the last line is the verdict."""
    *lines, last = FORMATS["github"](report).splitlines()
    assert last == format_verdict(report)
    found: list[tuple[str, dict[str, str], str]] = []
    for line in lines:
        match = COMMAND.fullmatch(line)
        assert match, line
        pairs = (pair.partition("=") for pair in match["properties"].split(","))
        found.append((match["command"], {name: unescape(value) for name, _, value in pairs}, unescape(match["data"])))
    return found


def unescape(text: str) -> str:
    """Undo the runner's escapes (actions/toolkit, `escapeProperty`)."""
    for escape, char in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(escape, char)
    return text


def test_thirty_occurrences_are_one_annotation_at_the_keyword_that_decided() -> None:
    ((command, properties, data),) = list_commands(Report(make_thirty_violations(), examples=full_report().examples))
    assert (command, properties["title"]) == ("error", "wirelock VIOLATION")
    assert (properties["file"], properties["line"]) == ("schemas/session/sessionInfo.schema.json", "3")
    assert "(30 times)" in data
    assert "at: old.har #2 GET /session -> 200, response /0/directory" in data


def test_a_finding_in_a_file_is_an_annotation_there() -> None:
    where = Location("schemas/a, b:c.json", 3, 7)
    ((_, properties, data),) = list_commands(Report((Diagnostic(RETYPED, where, "100% wrong"),)))
    assert properties == {"file": "schemas/a, b:c.json", "line": "3", "col": "7", "title": "wirelock RETYPED"}
    assert data == "100% wrong"


def test_what_is_expected_is_a_notice() -> None:
    assert [command for command, _, _ in list_commands(expected_findings())] == ["error", "notice"]


def test_hostile_words_make_no_command_of_their_own() -> None:
    found = list_commands(make_hostile_report())
    assert [command for command, _, _ in found] == ["error", "error", "notice"]
    assert all(properties.keys() <= {"file", "line", "col", "title"} for _, properties, _ in found)


def test_annotations_name_real_lines() -> None:
    """Without this repository's expectations, its findings point at a line of a schema."""
    config = load_config(ROOT)
    report = add_excerpts(config, wirelock.verify(Project(config), ("tests/recordings/lifecycle-0.5.29.har",)))
    ((_, properties, _),) = list_commands(report)
    line = (ROOT / properties["file"]).read_text("utf-8").splitlines()[int(properties["line"]) - 1]
    assert '"required"' in line and '"directory"' in line


# junit


def parse_junit(report: Report) -> ET.Element:
    """Return the report as XML that is valid under Jenkins' schema."""
    text = FORMATS["junit"](report)
    xmlschema.XMLSchema(str(fetch_junit_schema())).validate(text)
    return ET.fromstring(text)


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_junit_is_what_jenkins_reads(name: str) -> None:
    root = parse_junit(CASES[name]())
    assert root.get("tests") == str(len(list(root.iter("testcase"))))


def test_each_exchange_is_a_test_case() -> None:
    suites = {suite.get("name"): suite for suite in parse_junit(full_report())}
    cases = {case.get("name"): case for case in suites["old.har"]}
    assert cases["#0 GET /session -> 200"].find("failure") is None
    failure = cases["#2 GET /session -> 200"].find("failure")
    assert failure is not None and failure.get("type") == "VIOLATION"
    assert (failure.text or "").count("required property `directory` is missing") == 14
    skipped = cases["#6 GET /other -> 200"].find("skipped")
    assert skipped is not None and skipped.get("message") == "no service describes the request"
    assert suites["project"].get("failures") == "9"


def test_an_expected_finding_is_skipped_with_its_reason() -> None:
    root = parse_junit(Report((make_violation(make_exchange(1), "/directory", "it is old"),)))
    assert root.get("failures") == "0"
    assert [one.get("message") for one in root.iter("skipped")] == ["expected: it is old"]


def test_what_could_not_run_is_an_error() -> None:
    root = parse_junit(CASES["could-not-run"]())
    assert (root.get("errors"), root.get("failures")) == ("1", "0")


def test_hostile_words_are_text_in_junit() -> None:
    root = parse_junit(make_hostile_report())
    assert {element.tag for element in root.iter()} <= {
        *("testsuites", "testsuite", "testcase", "failure", "skipped", "system-out")
    }


# sarif


def parse_sarif(report: Report) -> dict[str, Any]:
    """Return the only run of the report as SARIF that is valid under its schema."""
    value = json.loads(FORMATS["sarif"](report))
    schema = json.loads(fetch_sarif_schema().read_text("utf-8"))
    errors = validator_for(schema)(schema).iter_errors(value)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []
    (run,) = value["runs"]
    return run


@pytest.mark.parametrize("name", CASES)
def test_sarif_is_what_its_schema_says(name: str) -> None:
    run = parse_sarif(CASES[name]())
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    prints = [result["partialFingerprints"]["wirelock/v1"] for result in run["results"]]
    assert len(prints) == len(set(prints))


def test_a_rule_has_the_page_of_its_code() -> None:
    (rule,) = parse_sarif(Report(make_thirty_violations()))["tool"]["driver"]["rules"]
    assert rule["help"]["markdown"].startswith("A recorded body")
    assert rule["shortDescription"]["text"].endswith(".")
    assert rule["defaultConfiguration"] == {"level": "error"}


def test_a_result_of_traffic_stands_at_the_keyword_and_names_the_exchanges() -> None:
    (result,) = parse_sarif(Report(make_thirty_violations(), examples=full_report().examples))["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "schemas/session/sessionInfo.schema.json"
    assert place["region"] == {"startLine": 3}
    names = [one["fullyQualifiedName"] for one in result["locations"][0]["logicalLocations"]]
    assert names[0] == "/0/directory" and "SessionService.ListSessions" in names
    assert result["occurrenceCount"] == 30
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "old.har"
    assert result["properties"]["exchange"]["method"] == "GET"


def test_a_fingerprint_stays_when_lines_move_and_the_fault_occurs_more_often() -> None:
    moved = [Diagnostic(RETYPED, Location("a.json", line, 1, "/x"), "it changed") for line in (3, 90)]
    (before,), (after,) = (parse_sarif(Report((one,)))["results"] for one in moved)
    assert before["partialFingerprints"] == after["partialFingerprints"]
    (once,), (often,) = (parse_sarif(Report(make_thirty_violations()[:count]))["results"] for count in (1, 14))
    assert once["partialFingerprints"] == often["partialFingerprints"]
    (other,) = parse_sarif(Report((make_violation(make_exchange(1), "/title"),)))["results"]
    assert other["partialFingerprints"] != once["partialFingerprints"]


def test_what_is_expected_is_suppressed() -> None:
    (result,) = parse_sarif(Report((make_violation(make_exchange(1), "/directory", "it is old"),)))["results"]
    assert result["suppressions"] == [{"kind": "external", "justification": "it is old"}]


@pytest.mark.parametrize(
    ("file", "uri"),
    [("a b/ü.json", "a%20b/%C3%BC.json"), ("c:d.har", "c%3Ad.har"), ("/tmp/a b.har", "file:///tmp/a%20b.har")],
)
def test_uris_are_relative_and_escaped(file: str, uri: str) -> None:
    (result,) = parse_sarif(Report((Diagnostic(RETYPED, Location(file, 1), "wrong"),)))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_hostile_words_are_text_in_sarif() -> None:
    assert len(parse_sarif(make_hostile_report())["results"]) == 3


# markdown


class MarkdownText(HTMLParser):
    """The tags of a Markdown text on GitHub, and its text outside of code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.words = ""
        self._open: list[str] = []
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.words += "" if "code" in self._open else data


def test_hostile_words_mean_nothing_in_markdown() -> None:
    text = FORMATS["markdown"](make_hostile_report())
    read = MarkdownText(text)
    assert read.tags <= {
        *("h3", "h4", "table", "thead", "tbody", "tr", "th", "td"),
        *("ul", "li", "p", "strong", "code", "details", "summary"),
    }
    assert not re.search(r"@|://|#\d", read.words)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {3, 4, 5}


def test_more_than_ten_groups_are_folded() -> None:
    faults = tuple(make_violation(make_exchange(index), f"/{chr(97 + index)}") for index in range(13))
    text = FORMATS["markdown"](Report(faults))
    assert text.count("- **error**") == 13
    assert "<details><summary>3 more</summary>" in text


@pytest.mark.parametrize("words", ["a", HOSTILE * 9])
def test_markdown_fits_into_a_comment(words: str) -> None:
    faults = tuple(make_violation(make_exchange(index), f"/{index}x{words}") for index in range(3000))
    text = FORMATS["markdown"](Report(faults))
    assert len(text) <= markdown.MAX_CHARACTERS
    assert re.search(r"\d+ further findings did not fit;", text)
    assert text.count("<details>") == text.count("</details>")


# html


class HtmlPage(HTMLParser):
    """The elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("make", [full_report, make_hostile_report, Report])
def test_a_page_loads_and_runs_nothing_but_its_own(make: Any) -> None:
    page = HtmlPage(html.render(make()))
    assert [tag for tag, _ in page.tags].count("script") == [tag for tag, _ in page.tags].count("style") == 1
    for tag, attributes in page.tags:
        assert tag not in {"img", "iframe", "object", "embed", "form", "base"}
        assert not any(name.startswith("on") or name in {"src", "style", "srcdoc"} for name in attributes), tag
        assert (attributes.get("href") or "#").startswith("#") or attributes["href"] == "data:,"
    policy = next(attributes["content"] for _, attributes in page.tags if "http-equiv" in attributes)
    assert policy and "default-src 'none'" in policy and "unsafe" not in policy


def test_an_excerpt_stands_beside_the_schema_with_the_fault_marked() -> None:
    page = html.render(Report(make_thirty_violations(), examples=full_report().examples))
    marked = [re.sub("<[^>]+>", "", mark) for mark in re.findall(r'<mark class="row">(.*?)</mark>', page)]
    assert marked == [
        "3  &#34;required&#34;: [&#34;id&#34;, &#34;directory&#34;],",
        "    &#34;directory&#34; is missing",
    ]


def test_a_page_of_very_many_findings_says_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "MAX_GROUPS", 3)
    faults = tuple(make_violation(make_exchange(index), f"/x{index}") for index in range(5))
    page = html.render(Report(faults))
    assert page.count('<article class="finding') == 3
    assert "2 more findings are in the other formats" in page


def test_a_fatal_code_without_a_page_still_has_a_report() -> None:
    fault = Diagnostic(Code("UNHEARD_OF", Severity.ERROR, fatal=True), Location(), "it broke")
    for name, render in FORMATS.items():
        assert "UNHEARD_OF" in render(Report((fault,))), name
