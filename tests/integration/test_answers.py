"""What a broken server may answer, from the wire to the reports. After each such answer a good one still passes."""

from __future__ import annotations

import gzip
import json
import os
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import Ended, Images, Run, Spec, echo, launch

OK = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + "Transfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE = OK + "\r\n"
ENDLESS = -1
STATUS_200 = {"status": 200}
PEAK_MEMORY = 300 * 2**20
"""Bytes; sm-ci needs less than 100 MiB of its own, and an answer held in memory as a whole would be 2 GiB."""


@dataclass(frozen=True)
class Row:
    """What is sent and expected, and what the reports must say: the outcome, the status or kind, the reason."""

    name: str
    send: list[Any]
    says: tuple[str, int | str, str]
    expect: dict[str, Any] = field(default_factory=lambda: {"json": [1, 2]})
    end: str = "close"
    timeout: str = "20s"

    @property
    def test(self) -> dict[str, Any]:
        request = {"json": {"send": self.send, "end": self.end}, "timeout": self.timeout}
        return {"name": self.name, "request": request, "expect": self.expect}


def good(text: str, **says: str) -> str:
    """A valid answer with that body."""
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in says.items())
    return f"{OK}{head}Content-Length: {len(text)}\r\n\r\n{text}"


def raw(data: bytes, times: int = 1) -> dict[str, Any]:
    return {"hex": data.hex(), "times": times}


def text(data: str, times: int) -> dict[str, Any]:
    return {"text": data, "times": times}


def dribbled(start: str) -> list[Any]:
    """Bytes that keep coming, slowly, past the deadline."""
    return [start, *[".", {"pause": 0.2}] * 12]


def judged(name: str, send: list[Any], reason: str = "", status: int = 200, expect: Any = None) -> Row:
    """An answer that is complete: passed, or failed for that reason."""
    return Row(name, send, ("failed" if reason else "passed", status, reason), expect or {"json": [1, 2]})


def broken(name: str, send: list[Any], kind: str, reason: str, end: str = "close", timeout: str = "20s") -> Row:
    """An answer that is none."""
    return Row(name, send, ("errored", kind, reason), {"status": 200}, end, timeout)


def late(name: str, send: list[Any]) -> Row:
    return broken(name, send, "timeout", "no complete answer within 1 s", "stay", "1s")


def zipped(size: int) -> str:
    encoded = 'and its content-encoding is "gzip", which no request of ours accepts'
    return f"body: not UTF-8: byte 0x8b at offset 1 of {size}; {AS_JSON}, {encoded}"


AS_JSON = 'its content-type is "application/json"'
REFUSED = "JavaScript and most clients refuse it"
REDIRECTED = "status: expected 200, got 302 (Found); the body is empty"
LARGER = "the answer is larger than 25000000 bytes"
NO_HTTP = "the answer is not HTTP: "
LARGE_HEAD = "the answer's headers are too large: "
GZIPPED = gzip.compress(b"[1, 2]", mtime=0)
BOMB = gzip.compress(bytes(10 * 2**20), mtime=0)
"""10 MiB in 10 KiB; many of them are one gzip file."""

