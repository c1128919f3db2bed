import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bench.report import made
from sm_ci.errors import UsageError
from sm_ci.report import result_json
from sm_ci.report.reading import LARGEST, read_result
from sm_ci.report.versions.result_json import render as render_version
from sm_ci.results import RunResult
from tests.unit.report import versions_made

AGAIN = "Name a result.json that sm-ci run has written."
CHANGED = f"The file was changed or cut off since it was written. {AGAIN}"


def back(result: RunResult, folder: Path) -> RunResult:
    path = folder / "result.json"
    path.write_text(result_json.render(result), encoding="utf-8", errors="backslashreplace")  # as report.files does
    return read_result(path)


def refused(path: Path) -> tuple[str, str]:
    with pytest.raises(UsageError) as raised:
        read_result(path)
    assert raised.value.kind == "result-unreadable"
    assert raised.value.exit_status == 2
    assert raised.value.message.startswith(f"{path}: ")
    return raised.value.message.removeprefix(f"{path}: "), raised.value.remedy


def of(document: object, folder: Path) -> tuple[str, str]:
    path = folder / "result.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return refused(path)


def test_a_result_comes_back_as_it_was_but_for_its_secrets(
    passed: RunResult, mixed: RunResult, dead: RunResult, tmp_path: Path
) -> None:
    started = passed.started.replace(microsecond=678_000)
    plain = replace(passed, secrets=(), started=started)
    assert back(plain, tmp_path) == plain
    long = made.run(cases=20, failing=0.5, loads=(made.load(samples=500),))
    assert rounded(back(long, tmp_path)) == rounded(long)
    for result in (mixed, dead):
        assert rounded(back(result, tmp_path), sizes=False) == rounded(result, sizes=False)
        assert "t0ps3cret" not in repr(back(result, tmp_path))


def rounded(result: RunResult, *, sizes: bool = True) -> Any:
    """What result.json says of it; a masked body is no longer the whole of its size."""
    text = result_json.render(result)
    return json.loads(text if sizes else text.replace('"truncated": true', '"truncated": false'))


@given(st.text(st.characters(), max_size=40), st.booleans(), st.booleans())
@example("\ud800", True, False)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_stands_in_it_is_read_back(
    filled: Callable[..., RunResult], tmp_path: Path, said: str, broken: bool, silent: bool
) -> None:
    """Every field of every type, whatever fields there will be."""
    result = replace(filled(said, broken=broken, silent=silent), schema=1, tool="sm-ci 0.1.0")
    again = back(result, tmp_path)
    assert rounded(again) == rounded(result)
    assert back(again, tmp_path) == again


def test_a_body_that_was_cut_stays_cut(passed: RunResult, tmp_path: Path) -> None:
    (exchange,) = passed.cases[0].exchanges
    body = replace(exchange.sent.body, size=200_001, head=b"x" + "é".encode() * 100_000)
    sent = replace(exchange.sent, body=body)
    case = replace(passed.cases[0], exchanges=(replace(exchange, sent=sent),))
    read = back(replace(passed, cases=(case,)), tmp_path).cases[0].exchanges[0].sent.body
    assert (read.size, read.sha256, read.head) == (200_001, body.sha256, b"x" + "é".encode() * 32_767)
    with pytest.raises(ValueError, match="of 200001 bytes only the first 65535 are kept"):
        read.read()


def test_an_older_version_knew_fewer_fields_and_a_newer_one_more(passed: RunResult, tmp_path: Path) -> None:
    document = json.loads(result_json.render(replace(passed, secrets=())))
    wanted = read(document, tmp_path)
    older = {name: value for name, value in document.items() if name not in {"load", "contract", "diagnoses"}}
    older["cases"] = [
        {k: v for k, v in case.items() if k not in {"tags", "asserts_nothing"}} for case in older["cases"]
    ]
    assert read(older, tmp_path) == wanted
    newer = {**document, "evaluations": [[[{}]]], "cases": [{**case, "mood": {}} for case in document["cases"]]}
    assert read(newer, tmp_path) == wanted


def read(document: object, folder: Path) -> RunResult:
    path = folder / "result.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return read_result(path)


def changed(document: Any, place: str, value: Any) -> Any:
    """The same with another value at `cases.0.seconds`; without it when the value is `...`."""
    name, _, rest = place.partition(".")
    key: Any = int(name) if isinstance(document, list) else name
    inner = changed(document[key], rest, value) if rest else value
    if isinstance(document, list):
        return [inner if at == key else item for at, item in enumerate(document)]
    return {**{k: v for k, v in document.items() if k != name}, **({} if inner is ... else {name: inner})}


