"""Recordings that wirelock writes: whole at every moment, private, and read by `verify` with the same verdicts."""

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
from stage import SESSION, answer, answers, request, stage

from wirelock.diagnostics import Diagnostic, Report
from wirelock.traffic.http.captured import Message, Passed
from wirelock.traffic.recordings import writer
from wirelock.traffic.recordings.formats import read_recording
from wirelock.traffic.recordings.recorder import Recorder, recorder
from wirelock.traffic.recordings.writer import Recording

FORMATS = ["har", "ndjson"]


def passed(index: int = 0, body: bytes | None = b"{}", media_type: str = "application/json", size: int = 0) -> Passed:
    message = Message((("Content-Type", media_type),), body, size or len(body or b""))
    return Passed(index, datetime.now(UTC), "GET", f"http://h/session?n={index}", Message(), 200, "OK", message)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("body", [b"{}", "é\u2028\0".encode(), b"\xff\xfe\x00", b"data: {}\n\n", b"a\r\nb"])
def test_a_body_comes_back_as_it_was(tmp_path: Path, format: str, body: bytes) -> None:
    file = tmp_path / f"a.{format}"
    recording = Recording(file)
    recording.begin()
    recording.add(map(recording.entry, [passed(body=body), passed(1)]))
    exchanges, faults = read_recording(file, file.name)
    assert faults == ()
    assert [one.response.text if one.response else None for one in exchanges] == [body, b"{}"]
    recording.close()


@pytest.mark.parametrize("format", FORMATS)
def test_a_body_that_was_not_kept_is_unrecorded_and_not_empty(tmp_path: Path, format: str) -> None:
    file = tmp_path / f"a.{format}"
    recording = Recording(file)
    recording.begin()
    recording.add(map(recording.entry, [passed(body=None, size=2**30), passed(body=None), passed(body=b"")]))
    recording.close()
    exchanges, _ = read_recording(file, file.name)
    assert [one.unrecorded for one in exchanges] == [("response",), ("response",), ()]


@pytest.mark.parametrize("format", FORMATS)
def test_it_is_whole_after_every_exchange(tmp_path: Path, format: str) -> None:
    file = tmp_path / f"a.{format}"
    recording = Recording(file)
    recording.begin()
    for count in range(4):
        exchanges, faults = read_recording(file, file.name)
        assert (len(exchanges), faults) == (count, ())
        recording.add(map(recording.entry, [passed(count)]))
    recording.close()


@pytest.mark.parametrize("format", FORMATS)
def test_a_full_file_is_moved_aside_and_nothing_is_lost(tmp_path: Path, format: str) -> None:
    file = tmp_path / f"a.{format}"
    file.write_text("somebody's")
    recording = Recording(file, largest=3000)
    recording.begin()
    assert (tmp_path / f"a-0001.{format}").read_text() == "somebody's"
    recording.add(map(recording.entry, map(passed, range(20))))
    recording.close()
    files = sorted(path for path in tmp_path.iterdir() if "0001" not in path.name)
    assert len(files) == recording.files > 1
    assert all(path.stat().st_size <= 3000 for path in files)
    seen = [one.url for path in files for one in read_recording(path, path.name)[0]]
    assert sorted(seen) == sorted(passed(number).url for number in range(20))


@pytest.mark.parametrize("format", FORMATS)
def test_all_files_of_a_batch_are_on_the_disk_when_it_is_written(
    tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: dict[int, int] = {}
    real = os.fsync

    def fsync(descriptor: int) -> None:
        known = os.fstat(descriptor)
        synced[known.st_ino] = known.st_size
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    recording = Recording(tmp_path / f"a.{format}", largest=1500)
    recording.begin()
    recording.add(map(recording.entry, map(passed, range(20))))
    files = [path.stat() for path in tmp_path.iterdir()]
    assert len(files) > 2 and synced == {known.st_ino: known.st_size for known in files}
    recording.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.har")
    recording.begin()
    recording.close()
    assert stat.S_IMODE((tmp_path / "a.har").stat().st_mode) == 0o600


@pytest.mark.parametrize("format", FORMATS)
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / f"a.{format}"
    made = recorder(str(file), ())
    assert isinstance(made, Recorder) and made.begin() is None
    real = os.write
    full = False

    def write(descriptor: int, text: bytes) -> int:
        if full and len(text) > 100:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, text[:50] if full else text)

    monkeypatch.setattr(os, "write", write)

    async def run() -> None:
        nonlocal full
        await made.add(passed(0))
        full = True
        await made.add(passed(1))
        await made.add(passed(2))

    asyncio.run(run())
    made.close()
    assert made.failed is not None and made.failed.code.id == "RECORDING_NOT_WRITTEN"
    assert made.counts == {"exchanges": 1, "files": 1, "lost": 2}
    exchanges, faults = read_recording(file, file.name)
    assert (len(exchanges), faults) == (1, ())


