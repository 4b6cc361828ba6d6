"""Recordings of the proxy: complete after every exchange, private, and verified with the same verdicts."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from running_proxy import SESSION, build_request, build_response, respond_with, run_proxy

from wirelock.diagnostics import Diagnostic, Report
from wirelock.traffic.http.captured import CapturedExchange, CapturedMessage
from wirelock.traffic.recordings.formats import LAYOUTS, read_recording
from wirelock.traffic.recordings.recorder import Recorder, make_recorder
from wirelock.traffic.recordings.writer import RecordingWriter

FORMATS = ["har", "ndjson"]


def capture(
    index: int = 0, body: bytes | None = b"{}", media_type: str = "application/json", size: int = 0
) -> CapturedExchange:
    """Build an exchange with this response body."""
    message = CapturedMessage((("Content-Type", media_type),), body, size or len(body or b""))
    return CapturedExchange(
        index, datetime.now(UTC), "GET", f"http://h/session?n={index}", CapturedMessage(), 200, "OK", message
    )


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("body", [b"{}", "é\u2028\0".encode(), b"\xff\xfe\x00", b"data: {}\n\n", b"a\r\nb"])
def test_a_body_is_read_as_it_was_written(tmp_path: Path, format: str, body: bytes) -> None:
    file = tmp_path / f"a.{format}"
    recording = RecordingWriter(file, LAYOUTS[file.suffix])
    recording.begin()
    recording.add(map(recording.encode, [capture(body=body), capture(1)]))
    exchanges, diagnostics = read_recording(file, file.name)
    assert diagnostics == ()
    assert [exchange.response.text if exchange.response else None for exchange in exchanges] == [body, b"{}"]
    recording.close()


@pytest.mark.parametrize("format", FORMATS)
def test_a_body_that_was_not_captured_is_unrecorded(tmp_path: Path, format: str) -> None:
    file = tmp_path / f"a.{format}"
    recording = RecordingWriter(file, LAYOUTS[file.suffix])
    recording.begin()
    recording.add(map(recording.encode, [capture(body=None, size=2**30), capture(body=None), capture(body=b"")]))
    recording.close()
    exchanges, _ = read_recording(file, file.name)
    assert [exchange.unrecorded for exchange in exchanges] == [("response",), ("response",), ()]


@pytest.mark.parametrize("format", FORMATS)
def test_a_recording_is_complete_after_every_exchange(tmp_path: Path, format: str) -> None:
    file = tmp_path / f"a.{format}"
    recording = RecordingWriter(file, LAYOUTS[file.suffix])
    recording.begin()
    for count in range(4):
        exchanges, diagnostics = read_recording(file, file.name)
        assert (len(exchanges), diagnostics) == (count, ())
        recording.add(map(recording.encode, [capture(count)]))
    recording.close()


@pytest.mark.parametrize("format", FORMATS)
def test_a_full_file_is_renamed_and_nothing_is_lost(tmp_path: Path, format: str) -> None:
    file = tmp_path / f"a.{format}"
    file.write_text("existing")
    recording = RecordingWriter(file, LAYOUTS[file.suffix], max_bytes=3000)
    recording.begin()
    assert (tmp_path / f"a-0001.{format}").read_text() == "existing"
    recording.add(map(recording.encode, map(capture, range(20))))
    recording.close()
    files = sorted(path for path in tmp_path.iterdir() if "0001" not in path.name)
    assert len(files) == recording.files > 1
    assert all(path.stat().st_size <= 3000 for path in files)
    urls = [exchange.url for path in files for exchange in read_recording(path, path.name)[0]]
    assert sorted(urls) == sorted(capture(number).url for number in range(20))


@pytest.mark.parametrize("format", FORMATS)
def test_all_files_of_a_batch_are_synced(tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: dict[int, int] = {}
    real = os.fsync

    def fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        synced[status.st_ino] = status.st_size
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    recording = RecordingWriter(tmp_path / f"a.{format}", LAYOUTS[f".{format}"], max_bytes=1500)
    recording.begin()
    recording.add(map(recording.encode, map(capture, range(20))))
    files = [path.stat() for path in tmp_path.iterdir()]
    assert len(files) > 2 and synced == {status.st_ino: status.st_size for status in files}
    recording.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_recording_is_private(tmp_path: Path) -> None:
    recording = RecordingWriter(tmp_path / "a.har", LAYOUTS[".har"])
    recording.begin()
    recording.close()
    assert stat.S_IMODE((tmp_path / "a.har").stat().st_mode) == 0o600


@pytest.mark.parametrize("format", FORMATS)
def test_a_full_disk_keeps_earlier_exchanges(tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / f"a.{format}"
    recorder = make_recorder(str(file), ())
    assert isinstance(recorder, Recorder) and recorder.begin() is None
    real = os.write
    full = False

    def write(descriptor: int, text: bytes) -> int:
        if full and len(text) > 100:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, text[:50] if full else text)

    monkeypatch.setattr(os, "write", write)

    async def run() -> None:
        nonlocal full
        await recorder.add(capture(0))
        full = True
        await recorder.add(capture(1))
        await recorder.add(capture(2))

    asyncio.run(run())
    recorder.close()
    assert recorder.failed is not None and recorder.failed.code.id == "RECORDING_NOT_WRITTEN"
    assert recorder.counts == {"exchanges": 1, "files": 1, "lost": 2}
    exchanges, diagnostics = read_recording(file, file.name)
    assert (len(exchanges), diagnostics) == (1, ())


@pytest.mark.parametrize("format", FORMATS)
def test_a_body_too_deep_for_the_paths_is_omitted_and_reported(tmp_path: Path, format: str) -> None:
    file = tmp_path / f"a.{format}"
    recorder = make_recorder(str(file), ["$..email"])
    assert isinstance(recorder, Recorder) and recorder.begin() is None
    deep = b'{"a":' * 300 + b'{"email":"a@b"}' + b"}" * 300

    async def run() -> None:
        await asyncio.gather(*(recorder.add(capture(number, deep if number == 1 else b"{}")) for number in range(3)))

    asyncio.run(run())
    recorder.close()
    exchanges, diagnostics = read_recording(file, file.name)
    assert ([exchange.unrecorded for exchange in exchanges], diagnostics) == ([(), ("response",), ()], ())
    assert b"a@b" not in file.read_bytes()
    assert recorder.counts == {"exchanges": 3, "files": 1, "bodies left out": 1}
    (finding,) = recorder.findings
    assert (finding.code.id, finding.occurrences, Report(recorder.findings).exit_code) == ("BODY_NOT_RECORDED", 1, 1)


@pytest.mark.parametrize("format", FORMATS)
def test_an_internal_error_affects_one_exchange_only(
    tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = LAYOUTS[f".{format}"]

    def encode(exchange: CapturedExchange) -> bytes:
        if exchange.index in (1, 2):
            raise KeyError("s3cr3t")
        return layout.encode_entry(exchange)

    monkeypatch.setitem(LAYOUTS, f".{format}", replace(layout, encode_entry=encode))  # type: ignore[arg-type]
    file, warnings = tmp_path / f"a.{format}", list[Diagnostic]()
    recorder = make_recorder(str(file), (), on_warning=warnings.append)
    assert isinstance(recorder, Recorder) and recorder.begin() is None

    async def run() -> None:
        await asyncio.gather(*(recorder.add(capture(number)) for number in range(3)))
        await recorder.add(capture(3))

    asyncio.run(run())
    recorder.close()
    exchanges, diagnostics = read_recording(file, file.name)
    assert ([exchange.url[-3:] for exchange in exchanges], diagnostics) == (["n=0", "n=3"], ())
    assert recorder.counts == {"exchanges": 2, "files": 1, "lost": 2} and recorder.failed is None
    assert [warning.message.partition(":")[0] for warning in warnings] == [
        f"exchange {n} could not be recorded" for n in (1, 2)
    ]
    assert "KeyError in test_recorder.py" in warnings[0].message and "s3cr3t" not in repr(warnings)
    (finding,) = recorder.findings
    assert (finding.code.id, finding.occurrences, Report(recorder.findings).exit_code) == (
        "EXCHANGE_NOT_RECORDED",
        2,
        1,
    )


@pytest.mark.parametrize("path", ["$", "$.a", "$[*]"])
def test_paths_match_in_deep_documents(tmp_path: Path, path: str) -> None:
    recorder = make_recorder(str(tmp_path / "a.har"), [path])
    assert isinstance(recorder, Recorder) and recorder.begin() is None
    asyncio.run(recorder.add(capture(body=b'{"a":' * 500 + b'"a@b"' + b"}" * 500)))
    recorder.close()
    assert b"[redacted]" in (tmp_path / "a.har").read_bytes() and recorder.findings == ()


@pytest.mark.parametrize("name", ["a.txt", "a", "nowhere/a.har"])
def test_a_recording_with_an_unsuitable_name_is_rejected(tmp_path: Path, name: str) -> None:
    assert isinstance(make_recorder(str(tmp_path / name), ()), Diagnostic)


def test_only_a_file_is_renamed_and_only_when_recording_begins(tmp_path: Path) -> None:
    (tmp_path / "folder.har").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.har")
        assert isinstance(make_recorder(str(tmp_path / "pipe.har"), ()), Diagnostic)
    assert isinstance(make_recorder(str(tmp_path / "folder.har"), ()), Diagnostic)
    before = sorted(tmp_path.iterdir())
    (tmp_path / "a.har").write_text("existing")
    recorder = make_recorder(str(tmp_path / "a.har"), ())
    assert isinstance(recorder, Recorder)
    assert (tmp_path / "a.har").read_text() == "existing"
    assert recorder.begin() is None
    recorder.close()
    assert (tmp_path / "a-0001.har").read_text() == "existing" and len(list(tmp_path.iterdir())) == len(before) + 2


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from wirelock.traffic.http.captured import CapturedExchange, CapturedMessage
from wirelock.traffic.recordings.formats import LAYOUTS
from wirelock.traffic.recordings.writer import RecordingWriter
path = Path(sys.argv[1])
recording = RecordingWriter(path, LAYOUTS[path.suffix])
recording.begin()
print("begun", flush=True)
number = 0
while True:
    body = b"x" * (number % 7 * 10000)
    message = CapturedMessage((("Content-Type", "text/plain"),), body, len(body))
    exchange = CapturedExchange(
        number, datetime.now(UTC), "GET", "http://h/a", CapturedMessage(), 200, "OK", message
    )
    recording.add(map(recording.encode, [exchange]))
    print(number, flush=True)
    number += 1
"""


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("format", FORMATS)
def test_sigkill_loses_no_written_exchange(tmp_path: Path, format: str) -> None:
    for attempt in range(4):
        file = tmp_path / f"{attempt}.{format}"
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        time.sleep(random.Random(attempt).uniform(0.05, 0.4))
        process.send_signal(signal.SIGKILL)
        numbers = process.stdout.read().split(b"\n")
        process.wait()
        last = int(numbers[-2]) if len(numbers) > 1 else -1
        exchanges, _ = read_recording(file, file.name)
        assert len(exchanges) >= last + 1


