"""Measures wirelock against its peers on recorded sessions, all in one run: `python tests/benchmarks/ratios.py`.

With `--write` the table goes into docs/performance.md. Messages are measured too where WIRELOCK_OPENAPI names a folder
with `opencode-openapi-<version>.json` and WIRELOCK_RECORDINGS one with recordings of that version.
Absolute figures hold for one machine; the ratios are what to compare. Each figure is the smallest of several rounds of
CPU time, in microseconds a document.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
from google.protobuf import json_format

import wirelock
from opencode_api import session_pb2
from opencode_api.codecs.session import session_info as codec
from opencode_api.validators.session import session_info as validator

sys.path.insert(0, str(Path(__file__).parents[1]))

from checkout import ROOT, configuration, exchanges

from wirelock.runtime.validator import Schemas
from wirelock.traffic.formats import read_recording

PAGE = ROOT / "docs/performance.md"
VERSION = "1.18.33"
MESSAGE = "session/SessionMessageResponse.schema.json"
ROUNDS = 9
CALLS = 4000


def sessions() -> list[bytes]:
    """Recorded sessions without a permission ruleset, whose bare array protobuf's own JSON cannot say."""
    answers = [e.response for e in exchanges("lifecycle-1.18.33.har") if e.path == "/session" and e.method == "POST"]
    texts = [answer.text for answer in answers if answer is not None and answer.text.startswith(b'{"id"')]
    return [text for text in texts if b'"permission"' not in text]


def measure(call: Callable[[Any], object], documents: Sequence[Any]) -> float:
    """Microseconds of CPU time for one call, the best of several rounds."""
    repeat = max(1, CALLS // len(documents))
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.thread_time()
        for _ in range(repeat):
            for document in documents:
                call(document)
        best = min(best, (time.thread_time() - begun) / (repeat * len(documents)))
    return best * 1e6


def documents_of(folder: Path) -> dict[str, Any]:
    """The schema documents of a project, by file."""
    return {path.relative_to(folder).as_posix(): orjson.loads(path.read_bytes()) for path in folder.glob("*/*.json")}


def peer_validator(documents: dict[str, Any], root: str) -> Callable[[bytes], bool]:
    """jsonschema-rs behind orjson: the fastest Python peer."""
    base = "https://schemas.invalid/"
    schemas = [(base + name, schema) for name, schema in documents.items() if name.endswith(".schema.json")]
    engine = jsonschema_rs.validator_for({"$ref": base + root}, registry=jsonschema_rs.Registry(schemas))
    return lambda text: engine.is_valid(orjson.loads(text))


def messages(recordings: Path) -> list[bytes]:
    """Recorded answers that are one message with its parts."""
    paths = [path for path in sorted(recordings.glob("*.har")) if not path.name.startswith("lifecycle-")]
    read = [exchange for path in paths for exchange in read_recording(path, path.name)[0]]
    answers = [
        exchange.response for exchange in read if re.fullmatch(r"/session/[^/]+/message(/[^/]+)?", exchange.path)
    ]
    return [answer.text for answer in answers if answer is not None and answer.text.startswith(b'{"info"')]


def verdict_on_messages() -> list[tuple[str, float, str, float]]:
    """The row of messages; none where there is no description or no recording."""
    if not {"WIRELOCK_OPENAPI", "WIRELOCK_RECORDINGS"} <= os.environ.keys():
        print("messages are left out: WIRELOCK_OPENAPI and WIRELOCK_RECORDINGS name no folders")
        return []
    description = Path(os.environ["WIRELOCK_OPENAPI"]) / f"opencode-openapi-{VERSION}.json"
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "wirelock.toml").write_text('package = "opencode_api"\n', "utf-8")
        report = wirelock.import_document(configuration(root), str(description))
        assert report.exit_code == 0, report.diagnostics
        documents = documents_of(root / "schemas")
    ours = Schemas(documents, unknown_fields="warn", format_assertion=False).validator(MESSAGE).is_valid
    theirs = peer_validator(documents, MESSAGE)
    texts = messages(Path(os.environ["WIRELOCK_RECORDINGS"]))
    assert texts and all(ours(text) and theirs(text) for text in texts)
    return [("a message: bytes to verdict", measure(ours, texts), "orjson + jsonschema-rs", measure(theirs, texts))]


def to_binary_by_protobuf(text: bytes) -> bytes:
    """protobuf's own JSON reader."""
    message = json_format.Parse(text, session_pb2.SessionInfo(), ignore_unknown_fields=True)
    return message.SerializeToString()


def rows() -> list[tuple[str, float, str, float]]:
    """What was measured, ours, the peer, the peer's."""
    texts = sessions()
    wires = [codec.encode(text) for text in texts]
    theirs = peer_validator(documents_of(ROOT / "schemas"), "session/sessionInfo.schema.json")
    return [
        (
            "a session: bytes to verdict",
            measure(validator.is_valid, texts),
            "orjson + jsonschema-rs",
            measure(theirs, texts),
        ),
        *verdict_on_messages(),
        (
            "a session: JSON to binary, validated",
            measure(codec.encode, texts),
            "json_format.Parse",
            measure(to_binary_by_protobuf, texts),
        ),
        (
            "a session: binary to JSON, validated",
            measure(codec.decode, wires),
            "json_format.MessageToJson",
            measure(lambda wire: json_format.MessageToJson(session_pb2.SessionInfo.FromString(wire)), wires),
        ),
    ]


def table() -> str:
    """The measurements as Markdown."""
    lines = ["| recorded | wirelock | peer | peer's | ratio |", "| --- | --- | --- | --- | --- |"]
    for what, ours, peer, theirs in rows():
        lines.append(f"| {what} | {ours:.1f} | {peer} | {theirs:.1f} | {ours / theirs:.2f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table, and write it where it is published if asked to."""
    measured = table()
    print(measured, end="")
    if "--write" in sys.argv[1:]:
        text = PAGE.read_text("utf-8")
        PAGE.write_text(re.sub(r"^\| recorded.*?(?=^$)", lambda _: measured, text, flags=re.M | re.S), "utf-8")


if __name__ == "__main__":
    main()
