"""`docs/session-lifecycle.md` matches the recordings: its examples, tables and statuses are computed here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, cast
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


def read_log(name: str) -> dict[str, Any]:
    """Return the log of a shipped HAR."""
    return json.loads((RECORDINGS / name).read_text("utf-8"))["log"]


def group_by_version() -> dict[str, list[Entry]]:
    """Return all session exchanges by server version, oldest first."""
    found: dict[str, list[Entry]] = {}
    for path in sorted(RECORDINGS.glob("*.har")):
        recorded = read_log(path.name)
        sessions = [entry for entry in recorded["entries"] if path_of(entry).startswith("/session")]
        found.setdefault(recorded["browser"]["version"], []).extend(sessions)
    return dict(sorted(found.items(), key=lambda item: [int(number) for number in item[0].split(".")]))


def get_url(entry: Entry) -> str:
    """Return the URL of a request."""
    return entry["request"]["url"]


def path_of(entry: Entry) -> str:
    """Return the path of a request."""
    return urlsplit(get_url(entry)).path


def query_of(entry: Entry) -> dict[str, str]:
    """Return the query of a request."""
    return dict(parse_qsl(urlsplit(get_url(entry)).query))


def get_header(entry: Entry, name: str) -> str | None:
    """Return a request header."""
    return next((h["value"] for h in entry["request"]["headers"] if h["name"].lower() == name), None)


def get_request_body(entry: Entry) -> str:
    """Return the request body as text."""
    return entry["request"].get("postData", {}).get("text", "")


def get_response_body(entry: Entry) -> Any:
    """Return the response body as a value, as text if it is not JSON, or None."""
    text = entry["response"]["content"].get("text")
    try:
        return json.loads(text) if text else None
    except json.JSONDecodeError:
        return text


VERSIONS = group_by_version()


# the RPC table


def is_call_of(rpc: str, entry: Entry) -> bool:
    """Return True if an exchange is a call of an RPC."""
    http = SERVICE["methods"][rpc].get("http", {})
    template = http.get(entry["request"]["method"].lower())
    return bool(template) and bool(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path_of(entry)))


def build_rpc_row(rpc: str) -> tuple[str, str, str]:
    """Return an RPC, its request and the recorded documented statuses."""
    method = SERVICE["methods"][rpc]
    if "http" not in method:
        return f"`{rpc}`", "none", ""
    verb, path = next((verb, path) for verb, path in method["http"].items() if verb not in ("body", "response_body"))
    statuses = {e["response"]["status"] for entries in VERSIONS.values() for e in entries if is_call_of(rpc, e)}
    described = {200, *(int(status) for status in method.get("responses", {}))}
    return f"`{rpc}`", f"`{verb.upper()} {path}`", ", ".join(str(status) for status in sorted(statuses & described))


# the version tables


def list_properties(entry: Entry) -> set[str]:
    """List the properties of the sessions in a response, those of `time` with their path."""
    found = get_response_body(entry)
    values = cast("list[Any]", found) if isinstance(found, list) else [found]
    sessions = [cast("dict[str, Any]", value) for value in values if isinstance(value, dict)]
    if entry["response"]["status"] != 200:
        return set()
    return {name for s in sessions for name in (*s, *(f"time.{inner}" for inner in s["time"]))}


def list_server_properties(version: str) -> set[str]:
    """List the properties of all sessions that a server sent."""
    return set[str]().union(*(list_properties(entry) for entry in VERSIONS[version]))


def list_new_properties(version: str) -> str:
    """List the properties that no older server sent, except those of the first one."""
    earlier = list(VERSIONS)[: list(VERSIONS).index(version)]
    new = list_server_properties(version).difference(*(list_server_properties(older) for older in earlier))
    return ", ".join(f"`{name}`" for name in sorted(new)) or "none"


def describe_header(version: str) -> str:
    """Describe the directory of a session that was created with an absolute directory in the header."""
    created = [e for e in VERSIONS[version] if is_create(e) and get_header(e, DIRECTORY) == "/home/dev/acme-docs"]
    followed = {get_response_body(e).get("directory") for e in created if "directory" not in query_of(e)}
    assert len(followed) == 1
    where = followed.pop()
    return "followed" if where == "/home/dev/acme-docs" else "ignored" if where else "not shown"


def describe_archiving(version: str) -> str:
    """Describe if a server keeps the time of archiving."""
    changes = [e for e in VERSIONS[version] if e["request"]["method"] == "PATCH" and is_archive(e)]
    kept = {
        get_response_body(e)["time"].get("archived") == json.loads(get_request_body(e))["time"]["archived"]
        for e in changes
    }
    assert len(kept) == 1
    return "kept" if kept.pop() else "ignored"


def describe_limit(version: str) -> str:
    """Describe if a list with `limit=2` has two sessions when there are more."""
    (limited,) = [e for e in VERSIONS[version] if query_of(e) == {"limit": "2"}]
    return "followed" if len(get_response_body(limited)) == 2 else "ignored"


def is_create(entry: Entry) -> bool:
    """Return True if an exchange created a session."""
    return (entry["request"]["method"], path_of(entry), entry["response"]["status"]) == ("POST", "/session", 200)


def is_archive(entry: Entry) -> bool:
    """Return True if an accepted change archives a session."""
    return entry["response"]["status"] == 200 and isinstance(
        json.loads(get_request_body(entry)).get("time", {}).get("archived"), int
    )


def describe_outcome(entry: Entry) -> str:
    """Describe a status and the kind of its body."""
    value = get_response_body(entry)
    match value:
        case {"name": str(name)}:
            kind = name
        case {"_tag": str(tag)}:
            kind = f"_tag {tag}"
        case dict():
            kind = ", ".join(sorted(cast("dict[str, Any]", value)))
        case str():
            kind = "plain text"
        case _:
            kind = json.dumps(value)
    return f"{entry['response']['status']} {kind}"


def find_only_outcome(version: str, verb: str, asked: Callable[[Entry], bool]) -> str:
    """Return the only outcome of the requests that match a predicate."""
    outcomes = {describe_outcome(e) for e in VERSIONS[version] if e["request"]["method"] == verb and asked(e)}
    assert len(outcomes) == 1, (version, verb, outcomes)
    return outcomes.pop()


def describe_wrong_requests(version: str) -> tuple[str, ...]:
    """Describe the responses to requests that a server cannot handle."""
    created = {get_response_body(e)["id"] for e in VERSIONS[version] if is_create(e)}

    def unknown(entry: Entry) -> bool:
        found = MINTED_ID.fullmatch(path_of(entry))
        return found is not None and found[1] not in created

    return (
        find_only_outcome(version, "GET", unknown),
        find_only_outcome(version, "PATCH", unknown),
        find_only_outcome(version, "DELETE", unknown),
        find_only_outcome(version, "GET", lambda e: path_of(e) == "/session/abc"),
        find_only_outcome(version, "POST", lambda e: get_request_body(e) == '{"title": "x"'),
        find_only_outcome(version, "POST", lambda e: get_request_body(e) == '{"title":7}'),
    )


def build_wrong_request_rows() -> list[tuple[str, ...]]:
    """Build one row for consecutive servers with equal responses."""
    rows: list[tuple[str, ...]] = []
    for answers, group in groupby(VERSIONS, describe_wrong_requests):
        servers = list(group)
        rows.append((servers[0] if len(servers) == 1 else f"{servers[0]} to {servers[-1]}", *answers))
    return rows


def build_server_rows() -> list[tuple[str, ...]]:
    """Build the rows of changes from server to server."""
    return [(v, list_new_properties(v), describe_header(v), describe_archiving(v), describe_limit(v)) for v in VERSIONS]


def build_directory_rows() -> list[tuple[str, ...]]:
    """Build the rows of directories of sessions that were created with a directory in header or query."""
    created = [e for e in read_log(f"lifecycle-{NEWEST}.har")["entries"] if is_create(e)]
    chosen = [e for e in created if get_header(e, DIRECTORY) is not None or "directory" in query_of(e)]
    return [
        (
            format_code(get_header(e, DIRECTORY)),
            format_code(query_of(e).get("directory")),
            format_code(get_response_body(e)["directory"]),
            format_project(e),
        )
        for e in chosen
    ]


def format_code(value: str | None) -> str:
    """Format a sent value for a table."""
    return "none" if value is None else f"`{value}`" if value else "empty"


def format_project(entry: Entry) -> str:
    """Format the project of a session for a table; a repository's is a hash."""
    name = get_response_body(entry)["projectID"]
    return f"`{name}`" if name == "global" else "the repository's"