WRONG: dict[str, tuple[str, Any, str]] = {
    "text": ("name", 5, "$.name is 5, and a text is due"),
    "long": ("seconds", "x" * 99, f'$.seconds is "{"x" * 30}…{"x" * 29}", and a number is due'),
    "number": ("seconds", True, "$.seconds is true, and a number is due"),
    "whole": ("cases.1.at.line", 1.5, "$.cases[1].at.line is 1.5, and a whole number is due"),
    "truth": ("hosting.limits.scaled", 1, "$.hosting.limits.scaled is 1, and true or false is due"),
    "list": ("cases", {}, "$.cases is an object, and a list is due"),
    "object": ("image", "x", '$.image is "x", and an object is due'),
    "pair": ("cases.0.exchanges.0.sent.headers.0", ["a"], "$.cases[0].exchanges[0].sent.headers[0] is a list of 1, and a list of 2 is due"),
    "missing": ("cases.2.outcome", ..., "$.cases[2].outcome is not there, and a value is due"),
    "gone": ("started", ..., "$.started is not there, and a time is due"),
    "enum": ("cases.0.outcome", "fine", '$.cases[0].outcome is "fine", and one of passed, failed, errored, skipped, not_run is due'),
    "time": ("started", "yesterday", '$.started is "yesterday", and a time is due'),
    "far": ("started", "0001-01-01T00:00:00+23:00", '$.started is "0001-01-01T00:00:00+23:00", and a time is due'),
    "base64": ("cases.0.exchanges.0.sent.body", {"size": 1, "base64": "é"},
               '$.cases[0].exchanges[0].sent.body.base64 is "é", and base64 is due'),
    "none": ("cases.0.exchanges.0.outcome.body", {"size": 1}, "$.cases[0].exchanges[0].outcome.body.base64 is null, and base64 is due"),
    "size": ("cases.0.exchanges.0.sent.body.size", -1, "$.cases[0].exchanges[0].sent.body.size is -1, and a size is due"),
    "escape": ("spec", ["\x1b[31m"], "$.spec is a list of 1, and a text is due"),
    "control": ("seconds", "\x1b[31m\u202e", '$.seconds is "\\u001b[31m\\u202e", and a number is due'),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(WRONG))
def test_what_is_wrong_inside_is_told_at_its_place(passed: RunResult, tmp_path: Path, what: str) -> None:
    place, value, message = WRONG[what]
    document = changed(json.loads(result_json.render(passed)), place, value)
    assert of(document, tmp_path) == (message, CHANGED)


def test_another_schema_another_tool_and_our_other_files(passed: RunResult, tmp_path: Path) -> None:
    document = json.loads(result_json.render(passed))
    remedy = "Use the version that wrote it (sm-ci 0.1.0), or run the tests again with this one."
    for schema, shown in ((2, "2"), (True, "true"), ("1", '"1"'), (None, "null"), ([], "[]")):
        message = f"has the schema number {shown}, and this version of sm-ci reads 1"
        assert of({**document, "schema": schema}, tmp_path) == (message, remedy)
    for other in ({**document, "tool": "pytest 8"}, {**document, "tool": 3}, {"tool": "sm-ci 0.1.0"}, {}):
        assert of(other, tmp_path) == ("is no result of sm-ci", AGAIN)
    assert of([document], tmp_path) == ("holds no JSON object", AGAIN)
    beside = "Each side's result.json is in the folders beside it; name one of those."
    for name, subject in (("comparison.json", versions_made.comparison()), ("upgrade.json", versions_made.upgrade())):
        (tmp_path / name).write_text(render_version(subject), encoding="utf-8")
        assert refused(tmp_path / name) == (f"is a {name}", beside)


def test_what_is_no_json(passed: RunResult, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    whole = result_json.render(passed)
    path.write_text(whole[: len(whole) // 2], encoding="utf-8")
    message, remedy = refused(path)
    assert re.fullmatch(r"is no JSON: line \d+, column \d+: .+", message)
    assert remedy == f"It may be cut off. {AGAIN}"
    for data, said in (
        (b"", "is no JSON: line 1, column 1: Expecting value"),
        (b"\xff\xfe", "is no JSON: line 1, column 1: Expecting value"),
        (b'{"tool": "\xe9"}', "is no UTF-8 at byte 10"),
        (b"[" * 1_000_000, "is nested deeper than any result.json"),
        (b'{"a":' * 200_000, "is nested deeper than any result.json"),
        (b'{"seconds": NaN}', "is no JSON: NaN is no number of JSON"),
        (b'{"seconds": -Infinity}', "is no JSON: -Infinity is no number of JSON"),
        (b"9" * 100_000, "is no JSON: a number of 100,000 digits"),
    ):
        path.write_bytes(data)
        assert refused(path)[0] == said


def test_a_number_that_no_float_can_hold_is_none(passed: RunResult, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(re.sub(r'"seconds": 3\.41', '"seconds": 1e999', result_json.render(passed), count=1))
    assert refused(path) == ("$.seconds is Infinity, and a number is due", CHANGED)


def test_what_is_no_file_of_that_size(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.json") == ("cannot be read: No such file or directory", AGAIN)
    assert refused(tmp_path) == ("is a folder", AGAIN)
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe") == ("is no file", AGAIN)
    assert refused(Path("/dev/zero")) == ("is no file", AGAIN)
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(LARGEST + 1)
    assert refused(large) == ("is larger than 256 MiB", AGAIN)
