"""`docs/session-lifecycle.md` says what the recordings show: its examples, tables and statuses are computed here."""

from __future__ import annotations

import json
import re
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT / "tests" / "recordings"
PAGE = (ROOT / "docs" / "session-lifecycle.md").read_text("utf-8")
SERVICE = json.loads((ROOT / "schemas" / "session" / "session.service.json").read_text("utf-8"))
RPCS = list(SERVICE["methods"])
NEWEST = "1.18.33"
DIRECTORY = "x-opencode-directory"
MINTED_ID = re.compile(r"/session/(ses_[0-9a-f]{12}[0-9A-Za-z]{14})")
SOURCE = re.compile(r"<!-- (?P<file>[\w.-]+\.har)#(?P<index>\d+) (?P<side>request|response)(?: (?P<pointer>/\S+))? -->")
BLOCK = re.compile(r"(?P<before>[^\n]*)\n```json\n(?P<text>.*?)\n```", re.DOTALL)

Entry = dict[str, Any]


def log(name: str) -> dict[str, Any]:
    """The log of a shipped HAR."""
    return json.loads((RECORDINGS / name).read_text("utf-8"))["log"]


def by_version() -> dict[str, list[Entry]]:
    """All session exchanges, by the server's version, oldest first."""
    found: dict[str, list[Entry]] = {}
    for path in sorted(RECORDINGS.glob("*.har")):
        recorded = log(path.name)
        sessions = [entry for entry in recorded["entries"] if path_of(entry).startswith("/session")]
        found.setdefault(recorded["browser"]["version"], []).extend(sessions)
    return dict(sorted(found.items(), key=lambda item: [int(number) for number in item[0].split(".")]))


def path_of(entry: Entry) -> str:
    """The path of a request."""
    return urlsplit(entry["request"]["url"]).path


def query_of(entry: Entry) -> dict[str, str]:
    """The query of a request."""
    return dict(parse_qsl(urlsplit(entry["request"]["url"]).query))


def header(entry: Entry, name: str) -> str | None:
    """A request header."""
    return next((h["value"] for h in entry["request"]["headers"] if h["name"].lower() == name), None)


def sent(entry: Entry) -> str:
    """The request body as text."""
    return entry["request"].get("postData", {}).get("text", "")


def body(entry: Entry) -> Any:
    """The response body as a value; as text when it is not JSON, None when there is none."""
    text = entry["response"]["content"].get("text")
    try:
        return json.loads(text) if text else None
    except json.JSONDecodeError:
        return text


VERSIONS = by_version()


# The RPC table


def method_of(rpc: str, entry: Entry) -> bool:
    """Whether an exchange is a call of an RPC."""
    http = SERVICE["methods"][rpc].get("http", {})
    template = http.get(entry["request"]["method"].lower())
    return bool(template) and bool(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path_of(entry)))


def rpc_row(rpc: str) -> tuple[str, str, str]:
    """An RPC, its request and the described statuses that were recorded."""
    method = SERVICE["methods"][rpc]
    if "http" not in method:
        return f"`{rpc}`", "none", ""
    verb, path = next((verb, path) for verb, path in method["http"].items() if verb not in ("body", "response_body"))
    statuses = {e["response"]["status"] for entries in VERSIONS.values() for e in entries if method_of(rpc, e)}
    described = {200, *(int(status) for status in method.get("responses", {}))}
    return f"`{rpc}`", f"`{verb.upper()} {path}`", ", ".join(str(status) for status in sorted(statuses & described))


# The version tables


def properties(entry: Entry) -> set[str]:
    """The properties of the sessions in a response, those of `time` with their path."""
    found = body(entry)
    sessions = [s for s in (found if isinstance(found, list) else [found]) if isinstance(s, dict)]
    if entry["response"]["status"] != 200:
        return set()
    return {name for s in sessions for name in (*s, *(f"time.{inner}" for inner in s["time"]))}


def of_server(version: str) -> set[str]:
    """The properties of all sessions that a server sent."""
    return set().union(*(properties(entry) for entry in VERSIONS[version]))


def first_seen(version: str) -> str:
    """The properties that no older server sent, without those of the first one."""
    earlier = list(VERSIONS)[: list(VERSIONS).index(version)]
    new = of_server(version).difference(*(of_server(older) for older in earlier))
    return ", ".join(f"`{name}`" for name in sorted(new)) or "none"


def header_works(version: str) -> str:
    """Where a session lives that was created with an absolute directory in the header."""
    created = [e for e in VERSIONS[version] if is_create(e) and header(e, DIRECTORY) == "/home/dev/acme-docs"]
    followed = {body(e).get("directory") for e in created if "directory" not in query_of(e)}
    assert len(followed) == 1
    where = followed.pop()
    return "followed" if where == "/home/dev/acme-docs" else "ignored" if where else "not shown"


def archive_works(version: str) -> str:
    """Whether a server keeps the time of archiving."""
    changes = [e for e in VERSIONS[version] if e["request"]["method"] == "PATCH" and is_archive(e)]
    kept = {body(e)["time"].get("archived") == json.loads(sent(e))["time"]["archived"] for e in changes}
    assert len(kept) == 1
    return "kept" if kept.pop() else "ignored"