@pytest.mark.parametrize("format", FORMATS)
def test_a_body_too_deep_for_the_paths_is_left_out_and_told(tmp_path: Path, format: str) -> None:
    file = tmp_path / f"a.{format}"
    made = recorder(str(file), ["$..email"])
    assert isinstance(made, Recorder) and made.begin() is None
    deep = b'{"a":' * 300 + b'{"email":"a@b"}' + b"}" * 300

    async def run() -> None:
        await asyncio.gather(*(made.add(passed(number, deep if number == 1 else b"{}")) for number in range(3)))

    asyncio.run(run())
    made.close()
    exchanges, faults = read_recording(file, file.name)
    assert ([one.unrecorded for one in exchanges], faults) == ([(), ("response",), ()], ())
    assert b"a@b" not in file.read_bytes()
    assert made.counts == {"exchanges": 3, "files": 1, "bodies left out": 1}
    (finding,) = made.findings
    assert (finding.code.id, finding.times, Report(made.findings).exit_code) == ("BODY_NOT_RECORDED", 1, 1)


@pytest.mark.parametrize("format", FORMATS)
def test_a_fault_of_ours_concerns_one_exchange_and_recording_goes_on(
    tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = writer.FORMATS[f".{format}"]

    def entry(passed: Passed) -> bytes:
        if passed.index in (1, 2):
            raise KeyError("s3cr3t")
        return known.entry(passed)

    monkeypatch.setitem(writer.FORMATS, f".{format}", replace(known, entry=entry))  # type: ignore[arg-type]
    file, told = tmp_path / f"a.{format}", list[Diagnostic]()
    made = recorder(str(file), (), warned=told.append)
    assert isinstance(made, Recorder) and made.begin() is None

    async def run() -> None:
        await asyncio.gather(*(made.add(passed(number)) for number in range(3)))
        await made.add(passed(3))

    asyncio.run(run())
    made.close()
    exchanges, faults = read_recording(file, file.name)
    assert ([one.url[-3:] for one in exchanges], faults) == (["n=0", "n=3"], ())
    assert made.counts == {"exchanges": 2, "files": 1, "lost": 2} and made.failed is None
    assert [one.message.partition(":")[0] for one in told] == [f"exchange {n} could not be recorded" for n in (1, 2)]
    assert "KeyError in test_recording.py" in told[0].message and "s3cr3t" not in repr(told)
    (finding,) = made.findings
    assert (finding.code.id, finding.times, Report(made.findings).exit_code) == ("EXCHANGE_NOT_RECORDED", 2, 1)


@pytest.mark.parametrize("path", ["$", "$.a", "$[*]"])
def test_paths_into_the_deepest_documents(tmp_path: Path, path: str) -> None:
    made = recorder(str(tmp_path / "a.har"), [path])
    assert isinstance(made, Recorder) and made.begin() is None
    asyncio.run(made.add(passed(body=b'{"a":' * 500 + b'"a@b"' + b"}" * 500)))
    made.close()
    assert b"[redacted]" in (tmp_path / "a.har").read_bytes() and made.findings == ()


@pytest.mark.parametrize("name", ["a.txt", "a", "nowhere/a.har"])
def test_a_recording_that_cannot_be_begun(tmp_path: Path, name: str) -> None:
    assert isinstance(recorder(str(tmp_path / name), ()), Diagnostic)


def test_nothing_but_a_file_is_moved_aside_and_not_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "folder.har").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.har")
        assert isinstance(recorder(str(tmp_path / "pipe.har"), ()), Diagnostic)
    assert isinstance(recorder(str(tmp_path / "folder.har"), ()), Diagnostic)
    before = sorted(tmp_path.iterdir())
    (tmp_path / "a.har").write_text("somebody's")
    made = recorder(str(tmp_path / "a.har"), ())
    assert isinstance(made, Recorder)
    assert (tmp_path / "a.har").read_text() == "somebody's"
    assert made.begin() is None
    made.close()
    assert (tmp_path / "a-0001.har").read_text() == "somebody's" and len(list(tmp_path.iterdir())) == len(before) + 2


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from wirelock.serve.passed import Message, Passed
from wirelock.serve.recording.files import Recording
recording = Recording(Path(sys.argv[1]))
recording.begin()
print("begun", flush=True)
number = 0
while True:
    body = b"x" * (number % 7 * 10000)
    message = Message((("Content-Type", "text/plain"),), body, len(body))
    recording.add(map(recording.entry, [Passed(number, datetime.now(UTC), "GET", "http://h/a", Message(), 200, "OK", message)]))
    print(number, flush=True)
    number += 1
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no kill -9")
@pytest.mark.parametrize("format", FORMATS)
def test_kill_9_loses_nothing_that_was_written(tmp_path: Path, format: str) -> None:
    for attempt in range(4):
        file = tmp_path / f"{attempt}.{format}"
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        time.sleep(random.Random(attempt).uniform(0.05, 0.4))
        process.send_signal(signal.SIGKILL)
        told = process.stdout.read().split(b"\n")
        process.wait()
        last = int(told[-2]) if len(told) > 1 else -1
        exchanges, _ = read_recording(file, file.name)
        assert len(exchanges) >= last + 1