WHOLE = [
    judged("100 first", ["HTTP/1.1 100 Continue\r\n\r\n", {"pause": 0.05}, good("[1, 2]")]),
    judged(
        "more than one 1xx first",
        [
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: y\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n",
            good("[1, 2]"),
        ],
    ),
    judged("bytes after the answer", [good("[1, 2]"), text("x", 100_000)]),
    judged("HTTP/1.0 until the end of the connection", ["HTTP/1.0 200 OK\r\n\r\n", "[1,", {"pause": 0.05}, " 2]"]),
    judged("chunks with a trailer", [CHUNKED, "3;x=y\r\n[1,\r\n", "3\r\n 2]\r\n0\r\nX-Trailer: 1\r\n\r\n"]),
    judged("204", ["HTTP/1.1 204 No Content\r\n\r\n"], status=204, expect={"status": 204}),
    judged("a body after 204", ["HTTP/1.1 204 No Content\r\n\r\n[1, 2]"], status=204, expect={"status": 204}),
    judged("the same Content-Length twice", [OK, "Content-Length: 6\r\nContent-Length: 6\r\n\r\n[1, 2]"]),
    judged("an empty 200", [good("")], f"body: not JSON: the body is empty; {AS_JSON}"),
    judged("a redirect", ["HTTP/1.1 302 Found\r\nLocation: /ping\r\nContent-Length: 0\r\n\r\n"], REDIRECTED, 302),
    judged(
        "a Content-Length that is too small",
        [OK, "Content-Length: 3\r\n\r\n[1, 2]"],
        f'body: not JSON: Expecting value at line 1 column 4; {AS_JSON} and it begins "[1,"',
    ),
    judged(
        "NaN",
        [good('{"score": NaN}')],
        f'body: not JSON: NaN at line 1 column 11; {REFUSED}; {AS_JSON} and it begins "{{\\"score\\": NaN}}"',
        expect={"json": {"score": 1}},
    ),
    judged(
        "Infinity",
        [good("[1, -Infinity]")],
        f'body: not JSON: -Infinity at line 1 column 5; {REFUSED}; {AS_JSON} and it begins "[1, -Infinity]"',
    ),
    judged(
        "no JSON labelled as JSON",
        [good("{'score': 1}")],
        "body: not JSON: Expecting property name enclosed in double quotes at line 1 column 2; "
        f"{AS_JSON} and it begins \"{{'score': 1}}\"",
    ),
    judged(
        "no UTF-8 labelled as UTF-8",
        ["HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", "caf\xe9"],
        "body: not UTF-8: byte 0xe9 at offset 3 of 4; "
        'its content-type is "text/plain; charset=utf-8" and it begins "caf\ufffd"',
        expect={"text": "café"},
    ),
    judged("gzip", [OK, "Content-Encoding: gzip\r\n\r\n", raw(GZIPPED)], zipped(len(GZIPPED))),
    judged("a gzip bomb of 10 GB", [OK, "Content-Encoding: gzip\r\n\r\n", raw(BOMB, 1000)], zipped(1000 * len(BOMB))),
]
NONE = [
    broken("a body without end", [UNTIL_CLOSE, text("x", ENDLESS)], "too_large", LARGER),
    broken("chunks without end", [CHUNKED, text("1000\r\n" + "x" * 4096 + "\r\n", ENDLESS)], "too_large", LARGER),
    broken("2 GB", [OK, f"Content-Length: {2**31}\r\n\r\n", text("x", 2**31)], "too_large", LARGER),
    broken("a chunk of length -1", [CHUNKED, "-1\r\n", text("x", ENDLESS)], "too_large", LARGER),
    late("silence", []),
    late("a body that dribbles", dribbled(UNTIL_CLOSE)),
    late("a header that dribbles", dribbled("HTTP/1.1 200 OK\r\nX-A: ")),
    late("1xx without end", [{"text": "HTTP/1.1 100 Continue\r\n\r\n", "times": ENDLESS}]),
    late("a Content-Length that is too large, and the server waits", [OK, "Content-Length: 60\r\n\r\n[1, 2]"]),
    broken("closed", [], "reset", "the server closed the connection without an answer"),
    broken("reset", [], "reset", "the server closed the connection without an answer", "reset"),
    broken(
        "a Content-Length that is too large",
        [OK, "Content-Length: 60\r\n\r\n[1, 2]"],
        "truncated",
        "the answer was cut off after 6 of 60 bytes",
    ),
    broken(
        "a reset in the body",
        [UNTIL_CLOSE, "[1, 2]", {"pause": 0.1}],
        "truncated",
        "the answer was cut off after 6 bytes of its body by a reset of the connection",
        "reset",
    ),
    broken(
        "a stream that is cut off",
        [CHUNKED, "6\r\n[1, 2,\r\n"],
        "truncated",
        "the answer was cut off after 6 bytes of its body, in the middle of a chunk",
    ),
    broken("headers that are cut off", [OK], "truncated", "the answer was cut off in its headers"),
    broken("no HTTP", [raw(b"\x00\x01hello\r\n\r\n")], "malformed", NO_HTTP + r"it begins with '\x00\x01hello'"),
    broken("HTTP/2", ["HTTP/2 200\r\n\r\n"], "malformed", NO_HTTP + "it begins with 'HTTP/2'"),
    broken("a first line without end", [text("x", 100_000)], "malformed", NO_HTTP + "its first line has no end"),
    broken(
        "a line that is no header",
        ["HTTP/1.1 200 OK\r\nTraceback\r\nContent-Length: 0\r\n\r\n"],
        "malformed",
        NO_HTTP + "a line of its headers has no name: 'Traceback'",
    ),
    broken(
        "a negative Content-Length",
        [OK, "Content-Length: -6\r\n\r\n[1, 2]"],
        "malformed",
        NO_HTTP + "its Content-Length is '-6'",
    ),
    broken(
        "a Content-Length that is no number",
        [OK, "Content-Length: six\r\n\r\n[1, 2]"],
        "malformed",
        NO_HTTP + "its Content-Length is 'six'",
    ),
    broken(
        "two different Content-Length",
        [OK, "Content-Length: 6\r\nContent-Length: 60\r\n\r\n[1, 2]"],
        "malformed",
        NO_HTTP + "it has more than one Content-Length: '6', '60'",
    ),
    broken(
        "a chunk without a length",
        [CHUNKED, "6\r\n[1, 2,\r\n", "hello\r\n"],
        "malformed",
        NO_HTTP + "a chunk without a valid length after 6 bytes of the body",
    ),
    broken(
        "headers of 1 MB",
        [OK, text(f"X-A: {'a' * 10_000}\r\n", 95), "\r\n"],
        "too_large",
        LARGE_HEAD + "more than 65536 bytes",
    ),
    broken(
        "10,000 headers", [OK, text("X-A: a\r\n", 10_000), "\r\n"], "too_large", LARGE_HEAD + "more than 100 of them"
    ),
    broken(
        "a header without end",
        [OK, "X-A: ", text("a", ENDLESS)],
        "too_large",
        LARGE_HEAD + "a line of more than 65536 bytes",
    ),
]


