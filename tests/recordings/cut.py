"""Extract the shipped recordings from a folder of full ones: `python cut.py SOURCE [--into FOLDER]`.

Exchanges that a service file describes are kept with their bodies and the headers that the API uses. Other endpoints,
connection headers and comments are dropped. The output is deterministic.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HERE = Path(__file__).resolve().parent
SCHEMAS = HERE.parent.parent / "schemas"
NEWEST = "lifecycle-1.18.33.har"
PLAIN = "lifecycle-1.1.11.har"
OLDEST = "lifecycle-0.5.29.har"
UNCHANGED_NAMES = ("session-errors.har", "auth.har")
VERBS = ("get", "post", "put", "patch", "delete")
HEADERS = frozenset({"content-type", "content-length", "x-opencode-directory", "authorization", "www-authenticate"})
REDACTED = "[redacted]"
# The recorder sent this value to be rejected; it is not a credential.
REFUSED_TOKEN = "wrong"

Entry = dict[str, Any]
Har = dict[str, Any]
Described = Callable[[str, str], bool]


def main(arguments: list[str] | None = None) -> int:
    """Write the shipped files; return 1 if a full recording has a credential."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path, help="folder of full recordings")
    parser.add_argument("--into", type=Path, default=HERE, help="folder to write (default: the folder of this script)")
    options = parser.parse_args(arguments)
    hars = cut_recordings(options.source, find_described(SCHEMAS))
    problems = [line for name, har in hars.items() for line in find_credentials(name, har)]
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    options.into.mkdir(parents=True, exist_ok=True)
    for name, text in encode_files(hars).items():
        (options.into / name).write_bytes(text.encode("utf-8"))
    return 0


def find_described(schemas: Path) -> Described:
    """Return a predicate of method and path that is true if a service file below `schemas` describes them."""
    templates: list[tuple[str, re.Pattern[str]]] = []
    undescribed: set[str] = set()
    for path in sorted(schemas.glob("*/*.service.json")):
        service = json.loads(path.read_text("utf-8"))
        undescribed.update(service.get("undescribed", ()))
        rules = [method["http"] for method in service["methods"].values() if "http" in method]
        templates += [(verb.upper(), compile_template(http[verb])) for http in rules for verb in VERBS if verb in http]
    return lambda method, path: (
        path not in undescribed and any(verb == method and pattern.fullmatch(path) for verb, pattern in templates)
    )


def compile_template(template: str) -> re.Pattern[str]:
    """Compile a template such as `/session/{sessionID}` to a pattern of paths."""
    return re.compile(
        "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in split_template(template))
    )


def split_template(template: str) -> list[str]:
    """Split a template into literal and variable parts."""
    return re.split(r"(\{[^}]*\})", template)


def cut_recordings(source: Path, described: Described) -> dict[str, Har]:
    """Return the shipped recordings by file name, oldest server first."""
    lifecycles = {
        path.name: keep_described(read_har(path), described) for path in sorted(source.glob("lifecycle-*.har"))
    }
    newest = keep_described(read_har(source / "session-lifecycle.har"), described)
    newest["log"]["entries"] += list_provider_entries(keep_described(read_har(source / "config.har"), described))
    lifecycles[NEWEST] = newest
    oldest_first = dict(sorted(lifecycles.items(), key=lambda item: parse_version(item[0])))
    return oldest_first | {name: keep_described(read_har(source / name), described) for name in UNCHANGED_NAMES}


def read_har(path: Path) -> Har:
    """Read a HAR file."""
    har: Har = json.loads(path.read_text("utf-8"))
    return har


def parse_version(name: str) -> tuple[int, ...]:
    """Return the server version in a file name."""
    return tuple(int(number) for number in re.findall(r"\d+", name))


def list_provider_entries(har: Har) -> list[Entry]:
    """Return the exchanges that list the providers."""
    return [entry for entry in har["log"]["entries"] if get_path(entry) == "/config/providers"]