def test_a_truncated_har_gives_its_complete_entries(tmp_path: Path) -> None:
    file = tmp_path / "a.har"
    recording = RecordingWriter(file, LAYOUTS[file.suffix])
    recording.begin()
    recording.add(map(recording.encode, map(capture, range(3))))
    recording.close()
    text = file.read_bytes()
    third = text.rindex(b'{"startedDateTime"')
    for cut in (third, third + 40, len(text) - 8):
        file.write_bytes(text[:cut])
        exchanges, diagnostics = read_recording(file, file.name)
        assert [exchange.index for exchange in exchanges] == [0, 1], cut
        assert [diagnostic.code.id for diagnostic in diagnostics] == ["RECORDING_UNREADABLE"]


# verdicts on recordings

TRAFFIC = [
    (b"[%s]" % SESSION, "200 OK", "application/json", "/session"),
    (b'[{"id": 1}]', "200 OK", "application/json", "/session?directory=/tmp"),
    (b"not json", "200 OK", "application/json", "/session/a"),
    (b"", "200 OK", "application/json", "/session/a"),
    (b"<html>", "200 OK", "text/html", "/session/b"),
    (b'{"name":"NotFoundError"}', "404 Not Found", "application/json", "/session/c"),
    (b"{}", "418 Teapot", "application/json", "/session/d"),
    (b"\xff\xfe", "200 OK", "application/octet-stream", "/elsewhere"),
]