def hosted(images: Images, spec: Spec, rows: list[Row], folder: Path) -> tuple[Ended, int]:
    """A run against the raw server, with a good request after each row's; the run's peak of memory in bytes."""
    fine = {"request": {"json": [1, 2]}, "expect": {"json": [1, 2]}}
    tests = [test for number, row in enumerate(rows) for test in (row.test, {"name": f"good {number}", **fine})]
    temporary = folder / "tmp"
    temporary.mkdir()
    begun = time.monotonic()
    process = launch(spec(image=images.folder("raw"), tests=tests), folder, environ={"TMPDIR": str(temporary)})
    hangs = threading.Timer(200, process.kill)
    hangs.start()
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)  # the only way to this process's own peak
    hangs.cancel()
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    ended = Ended(status=process.returncode, output=output, seconds=time.monotonic() - begun, out=folder / "out")
    assert [file for file in temporary.rglob("*") if file.is_file()] == []
    return ended, usage.ru_maxrss * 1024


def told(ended: Ended, row: Row) -> tuple[str, int | str, str]:
    """What result.json says of a row, without the seconds that it took."""
    case = next(case for case in ended.result["cases"] if case["name"] == row.name)
    outcome = case["exchanges"][-1]["outcome"]
    reason = re.sub(r"^no answer after \d+\.\d\d s: ", "", case["reason"])
    return case["outcome"], outcome.get("status") or outcome.get("kind"), reason


def assert_reported(ended: Ended, rows: list[Row]) -> None:
    """Each row as it says in result.json and JUnit, every good request passed, and the run went on to its end."""
    assert {row.name: told(ended, row) for row in rows} == {row.name: row.says for row in rows}
    assert {ended.cases[f"good {number}"] for number in range(len(rows))} == {"passed"}
    elements = {
        case.get("name"): [(child.tag, child.get("type")) for child in case] for case in ended.junit.iter("testcase")
    }
    for row in rows:
        outcome, kind, reason = row.says
        check = "status" if reason.startswith("status") else next(iter(row.expect))
        tag = {"passed": [], "failed": [("failure", check)], "errored": [("error", kind)]}
        assert elements[row.name] == tag[outcome], row.name
        assert reason in ended.output, row.name
    assert ended.status == 1
    assert ended.result["conclusion"] == "failure"
    assert "Traceback (most" not in ended.output


def partial(ended: Ended, name: str) -> tuple[int, int, str] | None:
    """What had arrived of an answer that is none: its status, and the size and the start of its body."""
    case = next(case for case in ended.result["cases"] if case["name"] == name)
    arrived = case["exchanges"][-1]["outcome"]["partial"]
    return (arrived["status"], arrived["body"]["size"], arrived["body"]["text"]) if arrived else None