def get_path(entry: Entry) -> str:
    """Return the path of a request without its query."""
    url: str = entry["request"]["url"]
    return urlsplit(url).path


def keep_described(har: Har, described: Described) -> Har:
    """Return a HAR with the described exchanges only."""
    log = har["log"]
    entries = [strip_entry(entry) for entry in log["entries"] if described(entry["request"]["method"], get_path(entry))]
    return {"log": {**{key: log[key] for key in ("version", "creator", "browser") if key in log}, "entries": entries}}


def strip_entry(entry: Entry) -> Entry:
    """Return an entry without comment and connection headers."""
    sides = {
        side: {**entry[side], "headers": filter_headers(entry[side]["headers"])} for side in ("request", "response")
    }
    return {key: value for key, value in {**entry, **sides}.items() if key != "comment"}


def filter_headers(headers: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return the headers that the API uses or that describe a body."""
    return [header for header in headers if header["name"].lower() in HEADERS]


def find_credentials(name: str, har: Har) -> Iterator[str]:
    """Yield a message for every credential that is not redacted."""
    for index, entry in enumerate(har["log"]["entries"]):
        request = entry["request"]
        for header in request["headers"]:
            if header["name"].lower() == "authorization" and header["value"] != REDACTED:
                yield f"{name}#{index}: the authorization header is not {REDACTED}"
        url: str = request["url"]
        pairs = parse_qsl(urlsplit(url).query) + [(q["name"], q["value"]) for q in request["queryString"]]
        if any(key == "auth_token" and value not in (REDACTED, REFUSED_TOKEN) for key, value in pairs):
            yield f"{name}#{index}: the query parameter auth_token is not {REDACTED}"


def encode_files(hars: dict[str, Har]) -> dict[str, str]:
    """Return the text of every shipped file by name."""
    sessions = (
        line
        for name, har in hars.items()
        if has_shipped_sessions(name)
        for line in encode_sessions(har["log"]["entries"])
    )
    exchanges = (encode_line(to_exchange(entry)) for entry in hars[PLAIN]["log"]["entries"])
    return {
        **{name: encode_har(har) for name, har in hars.items()},
        f"{Path(PLAIN).stem}.ndjson": "".join(f"{line}\n" for line in exchanges),
        "sessions.ndjson": "".join(f"{line}\n" for line in sessions),
    }


def has_shipped_sessions(name: str) -> bool:
    """Return True if the sessions of a recording are shipped as documents; the oldest server has another form."""
    return name.startswith("lifecycle-") and name != OLDEST


def encode_sessions(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield every session that was read by ID."""
    for entry in entries:
        reads_session = entry["request"]["method"] == "GET" and get_path(entry).startswith("/session/")
        if reads_session and entry["response"]["status"] == 200:
            yield encode_line(json.loads(entry["response"]["content"]["text"]))


def to_exchange(entry: Entry) -> dict[str, Any]:
    """Return an exchange in the format of NDJSON recordings."""
    request, response = entry["request"], entry["response"]
    return {
        "request": {
            "method": request["method"],
            "url": request["url"],
            "headers": request["headers"],
            "body": request.get("postData", {}).get("text"),
        },
        "response": {
            "status": response["status"],
            "headers": response["headers"],
            "body": response["content"].get("text"),
        },
        "started": entry["startedDateTime"],
    }


def encode_har(har: Har) -> str:
    """Encode a HAR with one entry per line, so that diffs are per entry."""
    head = encode_line({key: value for key, value in har["log"].items() if key != "entries"})
    entries = ",\n".join(encode_line(entry) for entry in har["log"]["entries"])
    return f'{{"log":{head[:-1]},"entries":[\n{entries}\n]}}}}\n'


def encode_line(value: object) -> str:
    """Encode a value as JSON without spaces or line breaks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    sys.exit(main())
