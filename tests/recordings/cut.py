"""Cuts the shipped recordings from a folder of full ones: `python cut.py SOURCE [--into FOLDER]`.

Kept is every exchange that a service file describes, with its bodies as they are and the headers that mean something to
the API. Dropped is the rest: other endpoints, connection headers, comments. The same source gives the same bytes.
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
AS_THEY_ARE = ("session-errors.har", "auth.har")
VERBS = ("get", "post", "put", "patch", "delete")
HEADERS = frozenset({"content-type", "content-length", "x-opencode-directory", "authorization", "www-authenticate"})
REDACTED = "[redacted]"
# The recorder sent this value in order to be refused: it is no credential.
REFUSED_TOKEN = "wrong"

Entry = dict[str, Any]
Har = dict[str, Any]
Described = Callable[[str, str], bool]


def main(arguments: list[str] | None = None) -> int:
    """Write the shipped files; 1 when a full recording holds a credential."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path, help="folder of full recordings")
    parser.add_argument("--into", type=Path, default=HERE, help="folder to write (default: where this script lies)")
    options = parser.parse_args(arguments)
    hars = cut(options.source, described_by(SCHEMAS))
    found = [line for name, har in hars.items() for line in credentials(name, har)]
    if found:
        print("\n".join(found), file=sys.stderr)
        return 1
    options.into.mkdir(parents=True, exist_ok=True)
    for name, text in files(hars).items():
        (options.into / name).write_bytes(text.encode("utf-8"))
    return 0


def described_by(schemas: Path) -> Described:
    """Whether a method and a path belong to a service file below `schemas`."""
    templates: list[tuple[str, re.Pattern[str]]] = []
    literal: set[str] = set()
    for path in sorted(schemas.glob("*/*.service.json")):
        service = json.loads(path.read_text("utf-8"))
        literal.update(service.get("undescribed", ()))
        https = [method["http"] for method in service["methods"].values() if "http" in method]
        templates += [(verb.upper(), pattern(http[verb])) for http in https for verb in VERBS if verb in http]
    return lambda method, path: (
        path not in literal and any(verb == method and known.fullmatch(path) for verb, known in templates)
    )


def pattern(template: str) -> re.Pattern[str]:
    """The paths that a template such as `/session/{sessionID}` stands for."""
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in split(template)))


def split(template: str) -> list[str]:
    """A template in literal and variable parts."""
    return re.split(r"(\{[^}]*\})", template)


def cut(source: Path, described: Described) -> dict[str, Har]:
    """The shipped recordings by file name, oldest server first."""
    lifecycles = {path.name: shortened(read(path), described) for path in sorted(source.glob("lifecycle-*.har"))}
    newest = shortened(read(source / "session-lifecycle.har"), described)
    newest["log"]["entries"] += providers(shortened(read(source / "config.har"), described))
    lifecycles[NEWEST] = newest
    oldest_first = dict(sorted(lifecycles.items(), key=lambda item: version(item[0])))
    return oldest_first | {name: shortened(read(source / name), described) for name in AS_THEY_ARE}


def read(path: Path) -> Har:
    """A HAR file."""
    har: Har = json.loads(path.read_text("utf-8"))
    return har


def version(name: str) -> tuple[int, ...]:
    """The server version in a file name."""
    return tuple(int(number) for number in re.findall(r"\d+", name))


def providers(har: Har) -> list[Entry]:
    """The exchanges that list the providers."""
    return [entry for entry in har["log"]["entries"] if path_of(entry) == "/config/providers"]


def path_of(entry: Entry) -> str:
    """The path of a request, without its query."""
    url: str = entry["request"]["url"]
    return urlsplit(url).path


def shortened(har: Har, described: Described) -> Har:
    """A HAR with the described exchanges only."""
    log = har["log"]
    entries = [plain(entry) for entry in log["entries"] if described(entry["request"]["method"], path_of(entry))]
    return {"log": {**{key: log[key] for key in ("version", "creator", "browser") if key in log}, "entries": entries}}


def plain(entry: Entry) -> Entry:
    """An exchange without the recorder's comment and without headers of the connection."""
    sides = {side: {**entry[side], "headers": meaningful(entry[side]["headers"])} for side in ("request", "response")}
    return {key: value for key, value in {**entry, **sides}.items() if key != "comment"}


def meaningful(headers: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """The headers that the API reads or that say what a body is."""
    return [header for header in headers if header["name"].lower() in HEADERS]


def credentials(name: str, har: Har) -> Iterator[str]:
    """One line for every credential that is not redacted."""
    for index, entry in enumerate(har["log"]["entries"]):
        request = entry["request"]
        for header in request["headers"]:
            if header["name"].lower() == "authorization" and header["value"] != REDACTED:
                yield f"{name}#{index}: the authorization header is not {REDACTED}"
        url: str = request["url"]
        pairs = parse_qsl(urlsplit(url).query) + [(q["name"], q["value"]) for q in request["queryString"]]
        if any(key == "auth_token" and value not in (REDACTED, REFUSED_TOKEN) for key, value in pairs):
            yield f"{name}#{index}: the query parameter auth_token is not {REDACTED}"


def files(hars: dict[str, Har]) -> dict[str, str]:
    """The text of every shipped file, by name."""
    sessions = (line for name, har in hars.items() if takes_part(name) for line in documents(har["log"]["entries"]))
    exchanges = (json_line(exchange(entry)) for entry in hars[PLAIN]["log"]["entries"])
    return {
        **{name: har_text(har) for name, har in hars.items()},
        f"{Path(PLAIN).stem}.ndjson": "".join(f"{line}\n" for line in exchanges),
        "sessions.ndjson": "".join(f"{line}\n" for line in sessions),
    }


def takes_part(name: str) -> bool:
    """Whether the sessions of a recording are shipped as documents; the oldest server's have another form."""
    return name.startswith("lifecycle-") and name != OLDEST


def documents(entries: Iterable[Entry]) -> Iterator[str]:
    """Every session that was read by its id."""
    for entry in entries:
        read_one = entry["request"]["method"] == "GET" and path_of(entry).startswith("/session/")
        if read_one and entry["response"]["status"] == 200:
            yield json_line(json.loads(entry["response"]["content"]["text"]))


def exchange(entry: Entry) -> dict[str, Any]:
    """An exchange in the plain form of the NDJSON recordings."""
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


def har_text(har: Har) -> str:
    """A HAR with one entry on one line, so that a change shows as one line."""
    head = json_line({key: value for key, value in har["log"].items() if key != "entries"})
    entries = ",\n".join(json_line(entry) for entry in har["log"]["entries"])
    return f'{{"log":{head[:-1]},"entries":[\n{entries}\n]}}}}\n'


def json_line(value: object) -> str:
    """A value as JSON without spaces or line breaks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    sys.exit(main())
