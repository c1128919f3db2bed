"""Containers that print much, or print what no report should pass on: bounded, harmless, and no part of the verdict."""

from __future__ import annotations

import base64
import re
import statistics
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import Ended, Spec, do, echo, launch

MIB = 2**20
MEMORY = 250 * MIB
"""What sm-ci may take: it is about 50 MiB when nothing is printed."""
DISK = 256 * MIB
"""The container's log in sm-ci's own folder."""
REPORT = 2 * MIB
"""Each report: a log of any size is there by its start and end."""
TIME = 120.0


@dataclass
class Used:
    """What a run used: bytes of memory at most, and of its scratch folder at most."""

    memory: int = 0
    disk: int = 0


def measured(spec: Path, folder: Path, environ: Mapping[str, str] | None = None, *options: str) -> tuple[Ended, Used]:
    """Runs sm-ci; nothing may be left of its scratch folder."""
    scratch, used, begun = folder / "scratch", Used(), time.monotonic()
    scratch.mkdir()
    process = launch(spec, folder, *options, environ={"TMPDIR": str(scratch), **(environ or {})})
    overdue = threading.Timer(300, process.kill)
    overdue.start()
    assert process.stdout is not None
    with watched(scratch, process.pid, used), process.stdout as stream:
        output = stream.read()
    process.wait()
    overdue.cancel()
    assert list(scratch.iterdir()) == []
    return Ended(process.returncode, output, time.monotonic() - begun, folder / "out"), used