def limit_works(version: str) -> str:
    """Whether a list with `limit=2` has two sessions when there are more."""
    (limited,) = [e for e in VERSIONS[version] if query_of(e) == {"limit": "2"}]
    return "followed" if len(body(limited)) == 2 else "ignored"


def is_create(entry: Entry) -> bool:
    """Whether an exchange created a session."""
    return (entry["request"]["method"], path_of(entry), entry["response"]["status"]) == ("POST", "/session", 200)


def is_archive(entry: Entry) -> bool:
    """Whether an accepted change archives a session."""
    return entry["response"]["status"] == 200 and isinstance(
        json.loads(sent(entry)).get("time", {}).get("archived"), int
    )


def outcome(entry: Entry) -> str:
    """A status and the kind of body beside it."""
    value = body(entry)
    match value:
        case {"name": str(name)}:
            kind = name
        case {"_tag": str(tag)}:
            kind = f"_tag {tag}"
        case dict():
            kind = ", ".join(sorted(value))
        case str():
            kind = "plain text"
        case _:
            kind = json.dumps(value)
    return f"{entry['response']['status']} {kind}"


def only(version: str, verb: str, asked: Any) -> str:
    """The one outcome of the requests for which `asked` holds."""
    outcomes = {outcome(e) for e in VERSIONS[version] if e["request"]["method"] == verb and asked(e)}
    assert len(outcomes) == 1, (version, verb, outcomes)
    return outcomes.pop()


def wrong_requests(version: str) -> tuple[str, ...]:
    """What a server answers to requests that it cannot serve."""
    created = {body(e)["id"] for e in VERSIONS[version] if is_create(e)}

    def unknown(entry: Entry) -> bool:
        found = MINTED_ID.fullmatch(path_of(entry))
        return found is not None and found[1] not in created

    return (
        only(version, "GET", unknown),
        only(version, "PATCH", unknown),
        only(version, "DELETE", unknown),
        only(version, "GET", lambda e: path_of(e) == "/session/abc"),
        only(version, "POST", lambda e: sent(e) == '{"title": "x"'),
        only(version, "POST", lambda e: sent(e) == '{"title":7}'),
    )


def wrong_request_rows() -> list[tuple[str, ...]]:
    """One row for neighbouring servers that answer alike."""
    rows: list[tuple[str, ...]] = []
    for answers, group in groupby(VERSIONS, wrong_requests):
        servers = list(group)
        rows.append((servers[0] if len(servers) == 1 else f"{servers[0]} to {servers[-1]}", *answers))
    return rows


def server_rows() -> list[tuple[str, ...]]:
    """What changed from server to server."""
    return [(v, first_seen(v), header_works(v), archive_works(v), limit_works(v)) for v in VERSIONS]


def directory_rows() -> list[tuple[str, ...]]:
    """Where the newest server put the sessions that were created with a directory in header or query."""
    created = [e for e in log(f"lifecycle-{NEWEST}.har")["entries"] if is_create(e)]
    chosen = [e for e in created if header(e, DIRECTORY) is not None or "directory" in query_of(e)]
    return [
        (code(header(e, DIRECTORY)), code(query_of(e).get("directory")), code(body(e)["directory"]), project(e))
        for e in chosen
    ]


def code(value: str | None) -> str:
    """A cell with a value as it was sent."""
    return "none" if value is None else f"`{value}`" if value else "empty"


def project(entry: Entry) -> str:
    """A cell with the project of a session; a repository's is a hash."""
    name = body(entry)["projectID"]
    return f"`{name}`" if name == "global" else "the repository's"


TABLES = {
    "RPC": [rpc_row(rpc) for rpc in RPCS],
    "header": directory_rows(),
    "server": server_rows(),
    "servers": wrong_request_rows(),
}


# The page


def table(first: str) -> list[tuple[str, ...]]:
    """The rows of the table whose first heading is `first`."""
    lines = PAGE.splitlines()
    (start,) = [number for number, line in enumerate(lines) if line.startswith(f"| {first} |")]
    rest = lines[start + 2 :]
    rows = rest[: next((number for number, line in enumerate(rest) if not line.startswith("|")), len(rest))]
    return [tuple(cell.strip() for cell in row.removeprefix("|").removesuffix("|").split("|")) for row in rows]


def recorded(source: re.Match[str]) -> Any:
    """The value that a source comment names."""
    entry = log(source["file"])["entries"][int(source["index"])]
    value = json.loads(sent(entry)) if source["side"] == "request" else body(entry)
    for token in (source["pointer"] or "").split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


BLOCKS = [(m["before"], m["text"]) for m in BLOCK.finditer(PAGE)]


@pytest.mark.parametrize(("before", "text"), BLOCKS, ids=[before for before, _ in BLOCKS])
def test_an_example_is_what_its_recording_holds(before: str, text: str) -> None:
    source = SOURCE.fullmatch(before)
    assert source, f"no source stands above the example: {before!r}"
    assert json.loads(text) == recorded(source)
    assert text == json.dumps(recorded(source), indent=2, ensure_ascii=False)