TABLES = {
    "RPC": [build_rpc_row(rpc) for rpc in RPCS],
    "header": build_directory_rows(),
    "server": build_server_rows(),
    "servers": build_wrong_request_rows(),
}


# the page


def read_table(first: str) -> list[tuple[str, ...]]:
    """Return the rows of the table whose first heading is given."""
    lines = PAGE.splitlines()
    (start,) = [number for number, line in enumerate(lines) if line.startswith(f"| {first} |")]
    rest = lines[start + 2 :]
    rows = rest[: next((number for number, line in enumerate(rest) if not line.startswith("|")), len(rest))]
    return [tuple(cell.strip() for cell in row.removeprefix("|").removesuffix("|").split("|")) for row in rows]


def read_source(source: re.Match[str]) -> Any:
    """Return the value that a source comment names."""
    entry = read_log(source["file"])["entries"][int(source["index"])]
    value = json.loads(get_request_body(entry)) if source["side"] == "request" else get_response_body(entry)
    for token in (source["pointer"] or "").split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        value = cast("list[Any]", value)[int(name)] if isinstance(value, list) else value[name]
    return value


BLOCKS = [(m["before"], m["text"]) for m in BLOCK.finditer(PAGE)]


@pytest.mark.parametrize(("before", "text"), BLOCKS, ids=[before for before, _ in BLOCKS])
def test_an_example_is_what_its_recording_holds(before: str, text: str) -> None:
    source = SOURCE.fullmatch(before)
    assert source, f"no source stands above the example: {before!r}"
    assert json.loads(text) == read_source(source)
    assert text == json.dumps(read_source(source), indent=2, ensure_ascii=False)