@contextmanager
def watched(scratch: Path, process: int, used: Used) -> Iterator[None]:
    """Notes how large a folder becomes, and a process. What wait4 tells of one that we forked begins with our own size."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            used.memory = max(used.memory, _most(process))
            used.disk = max(used.disk, sum(_size(file) for file in scratch.rglob("*")))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _most(process: int) -> int:
    """Bytes of memory that a process had at most so far: VmHWM of proc(5)."""
    with suppress(OSError):
        found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
        return int(found[1]) * 1024 if found else 0
    return 0


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # it was removed meanwhile
        return 0


def log_in_junit(ended: Ended) -> str:
    """JUnit's system-out, which holds the log's end. `junit` fails where the file is no XML."""
    return ended.junit.findtext(".//system-out") or ""


@pytest.mark.parametrize(
    ("flood", "lines"),
    [
        (do("log", text="a line", n=200_000), 200_002),
        (do("log", text="x" * 1000, n=200_000), 200_002),
        (do("log_endless", mebibytes=50), 2),
    ],
    ids=["200,000 lines", "200 MB", "a line of 50 MB"],
)
def test_a_log_of_any_size_is_read_to_its_end_and_costs_neither_memory_nor_disk(
    spec: Spec, tmp_path: Path, flood: dict[str, object], lines: int
) -> None:
    """What comes last is found, in the log and in the reports, which say how much they leave out."""
    last = do("log", "last", text="the very end", expect={"status": 200})
    contains = {"contains": ["fixture ready", "the very end"], "not_contains": ["never said"]}
    ended, used = measured(spec(tests=[flood, last], logs=contains, invocation_timeout="60s"), tmp_path)
    assert ended.status == 0, ended.output
    assert set(ended.cases.values()) == {"passed"}
    assert ended.result["hosting"]["log"]["lines"] == lines
    assert ended.result["hosting"]["log"]["tail"][-1]["text"].endswith("the very end" if lines > 2 else " bytes)")
    shown = min(lines, 200)
    title = re.search(r"log of the container, the last (\d+) of (\d+) lines:", log_in_junit(ended))
    assert title, log_in_junit(ended)[:200]
    assert (int(title[1]) <= shown, int(title[2])) == (True, lines)
    if lines == 2:
        assert "xxx…xxx" in log_in_junit(ended)
        assert "the very end (52,428,812 bytes)" in log_in_junit(ended)
    assert 0 < used.memory < MEMORY
    assert MIB < used.disk < DISK  # more than nothing: it looked in the right folder
    assert all(file.stat().st_size < REPORT for file in ended.out.iterdir())
    assert ended.seconds < TIME


HOSTILE = [
    b"\x1b[31mPWNED red\x1b[0m \x1b]8;;http://x\x1b\\PWNED link\x1b]8;;\x1b\\ \x1b]0;PWNED title\x07",
    b"\x1b[2J\x1b[H\x1b[1A\x1b[2KPWNED moved\b\b\b\b\b gone\x07",
    b"10% PWNED\r20% PWNED\r::error::PWNED after CR",
    b"PWNED NUL \x00 and \xff\xfe\xc3( no UTF-8 \xed\xa0\x80",
    b"]]>PWNED</system-out></testsuite>&lt;<!-- <![CDATA[",
    b"::error file=app.py,line=1::PWNED",
    b"   ::add-mask::PWNED",
    b"::stop-commands::PWNED",
    b"::PWNED::",
    b"::set-output name=x::PWNED",
    "\ufeff\u200b::warning::PWNED".encode(),
    b"##[error]PWNED",
    b"PWNED ##[add-path]/tmp ##[endgroup]",
    b"##vso[task.complete result=Succeeded;]PWNED",
    "PWNED \u202egnp.exe\u202c \u2066x\u2069 \u2028::error::PWNED \u2029::error::PWNED \u0085::error::PWNED".encode(),
]
NEVER_SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
COMMAND = re.compile(r"^[\s\u200b\ufeff]*(?:::|##\[|##vso)|##\[|##vso\[")


def assert_harmless(ended: Ended, ours: str) -> None:
    """No text has a character that moves, colours or turns; no line of the console is a command but `ours`."""
    for name, text in {"console": ended.output, "summary": ended.summary, **told(ended)}.items():
        found = NEVER_SHOWN.search(text.replace("\n", "").replace("\t", ""))
        assert not found, f"{name}: {found and text[max(0, found.start() - 40) : found.end() + 40]!r}"
        assert "PWNED" in text, name
    lines = [line for line in re.split("\r\n|\r|\n", ended.output) if "PWNED" in line and COMMAND.search(line)]
    assert [line for line in lines if not re.match(ours, line)] == []


def told(ended: Ended) -> dict[str, str]:
    """All text of junit.xml, as its readers get it."""
    return {"junit.xml": "".join(ended.junit.itertext())}


@pytest.fixture
def on_a_runner(tmp_path: Path) -> dict[str, str]:
    files = {name: tmp_path / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.touch()
    runner = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path)}
    return {**runner, **{name: str(file) for name, file in files.items()}}


def printed(lines: list[bytes]) -> dict[str, object]:
    return do("log_bytes", pieces=[base64.b64encode(line + b"\n").decode() for line in lines])


def test_a_hostile_log_stays_text_everywhere(spec: Spec, tmp_path: Path, on_a_runner: dict[str, str]) -> None:
    ended, _ = measured(spec(tests=[printed(HOSTILE), echo()]), tmp_path, on_a_runner)
    assert ended.status == 0, ended.output
    assert ended.result["hosting"]["log"]["lines"] == len(HOSTILE) + 1
    assert_harmless(ended, ours="$")  # none of ours holds what the container said
    stops = re.findall(r"^::stop-commands::([0-9a-f]{32})$", ended.output, re.MULTILINE)
    assert len(stops) == 1
    inside = ended.output.split(f"::stop-commands::{stops[0]}\n")[1].split(f"\n::{stops[0]}::\n")[0]
    assert ended.output.count("PWNED") == inside.count("PWNED")
    assert Path(on_a_runner["GITHUB_OUTPUT"]).read_text().count("PWNED") == 0


def test_a_hostile_log_stays_text_when_the_container_dies_of_it(
    spec: Spec, tmp_path: Path, on_a_runner: dict[str, str]
) -> None:
    """Then it stands in the fault, its annotation, and the job's summary."""
    trace = [
        b"Traceback (most recent call last):",
        b'  File "/opt/ml/model/code/::error::PWNED.py", line 7, in model_fn\x1b[0m',
        b"ValueError: PWNED]]> ::error::PWNED %0A::error::PWNED \x1b[31m##[error] \xe2\x80\xae x",
    ]
    tests = [printed([*HOSTILE, *trace]), do("exit", code=5), echo()]
    ended, _ = measured(spec(tests=tests), tmp_path, on_a_runner)
    assert ended.status == 1, ended.output
    assert ended.cases == {"log_bytes": "passed", "exit": "errored", "echo": "not_run"}
    assert ended.fault["message"].startswith("the container died while it was tested: the container exited with code 5")
    title = r"title=(fixture%3A( exited|%3Aexit)|cause-in-log)"
    assert_harmless(ended, ours=rf"::(error|warning) (file=[^:,]*,line=\d+,col=\d+,)?{title}::")
    assert "PWNED" in Path(on_a_runner["GITHUB_STEP_SUMMARY"]).read_text()