def test_every_example_was_looked_at() -> None:
    assert len(BLOCKS) == PAGE.count("```json") == len(SOURCE.findall(PAGE)) >= 8


@pytest.mark.parametrize("first", TABLES)
def test_a_table_says_what_the_recordings_show(first: str) -> None:
    assert table(first) == TABLES[first]


def section(wanted: str) -> str:
    """The text below the one heading of the page whose part holds `wanted`."""
    (found,) = [part for part in PAGE.split("\n## ")[1:] if wanted in part]
    return found


@pytest.mark.parametrize("rpc", [name for name in RPCS if "http" in SERVICE["methods"][name]])
def test_the_section_of_an_rpc_names_its_request_and_every_recorded_status(rpc: str) -> None:
    _, request, statuses = rpc_row(rpc)
    said = section(f"`{rpc}` is {request}") + section("www-authenticate")
    assert [status for status in statuses.split(", ") if f"`{status}`" not in said] == []


def test_the_rpc_without_a_request_stands_beside_its_header() -> None:
    assert SERVICE["methods"]["UpdateSessionDirectory"]["state"]["header"] == DIRECTORY
    assert f"`{DIRECTORY}`" in section("`UpdateSessionDirectory` has no request of its own")


def test_the_diagram_moves_by_calls_that_exist() -> None:
    (diagram,) = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)\n```", PAGE, re.DOTALL)
    moves = re.findall(r"^ *(\S+) --> (\S+): (\w+)", diagram, re.MULTILINE)
    assert len(moves) == len(diagram.splitlines())
    assert {rpc for _, _, rpc in moves} == {"CreateSession", "UpdateSession", "UpdateSessionDirectory", "DeleteSession"}


# What the sentences say


def newest(verb: str, path: str) -> list[Entry]:
    """The requests for a path in the newest lifecycle."""
    entries = log(f"lifecycle-{NEWEST}.har")["entries"]
    return [e for e in entries if e["request"]["method"] == verb and path_of(e) == path]


def test_a_list_has_the_last_updated_session_first() -> None:
    for entries in VERSIONS.values():
        for entry in (e for e in entries if method_of("ListSessions", e) and e["response"]["status"] == 200):
            updated = [session["time"]["updated"] for session in body(entry)]
            assert all(one >= next_one for one, next_one in pairwise(updated))


def test_a_list_shows_archived_sessions_too() -> None:
    *_, last = newest("GET", "/session")
    assert any("archived" in session["time"] for session in body(last))


def test_a_list_refuses_one_bad_query_and_overlooks_another() -> None:
    answers = {tuple(query_of(e).items()): e["response"]["status"] for e in VERSIONS[NEWEST] if query_of(e)}
    assert answers[("roots", "maybe"),] == 400
    assert answers[("limit", "abc"),] == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_without_a_title_gets_one(version: str) -> None:
    untitled = [e for e in VERSIONS[version] if is_create(e) and sent(e) in ("", "{}")]
    assert {sent(e) for e in untitled} == {"", "{}"}
    assert all(body(e)["title"].startswith("New session - ") for e in untitled)


def test_the_header_does_not_move_a_session() -> None:
    asked = [e for e in VERSIONS[NEWEST] if method_of("GetSession", e) and header(e, DIRECTORY) is not None]
    assert asked
    assert all(body(e)["directory"] != header(e, DIRECTORY) for e in asked)


def test_a_list_shows_the_project_of_the_header() -> None:
    asked = [e for e in newest("GET", "/session") if header(e, DIRECTORY) is not None]
    assert [{session["projectID"] for session in body(e)} for e in asked] == [{"global"}]


def test_a_deleted_session_is_answered_like_one_that_never_was() -> None:
    for version, entries in VERSIONS.items():
        gone: set[str] = set()
        for entry in entries:
            if method_of("DeleteSession", entry) and body(entry) is True:
                gone.add(path_of(entry))
            elif method_of("GetSession", entry) and path_of(entry) in gone:
                assert outcome(entry) == wrong_requests(version)[0]


def test_deleting_a_session_deletes_its_children() -> None:
    child = next(e for e in newest("POST", "/session") if "Child goes too" in sent(e))
    assert [e["response"]["status"] for e in newest("DELETE", f"/session/{body(child)['parentID']}")] == [200]
    assert [e["response"]["status"] for e in newest("GET", f"/session/{body(child)['id']}")] == [404]


def test_an_empty_change_keeps_the_session_archived() -> None:
    (empty,) = [e for e in VERSIONS[NEWEST] if e["request"]["method"] == "PATCH" and sent(e) == "{}"]
    assert "archived" in body(empty)["time"]


def test_a_password_is_asked_for_without_a_body() -> None:
    refused = [e for e in log("auth.har")["entries"] if e["response"]["status"] == 401]
    assert refused
    for entry in refused:
        assert body(entry) is None
        assert {h["name"] for h in entry["response"]["headers"]} >= {"www-authenticate"}