def test_every_example_was_looked_at() -> None:
    assert len(BLOCKS) == PAGE.count("```json") == len(SOURCE.findall(PAGE)) >= 8


@pytest.mark.parametrize("first", TABLES)
def test_a_table_says_what_the_recordings_show(first: str) -> None:
    assert read_table(first) == TABLES[first]


def find_section(wanted: str) -> str:
    """Return the text below the heading that contains a part."""
    (found,) = [part for part in PAGE.split("\n## ")[1:] if wanted in part]
    return found


@pytest.mark.parametrize("rpc", [name for name in RPCS if "http" in SERVICE["methods"][name]])
def test_the_section_of_an_rpc_names_its_request_and_every_recorded_status(rpc: str) -> None:
    _, request, statuses = build_rpc_row(rpc)
    said = find_section(f"`{rpc}` is {request}") + find_section("www-authenticate")
    assert [status for status in statuses.split(", ") if f"`{status}`" not in said] == []


def test_the_rpc_without_a_request_stands_beside_its_header() -> None:
    assert SERVICE["methods"]["UpdateSessionDirectory"]["state"]["header"] == DIRECTORY
    assert f"`{DIRECTORY}`" in find_section("`UpdateSessionDirectory` has no request of its own")


def test_the_diagram_moves_by_calls_that_exist() -> None:
    (diagram,) = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)\n```", PAGE, re.DOTALL)
    moves = re.findall(r"^ *(\S+) --> (\S+): (\w+)", diagram, re.MULTILINE)
    assert len(moves) == len(diagram.splitlines())
    assert {rpc for _, _, rpc in moves} == {"CreateSession", "UpdateSession", "UpdateSessionDirectory", "DeleteSession"}


# statements of the text


def find_newest(verb: str, path: str) -> list[Entry]:
    """Return the requests for a path in the newest lifecycle."""
    entries = read_log(f"lifecycle-{NEWEST}.har")["entries"]
    return [e for e in entries if e["request"]["method"] == verb and path_of(e) == path]


def test_a_list_has_the_last_updated_session_first() -> None:
    for entries in VERSIONS.values():
        for entry in (e for e in entries if is_call_of("ListSessions", e) and e["response"]["status"] == 200):
            updated = [session["time"]["updated"] for session in get_response_body(entry)]
            assert all(one >= next_one for one, next_one in pairwise(updated))


def test_a_list_shows_archived_sessions_too() -> None:
    *_, last = find_newest("GET", "/session")
    assert any("archived" in session["time"] for session in get_response_body(last))


def test_a_list_refuses_one_bad_query_and_overlooks_another() -> None:
    answers = {tuple(query_of(e).items()): e["response"]["status"] for e in VERSIONS[NEWEST] if query_of(e)}
    assert answers[("roots", "maybe"),] == 400
    assert answers[("limit", "abc"),] == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_without_a_title_gets_one(version: str) -> None:
    untitled = [e for e in VERSIONS[version] if is_create(e) and get_request_body(e) in ("", "{}")]
    assert {get_request_body(e) for e in untitled} == {"", "{}"}
    assert all(get_response_body(e)["title"].startswith("New session - ") for e in untitled)


def test_the_header_does_not_move_a_session() -> None:
    asked = [e for e in VERSIONS[NEWEST] if is_call_of("GetSession", e) and get_header(e, DIRECTORY) is not None]
    assert asked
    assert all(get_response_body(e)["directory"] != get_header(e, DIRECTORY) for e in asked)


def test_a_list_shows_the_project_of_the_header() -> None:
    asked = [e for e in find_newest("GET", "/session") if get_header(e, DIRECTORY) is not None]
    assert [{session["projectID"] for session in get_response_body(e)} for e in asked] == [{"global"}]


def test_a_deleted_session_is_answered_like_one_that_never_was() -> None:
    for version, entries in VERSIONS.items():
        gone: set[str] = set()
        for entry in entries:
            if is_call_of("DeleteSession", entry) and get_response_body(entry) is True:
                gone.add(path_of(entry))
            elif is_call_of("GetSession", entry) and path_of(entry) in gone:
                assert describe_outcome(entry) == describe_wrong_requests(version)[0]


def test_deleting_a_session_deletes_its_children() -> None:
    child = next(e for e in find_newest("POST", "/session") if "Child goes too" in get_request_body(e))
    assert [
        e["response"]["status"] for e in find_newest("DELETE", f"/session/{get_response_body(child)['parentID']}")
    ] == [200]
    assert [e["response"]["status"] for e in find_newest("GET", f"/session/{get_response_body(child)['id']}")] == [404]


def test_an_empty_change_keeps_the_session_archived() -> None:
    (empty,) = [e for e in VERSIONS[NEWEST] if e["request"]["method"] == "PATCH" and get_request_body(e) == "{}"]
    assert "archived" in get_response_body(empty)["time"]


def test_a_password_is_asked_for_without_a_body() -> None:
    refused = [e for e in read_log("auth.har")["entries"] if e["response"]["status"] == 401]
    assert refused
    for entry in refused:
        assert get_response_body(entry) is None
        assert {h["name"] for h in entry["response"]["headers"]} >= {"www-authenticate"}
