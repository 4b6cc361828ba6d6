"""Measures wirelock against its peers, all in one run: `python tests/benchmarks/ratios.py`.

With `--write` the table goes into docs/performance.md. A whole description is measured too where WIRELOCK_OPENAPI names
a folder with `opencode-openapi-<version>.json`, and messages where WIRELOCK_RECORDINGS names one with recordings of
that version. Absolute figures hold for one machine; the ratios are what to compare. Figures of documents are the
smallest of many short rounds in which both take turns.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs
import orjson
from google.protobuf import json_format

from opencode_api import session_pb2
from opencode_api.codecs.session import session_info as codec
from opencode_api.validators.session import session_info as validator

sys.path.insert(0, str(Path(__file__).parents[1]))

from checkout import ROOT, exchanges

from wirelock.runtime.schema.validator import Schemas
from wirelock.traffic.recordings.formats import read_recording

PAGE = ROOT / "docs/performance.md"
VERSION = "1.18.33"
MESSAGE = "session/SessionMessageResponse.schema.json"
PEER = "datamodel-codegen"
ROUNDS = 1500
"""Short ones, so that some are free of whatever else the machine does."""
Work = tuple[Callable[[Any], object], Sequence[Any]]
"""What is called, and what with, one after the other."""


class Row(NamedTuple):
    """What was measured, ours, the peer, the peer's."""

    what: str
    ours: float
    peer: str
    theirs: float
    unit: str = "µs"


class Used(NamedTuple):
    """What a process took of CPU time, and how much memory it had at its largest."""

    seconds: float
    megabytes: float


def sessions() -> list[bytes]:
    """Recorded sessions without a permission ruleset, whose bare array protobuf's own JSON cannot say."""
    answers = [e.response for e in exchanges("lifecycle-1.18.33.har") if e.path == "/session" and e.method == "POST"]
    texts = [answer.text for answer in answers if answer is not None and answer.text.startswith(b'{"id"')]
    return [text for text in texts if b'"permission"' not in text]


def generation(description: Path, folder: Path) -> Iterator[Row]:
    """Import and generate, all of it, against the models alone: CPU time of whole processes, and their memory."""
    tools = Path(sys.executable).parent
    ours = [_process(str(tools / "wirelock"), "import", str(description), cwd=folder)]
    ours.append(_process(str(tools / "wirelock"), "generate", cwd=folder))
    options = ("--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel")
    with tempfile.TemporaryDirectory() as other:
        out = str(Path(other) / "models")
        theirs = _process(str(tools / PEER), "--input", str(description), "--output", out, *options, cwd=Path(other))
    what = f"{VERSION}: import and generate"
    yield Row(f"{what}, CPU time", sum(one.seconds for one in ours), PEER, theirs.seconds, "s")
    yield Row(f"{what}, peak memory", max(one.megabytes for one in ours), PEER, theirs.megabytes, "MB")


def _process(*command: str, cwd: Path) -> Used:
    """What a process used, with those that it started; it must succeed."""
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measured(what: str, ours: Work, peer: str, theirs: Work) -> Row:
    """Microseconds for one call of each, the best of many rounds in which they take turns."""
    best = {"ours": float("inf"), "theirs": float("inf")}
    for _ in range(ROUNDS):
        for who, (call, documents) in (("ours", ours), ("theirs", theirs)):
            best[who] = min(best[who], _one(call, documents))
    return Row(what, best["ours"] * 1e6, peer, best["theirs"] * 1e6)


def _one(call: Callable[[Any], object], documents: Sequence[Any]) -> float:
    begun = time.perf_counter()
    for document in documents:
        call(document)
    return (time.perf_counter() - begun) / len(documents)


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


def on_the_description(path: Path, recordings: str) -> Iterator[Row]:
    """What is measured on a whole description: making everything of it, and the verdict on recorded messages."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "wirelock.toml").write_text('package = "oc_api"\nproto-package = "oc"\n', "utf-8")
        yield from generation(path, folder)
        if recordings:
            yield verdict_on_messages(documents_of(folder / "schemas"), Path(recordings))


def verdict_on_messages(documents: dict[str, Any], recordings: Path) -> Row:
    """The row of messages."""
    ours = Schemas(documents, unknown_fields="warn", format_assertion=False).validator(MESSAGE).is_valid
    theirs = peer_validator(documents, MESSAGE)
    texts = messages(recordings)
    assert texts and all(ours(text) and theirs(text) for text in texts)
    return measured("a message: bytes to verdict", (ours, texts), "orjson + jsonschema-rs", (theirs, texts))


def to_binary_by_protobuf(text: bytes) -> bytes:
    """protobuf's own JSON reader."""
    message = json_format.Parse(text, session_pb2.SessionInfo(), ignore_unknown_fields=True)
    return message.SerializeToString()


def rows_on_sessions() -> Iterator[Row]:
    """What is measured on recorded sessions."""
    texts = sessions()
    wires = [codec.encode(text) for text in texts]
    theirs = peer_validator(documents_of(ROOT / "schemas"), "session/sessionInfo.schema.json")
    yield measured(
        "a session: bytes to verdict", (validator.is_valid, texts), "orjson + jsonschema-rs", (theirs, texts)
    )
    yield measured(
        "a session: JSON to binary, validated",
        (codec.encode, texts),
        "json_format.Parse",
        (to_binary_by_protobuf, texts),
    )
    yield measured(
        "a session: binary to JSON, validated",
        (codec.decode, wires),
        "json_format.MessageToJson",
        (lambda wire: json_format.MessageToJson(session_pb2.SessionInfo.FromString(wire)), wires),
    )


def rows() -> Iterator[Row]:
    """Everything that can be measured here."""
    yield from rows_on_sessions()
    folder = os.environ.get("WIRELOCK_OPENAPI", "")
    if folder:
        path = Path(folder) / f"opencode-openapi-{VERSION}.json"
        yield from on_the_description(path, os.environ.get("WIRELOCK_RECORDINGS", ""))
    else:
        print("the description and messages are left out: WIRELOCK_OPENAPI names no folder")


def table() -> str:
    """The measurements as Markdown."""
    lines = ["| measured | wirelock | peer | peer's | ratio |", "| --- | --- | --- | --- | --- |"]
    for row in rows():
        ratio = row.ours / row.theirs
        lines.append(
            f"| {row.what} | {row.ours:.1f} {row.unit} | {row.peer} | {row.theirs:.1f} {row.unit} | {ratio:.2f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table, and write it where it is published if asked to."""
    measurements = table()
    print(measurements, end="")
    if "--write" in sys.argv[1:]:
        text = PAGE.read_text("utf-8")
        PAGE.write_text(re.sub(r"^\| measured.*?(?=^$)", lambda _: measurements, text, flags=re.M | re.S), "utf-8")


if __name__ == "__main__":
    main()
