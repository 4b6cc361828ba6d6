"""Benchmark of wirelock and its peers in one run: `python tests/benchmarks/ratios.py`.

`--write` writes the table to docs/performance.md. A whole description is measured if WIRELOCK_OPENAPI names a folder
with `opencode-openapi-<version>.json`, and messages if WIRELOCK_RECORDINGS names one with recordings of that version.
Compare the ratios; absolute figures are those of one machine. Figures of documents are the minimum of many short rounds
in which wirelock and its peer alternate.
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

from checkout import ROOT, read_exchanges

from wirelock.runtime.schema.validator import Schemas
from wirelock.traffic.recordings.formats import read_recording

PAGE = ROOT / "docs/performance.md"
VERSION = "1.18.33"
MESSAGE = "session/SessionMessageResponse.schema.json"
PEER = "datamodel-codegen"
ROUNDS = 1500
"""Short rounds, so that some are not disturbed by other processes."""
Work = tuple[Callable[[Any], object], Sequence[Any]]
"""A function and its arguments, one per call."""


class Measurement(NamedTuple):
    """One row of the table: the figures of wirelock and of a peer."""

    name: str
    ours: float
    peer: str
    theirs: float
    unit: str = "µs"


class ProcessUsage(NamedTuple):
    """The CPU time and the peak memory of a process."""

    seconds: float
    megabytes: float


def read_sessions() -> list[bytes]:
    """Read recorded sessions without a permission ruleset, an array that protobuf's own JSON cannot represent."""
    responses = [
        e.response for e in read_exchanges("lifecycle-1.18.33.har") if e.path == "/session" and e.method == "POST"
    ]
    texts = [response.text for response in responses if response is not None and response.text.startswith(b'{"id"')]
    return [text for text in texts if b'"permission"' not in text]


def measure_generation(description: Path, folder: Path) -> Iterator[Measurement]:
    """Measure CPU time and memory of import and generate; the peer only generates models."""
    tools = Path(sys.executable).parent
    ours = [_run_process(str(tools / "wirelock"), "import", str(description), cwd=folder)]
    ours.append(_run_process(str(tools / "wirelock"), "generate", cwd=folder))
    options = ("--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel")
    with tempfile.TemporaryDirectory() as other:
        out = str(Path(other) / "models")
        theirs = _run_process(
            str(tools / PEER), "--input", str(description), "--output", out, *options, cwd=Path(other)
        )
    what = f"{VERSION}: import and generate"
    yield Measurement(f"{what}, CPU time", sum(usage.seconds for usage in ours), PEER, theirs.seconds, "s")
    yield Measurement(f"{what}, peak memory", max(usage.megabytes for usage in ours), PEER, theirs.megabytes, "MB")