def test_a_har_that_was_cut_off_gives_what_is_whole_of_it(tmp_path: Path) -> None:
    file = tmp_path / "a.har"
    recording = Recording(file)
    recording.begin()
    recording.add(map(recording.entry, map(passed, range(3))))
    recording.close()
    text = file.read_bytes()
    third = text.rindex(b'{"startedDateTime"')
    for cut in (third, third + 40, len(text) - 8):
        file.write_bytes(text[:cut])
        exchanges, faults = read_recording(file, file.name)
        assert [one.index for one in exchanges] == [0, 1], cut
        assert [one.code.id for one in faults] == ["RECORDING_UNREADABLE"]


# what is recorded is read with the same verdicts

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


def verdicts(report: Report) -> list[tuple[object, ...]]:
    return sorted(
        (
            one.code.id,
            one.level,
            one.message,
            one.where.pointer,
            one.schema,
            one.rpc,
            one.exchange.url,
            one.exchange.status,
        )
        for one in report.diagnostics
        if one.exchange is not None
    )


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_recorded_is_verified_with_the_same_verdicts(
    tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from checkout import ROOT, configuration

    import wirelock

    file = tmp_path / f"a.{format}"

    async def run() -> Report:
        count = 0

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal count
            body, status, media_type, _ = TRAFFIC[count]
            count += 1
            await answers(answer(body, status=status, media_type=media_type))(reader, writer)

        async with stage(script, record=file) as on:
            for *_, target in TRAFFIC:
                await on.send(request("GET", target, "Authorization: Bearer s3cr3t"))
            return await on.report()

    live = asyncio.run(run())
    assert "s3cr3t" not in file.read_text()
    read = wirelock.verify(configuration(ROOT), [str(file)])
    assert verdicts(read) == verdicts(live)
    assert read.summary["exchanges"] == live.summary["exchanges"]


def test_a_stream_is_recorded_with_its_events(tmp_path: Path) -> None:
    file = tmp_path / "a.har"
    text = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + b"data: {}\n\n" * 3

    async def run() -> None:
        async with stage(answers(text), record=file) as on:
            await on.get("/event")

    asyncio.run(run())
    entry = json.loads(file.read_text())["log"]["entries"][0]
    assert entry["response"]["content"]["text"] == "data: {}\n\n" * 3