SECRET = "correct-horse-battery-staple-9Q"


def test_a_secret_in_a_line_of_any_length_or_in_two_writes_is_in_no_output(
    spec: Spec, tmp_path: Path, on_a_runner: dict[str, str]
) -> None:
    """Where lines are cut, in parts to search and for reports, half of it would be left."""
    places: dict[str, dict[str, Any]] = {
        "alone": {},
        "in two writes": {"pause": 0.3},
        "in a line of 2 MB": {"padding": 1_000_000, "after": 1_000_000},
        "at the end of 2 MB": {"padding": 2_000_000},
        "where a part ends": {"padding": 64 * 1024 - 12, "after": 1000},
        "where the next part begins": {"padding": 60 * 1024 - 12, "after": 9000},
        "where the shown start ends": {"padding": 4096 - 12, "after": 9000},
        "where the shown end begins": {"padding": 9000, "after": 4096 - 12},
    }
    tests = [do("log_env", name, variable="HF_TOKEN", **where) for name, where in places.items()]
    path = spec(secrets=["HF_TOKEN"], tests=tests, logs={"not_contains": ["battery"]})
    ended, _ = measured(path, tmp_path, {"HF_TOKEN": SECRET, **on_a_runner})
    assert ended.status == 1
    assert ended.cases == {**dict.fromkeys(places, "passed"), "container log": "failed"}
    assert ended.result["hosting"]["log"]["lines"] == len(places) + 1
    texts = {file.name: file.read_text() for file in (*ended.out.iterdir(), *tmp_path.glob("github_*"))}
    texts["console"] = "\n".join(line for line in ended.output.splitlines() if not line.startswith("::add-mask::"))
    pieces = {SECRET[at : at + 8] for at in range(len(SECRET) - 7)}
    assert {name: piece for name, text in texts.items() for piece in pieces if piece in text} == {}
    log = [line["text"] for line in ended.result["hosting"]["log"]["tail"]]
    assert log.count("***") == 2
    assert sum("***" in line for line in log) >= 6


def test_a_container_that_prints_5000_lines_a_second_does_not_make_its_answers_look_slow(
    spec: Spec, tmp_path: Path
) -> None:
    """Judged by the median: whatever else runs on the machine delays a few."""
    count = 60
    tests = [do("chatter", lines=5000, seconds=60), do("sleep", seconds=2)]
    tests += [echo(f"echo {number}", json=[1, 2], latency="<5s") for number in range(count)]
    ended, used = measured(spec(tests=tests), tmp_path)
    assert ended.status == 0, ended.output
    assert ended.result["hosting"]["log"]["lines"] > 8000
    exchanges = [case["exchanges"][0]["outcome"] for case in ended.result["cases"][2:]]
    assert statistics.median(answer["total"] for answer in exchanges) < 0.1
    assert 0 < used.memory < MEMORY
