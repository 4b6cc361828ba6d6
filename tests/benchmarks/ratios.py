"""Measures wirelock against its peers on recorded sessions, all in one run: `python tests/benchmarks/ratios.py`.

With `--write` the table goes into docs/performance.md.
Absolute figures hold for one machine; the ratios are what to compare. Each figure is the smallest of several rounds of
CPU time, in microseconds a document.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
from google.protobuf import json_format

from opencode_api import session_pb2
from opencode_api.codecs.session import session_info as codec
from opencode_api.validators.session import session_info as validator

sys.path.insert(0, str(Path(__file__).parents[1]))

from checkout import ROOT, exchanges

PAGE = ROOT / "docs/performance.md"
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


def peer_validator() -> Callable[[bytes], bool]:
    """jsonschema-rs behind orjson: the fastest Python peer."""
    folder = ROOT / "schemas"
    documents = {
        path.relative_to(folder).as_posix(): orjson.loads(path.read_bytes()) for path in folder.glob("*/*.schema.json")
    }
    base = "https://schemas.invalid/"
    registry = jsonschema_rs.Registry([(base + name, schema) for name, schema in documents.items()])
    engine = jsonschema_rs.validator_for({"$ref": f"{base}session/sessionInfo.schema.json"}, registry=registry)
    return lambda text: engine.is_valid(orjson.loads(text))


def to_binary_by_protobuf(text: bytes) -> bytes:
    """protobuf's own JSON reader."""
    message = json_format.Parse(text, session_pb2.SessionInfo(), ignore_unknown_fields=True)
    return message.SerializeToString()


def rows() -> list[tuple[str, float, str, float]]:
    """What was measured, ours, the peer, the peer's."""
    texts = sessions()
    wires = [codec.encode(text) for text in texts]
    return [
        (
            "bytes to verdict",
            measure(validator.is_valid, texts),
            "orjson + jsonschema-rs",
            measure(peer_validator(), texts),
        ),
        (
            "JSON to binary, validated",
            measure(codec.encode, texts),
            "json_format.Parse",
            measure(to_binary_by_protobuf, texts),
        ),
        (
            "binary to JSON, validated",
            measure(codec.decode, wires),
            "json_format.MessageToJson",
            measure(lambda wire: json_format.MessageToJson(session_pb2.SessionInfo.FromString(wire)), wires),
        ),
    ]


def table() -> str:
    """The measurements as Markdown."""
    lines = ["| a recorded session | wirelock | peer | peer's | ratio |", "| --- | --- | --- | --- | --- |"]
    for what, ours, peer, theirs in rows():
        lines.append(f"| {what} | {ours:.1f} | {peer} | {theirs:.1f} | {ours / theirs:.2f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table, and write it where it is published if asked to."""
    measured = table()
    print(measured, end="")
    if "--write" in sys.argv[1:]:
        text = PAGE.read_text("utf-8")
        PAGE.write_text(re.sub(r"^\| a recorded.*?(?=^$)", lambda _: measured, text, flags=re.M | re.S), "utf-8")


if __name__ == "__main__":
    main()