def test_answers_that_are_whole_are_judged(images: Images, spec: Spec, tmp_path: Path) -> None:
    ended, memory = hosted(images, spec, WHOLE, tmp_path)
    assert_reported(ended, WHOLE)
    assert ended.result["fault"] is None
    assert memory < PEAK_MEMORY


def test_answers_that_are_none_say_why(images: Images, spec: Spec, tmp_path: Path) -> None:
    ended, memory = hosted(images, spec, NONE, tmp_path)
    assert_reported(ended, NONE)
    assert ended.result["fault"] is None
    assert memory < PEAK_MEMORY
    assert ended.seconds < 100


def test_what_had_arrived_of_an_answer_is_shown(images: Images, spec: Spec, tmp_path: Path) -> None:
    cut = broken(
        "cut",
        [OK, "Content-Length: 99\r\n\r\n", '{"error": "no column age"'],
        "truncated",
        "the answer was cut off after 25 of 99 bytes",
    )
    headless = broken("headless", [OK], "truncated", "the answer was cut off in its headers")
    huge = broken("huge", [UNTIL_CLOSE, text("x", ENDLESS)], "too_large", LARGER)
    stuck = late("stuck", [UNTIL_CLOSE, text("x", 3 * 2**20)])
    rows = [cut, headless, huge, stuck]
    ended, _ = hosted(images, spec, rows, tmp_path)
    assert_reported(ended, rows)
    assert partial(ended, "headless") is None
    assert partial(ended, "cut") == (200, 25, '{"error": "no column age"')
    assert partial(ended, "stuck") == (200, 3 * 2**20, "x" * 65536)
    status, size, shown = partial(ended, "huge") or (0, 0, "")
    assert (status, shown) == (200, "x" * 65536)
    assert 25_000_000 < size < 26_000_000
    error = next(case.find("error") for case in ended.junit.iter("testcase") if case.get("name") == "cut")
    assert error is not None
    for report in (error.text or "", ended.output, ended.summary):
        assert re.search(
            r"no answer after \S+ ms: truncated, the answer was cut off after 25 of 99 bytes\n"
            r" *HTTP 200, application/json, 25 B in \S+ ms\n"
            r' *{"error": "no column age"',
            report,
        )


def before_reading(name: str, end: str, *send: str, **expect: Any) -> dict[str, Any]:
    """A request of 20 MB to a server that answers when it has read no more than the head."""
    instruction = json.dumps({"send": send, "end": end})
    return {
        "name": name,
        "request": {"file": "large.bin", "custom_attributes": instruction},
        "expect": expect or {"status": 200},
    }


def test_an_answer_before_the_request_is_sent_counts(images: Images, spec: Spec, run: Run) -> None:
    """As of servers with a limit: they answer 413 and close with most of the request unread, which is a reset."""
    refusal = "HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\n\r\ntoo large"
    tests = [
        before_reading("refused and closed", "close", refusal, status=413, text="too large"),
        before_reading("refused and reset", "reset", refusal),
        before_reading("refused, then read", "stay", refusal, status=413),
        before_reading("closed", "close"),
        echo("good"),
    ]
    path = spec(image=images.folder("raw"), tests=tests, invocation_timeout="20s")
    (path.parent / "large.bin").write_bytes(bytes(20_000_000))
    ended = run(path)
    assert ended.status == 1
    assert ended.cases == {
        "refused and closed": "passed",
        "refused and reset": "failed",
        "refused, then read": "passed",
        "closed": "errored",
        "good": "passed",
    }
    refused = 'status: expected 200, got 413 (Request Entity Too Large); the body begins "too large"'
    assert ended.reason("refused and reset") == refused
    closed = "the server closed the connection while the request was still sent, without an answer"
    assert re.fullmatch(rf"no answer after \d+\.\d\d s: {closed}", ended.reason("closed"))
    junit = {
        case.get("name"): [(child.tag, child.get("type")) for child in case] for case in ended.junit.iter("testcase")
    }
    assert junit["refused and reset"] == [("failure", "status")]
    assert junit["closed"] == [("error", "reset")]
    assert ended.seconds < 45