def _run_process(*command: str, cwd: Path) -> ProcessUsage:
    """Return the usage of a process and its children; the process must succeed."""
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return ProcessUsage(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measure(what: str, ours: Work, peer: str, theirs: Work) -> Measurement:
    """Return the microseconds per call, the minimum of many rounds in which both alternate."""
    best = {"ours": float("inf"), "theirs": float("inf")}
    for _ in range(ROUNDS):
        for side, (call, documents) in (("ours", ours), ("theirs", theirs)):
            best[side] = min(best[side], _time_call(call, documents))
    return Measurement(what, best["ours"] * 1e6, peer, best["theirs"] * 1e6)


def _time_call(call: Callable[[Any], object], documents: Sequence[Any]) -> float:
    began = time.perf_counter()
    for document in documents:
        call(document)
    return (time.perf_counter() - began) / len(documents)


def read_documents(folder: Path) -> dict[str, Any]:
    """Read the schema documents of a project, by file."""
    return {path.relative_to(folder).as_posix(): orjson.loads(path.read_bytes()) for path in folder.glob("*/*.json")}


def build_peer_validator(documents: dict[str, Any], root: str) -> Callable[[bytes], bool]:
    """Build a validator of orjson and jsonschema-rs, the fastest Python peer."""
    base = "https://schemas.invalid/"
    schemas = [(base + name, schema) for name, schema in documents.items() if name.endswith(".schema.json")]
    engine = jsonschema_rs.validator_for({"$ref": base + root}, registry=jsonschema_rs.Registry(schemas))
    return lambda text: engine.is_valid(orjson.loads(text))


def read_messages(recordings: Path) -> list[bytes]:
    """Read recorded responses that are one message with its parts."""
    paths = [path for path in sorted(recordings.glob("*.har")) if not path.name.startswith("lifecycle-")]
    read = [exchange for path in paths for exchange in read_recording(path, path.name)[0]]
    answers = [
        exchange.response for exchange in read if re.fullmatch(r"/session/[^/]+/message(/[^/]+)?", exchange.path)
    ]
    return [answer.text for answer in answers if answer is not None and answer.text.startswith(b'{"info"')]


def measure_description(path: Path, recordings: str) -> Iterator[Measurement]:
    """Measure a whole description: import and generate, and the verdict on recorded messages."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "wirelock.toml").write_text('package = "oc_api"\nproto-package = "oc"\n', "utf-8")
        yield from measure_generation(path, folder)
        if recordings:
            yield measure_messages(read_documents(folder / "schemas"), Path(recordings))


def measure_messages(documents: dict[str, Any], recordings: Path) -> Measurement:
    """Measure the verdict on recorded messages."""
    ours = Schemas(documents, unknown_fields="warn", format_assertion=False).get_validator(MESSAGE).is_valid
    theirs = build_peer_validator(documents, MESSAGE)
    texts = read_messages(recordings)
    assert texts and all(ours(text) and theirs(text) for text in texts)
    return measure("a message: bytes to verdict", (ours, texts), "orjson + jsonschema-rs", (theirs, texts))


def encode_with_protobuf(text: bytes) -> bytes:
    """Encode with protobuf's own JSON parser."""
    message = json_format.Parse(text, session_pb2.SessionInfo(), ignore_unknown_fields=True)
    return message.SerializeToString()


def measure_sessions() -> Iterator[Measurement]:
    """Measure recorded sessions."""
    texts = read_sessions()
    wires = [codec.encode(text) for text in texts]
    theirs = build_peer_validator(read_documents(ROOT / "schemas"), "session/sessionInfo.schema.json")
    yield measure("a session: bytes to verdict", (validator.is_valid, texts), "orjson + jsonschema-rs", (theirs, texts))
    yield measure(
        "a session: JSON to binary, validated",
        (codec.encode, texts),
        "json_format.Parse",
        (encode_with_protobuf, texts),
    )
    yield measure(
        "a session: binary to JSON, validated",
        (codec.decode, wires),
        "json_format.MessageToJson",
        (lambda wire: json_format.MessageToJson(session_pb2.SessionInfo.FromString(wire)), wires),
    )


def measure_all() -> Iterator[Measurement]:
    """Measure everything for which there is data."""
    yield from measure_sessions()
    folder = os.environ.get("WIRELOCK_OPENAPI", "")
    if folder:
        path = Path(folder) / f"opencode-openapi-{VERSION}.json"
        yield from measure_description(path, os.environ.get("WIRELOCK_RECORDINGS", ""))
    else:
        print("skipping the description and messages: set WIRELOCK_OPENAPI to a folder with descriptions")


def format_table() -> str:
    """Return the measurements as a Markdown table."""
    lines = ["| measured | wirelock | peer | peer's | ratio |", "| --- | --- | --- | --- | --- |"]
    for row in measure_all():
        ratio = row.ours / row.theirs
        lines.append(
            f"| {row.name} | {row.ours:.1f} {row.unit} | {row.peer} | {row.theirs:.1f} {row.unit} | {ratio:.2f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table, and write it to the page with `--write`."""
    measurements = format_table()
    print(measurements, end="")
    if "--write" in sys.argv[1:]:
        text = PAGE.read_text("utf-8")
        PAGE.write_text(re.sub(r"^\| measured.*?(?=^$)", lambda _: measurements, text, flags=re.M | re.S), "utf-8")


if __name__ == "__main__":
    main()