def list_verdicts(report: Report) -> list[tuple[object, ...]]:
    """List the verdicts on exchanges, sorted."""
    return sorted(
        (
            diagnostic.code.id,
            diagnostic.level,
            diagnostic.message,
            diagnostic.location.pointer,
            diagnostic.schema_location,
            diagnostic.rpc,
            diagnostic.exchange.url,
            diagnostic.exchange.status,
        )
        for diagnostic in report.diagnostics
        if diagnostic.exchange is not None
    )


@pytest.mark.parametrize("format", FORMATS)
def test_verdicts_on_a_recording_equal_verdicts_of_the_proxy(
    tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from checkout import ROOT

    import wirelock

    file = tmp_path / f"a.{format}"

    async def run() -> Report:
        count = 0

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal count
            body, status, media_type, _ = TRAFFIC[count]
            count += 1
            await respond_with(build_response(body, status=status, media_type=media_type))(reader, writer)

        async with run_proxy(script, record=file) as proxy:
            for *_, target in TRAFFIC:
                await proxy.send(build_request("GET", target, "Authorization: Bearer s3cr3t"))
            return await proxy.build_report()

    live = asyncio.run(run())
    assert "s3cr3t" not in file.read_text()
    read = wirelock.verify(wirelock.load(ROOT), [str(file)])
    assert list_verdicts(read) == list_verdicts(live)
    assert read.summary["exchanges"] == live.summary["exchanges"]


def test_a_stream_is_recorded_with_its_events(tmp_path: Path) -> None:
    file = tmp_path / "a.har"
    text = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + b"data: {}\n\n" * 3

    async def run() -> None:
        async with run_proxy(respond_with(text), record=file) as proxy:
            await proxy.get("/event")

    asyncio.run(run())
    entry = json.loads(file.read_text())["log"]["entries"][0]
    assert entry["response"]["content"]["text"] == "data: {}\n\n" * 3
