"""An answer against a whole `expect`: the order, what a wrong status silences, and that the body is read when needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sm_ci.results import Answer, Failure

Make = Callable[..., Answer]
Failures = Callable[..., tuple[Failure, ...]]
Messages = Callable[..., list[str]]


def test_nothing_expected_but_200(make: Make, failures: Failures) -> None:
    assert failures(make()) == ()


def test_every_failure_in_the_order_of_the_checks(make: Make, failures: Failures) -> None:
    found = failures(
        make('{"a": 1}', total=0.3),
        latency="<250ms",
        text="x",
        csv=[["1"]],
        schema={"required": ["b"]},
        query={"a": 2},
        json={"a": 3},
        headers={"x-model": "m"},
        content_type="text/csv",
    )
    assert [failure.check for failure in found] == [
        "content_type",
        "headers",
        "json",
        "query",
        "schema",
        "text",
        "csv",
        "latency",
    ]


def test_a_failure_says_all_there_is_to_say(make: Make, failures: Failures) -> None:
    (found,) = failures(make('{"predictions": [{"score": 0.91}]}'), json={"predictions": [{"score": 0.83}]})
    assert found.check == "json"
    assert found.path == "$.predictions[0].score"
    assert found.expected == "0.83 ± 8.31e-06"
    assert found.got == "0.91"
    assert found.message == "$.predictions[0].score: expected 0.83 ± 8.31e-06, got 0.91 (off by 0.08)"
    assert str(found.at) == "expect/json/predictions/0/score:1:1"


def test_a_wrong_status_shows_the_body_and_silences_its_checks(make: Make, messages: Messages) -> None:
    found = messages(
        make("Traceback: no module named 'sklearn'", status=500, headers=(), total=2.5),
        json={"a": 1},
        csv=[[1]],
        text="x",
        query={"a": 1},
        schema={},
        headers={"x-model": "m"},
        latency="<1s",
    )
    assert found == [
        (
            "status: expected 200, got 500 (Internal Server Error);"
            " the body begins \"Traceback: no module named 'sklearn'\""
        ),
        'header x-model: expected "m", but the answer has no such header',
        "took 2500 ms, expected <1s",
    ]


def test_a_body_that_is_not_json_is_one_failure(make: Make, failures: Failures) -> None:
    (found,) = failures(make("<html>"), query={"a": 1}, schema={"type": "object"})
    assert found.check == "query"
    assert str(found.at) == "expect/query:1:1"


def test_a_body_that_is_not_utf8_is_one_failure(make: Make, messages: Messages) -> None:
    assert messages(make(b"a\xff", headers=()), text="a", csv=[["a"]]) == [
        'body: not UTF-8: byte 0xff at offset 1 of 2; it has no content-type and it begins "a�"'
    ]


def test_the_body_is_not_read_for_status_headers_and_latency(make: Make, messages: Messages, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    expect = {"status": 201, "latency": "<1s", "headers": {"content-type": {"$contains": "json"}}}
    assert messages(make("{}", status=201, file=gone), **expect) == []
    assert messages(make("{}", file=gone), **expect) == ['status: expected 201, got 200 (OK); the body begins "{}"']


def test_a_spooled_body_is_read_whole(make: Make, messages: Messages, tmp_path: Path) -> None:
    file = tmp_path / "body"
    body = "[" + "0, " * 1000 + "7]"
    file.write_text(body)
    assert messages(make(body, file=file), query={"[-1]": 8}) == ["[-1]: expected 8, got 7"]


def test_null_is_an_expectation(make: Make, messages: Messages) -> None:
    assert messages(make("null"), json=None) == []
    assert messages(make("0"), json=None) == ["$: expected null, got 0"]
