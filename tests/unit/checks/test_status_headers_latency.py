"""Everything about an answer but its body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sm_ci.results import Answer, Failure

Make = Callable[..., Answer]
Failures = Callable[..., tuple[Failure, ...]]
Messages = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("expected", "status"),
    [(200, 200), ("200", 200), ("2xx", 204), ("4XX", 415), ([200, "4xx"], 400), ("xxx", 599)],
)
def test_status_holds(make: Make, messages: Messages, expected: Any, status: int) -> None:
    assert messages(make(status=status), status=expected) == []


@pytest.mark.parametrize(
    ("expected", "status", "message"),
    [
        (201, 200, 'status: expected 201, got 200 (OK); the body begins "{}"'),
        ("4xx", 500, 'status: expected 4xx, got 500 (Internal Server Error); the body begins "{}"'),
        ([200, "4xx"], 302, 'status: expected 200 or 4xx, got 302 (Found); the body begins "{}"'),
        ("2x", 299, 'status: expected 2x, got 299; the body begins "{}"'),
    ],
)
def test_status_does_not_hold(make: Make, messages: Messages, expected: Any, status: int, message: str) -> None:
    assert messages(make(status=status), status=expected) == [message]


def test_a_wrong_status_without_a_body(make: Make, failures: Failures) -> None:
    (found,) = failures(make(b"", status=503))
    assert found.message == "status: expected 200, got 503 (Service Unavailable); the body is empty"
    assert (found.expected, found.got, str(found.at)) == ("200", "503", "expect/status:1:1")


def test_a_binary_body_of_a_wrong_status_stays_on_its_line(make: Make, messages: Messages) -> None:
    assert messages(make(b"\x93NUMPY\n\x1b[0m\xff", status=500)) == [
        'status: expected 200, got 500 (Internal Server Error); the body begins "�NUMPY\\n\\u001b[0m�"'
    ]


HEADERS = (("X-Model", "churn-3"), ("X-Took-Ms", "12.5"), ("X-Tag", "a"), ("x-tag", "b"))


@pytest.mark.parametrize(
    "expected",
    [
        {"x-model": "churn-3"},
        {"X-MODEL": {"$matches": r"^churn-\d$"}},
        {"x-took-ms": {"$lt": 20}},
        {"x-took-ms": 12.5},
        {"x-tag": "b"},
        {"x-model": {"$exists": True}},
        {"x-none": {"$exists": False}},
    ],
    ids=repr,
)
def test_headers_hold(make: Make, messages: Messages, expected: Any) -> None:
    assert messages(make(headers=HEADERS), headers=expected) == []


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"x-model": "churn-4"}, 'header x-model: expected "churn-4", got "churn-3"'),
        (
            {"x-modle": "a"},
            'header x-modle: expected "a", but the answer has no such header; did you mean "x-model"?',
        ),
        (
            {"zzz": {"$exists": True}},
            'header zzz: expected {"$exists": true}, but the answer has no such header',
        ),
        ({"x-model": {"$exists": False}}, 'header x-model: expected nothing here, got "churn-3"'),
        ({"x-took-ms": {"$lt": 10}}, "header x-took-ms: expected < 10, got 12.5"),
        ({"x-model": 3}, 'header x-model: expected 3, got "churn-3" (a string, not a number)'),
        ({"x-tag": "c"}, 'header x-tag: expected "c", none of its 2 values fits: ["a", "b"]'),
    ],
    ids=repr,
)
def test_headers_do_not_hold(make: Make, messages: Messages, expected: Any, message: str) -> None:
    assert messages(make(headers=HEADERS), headers=expected) == [message]


def test_a_header_failure_is_named_and_placed(make: Make, failures: Failures) -> None:
    (found,) = failures(make(headers=HEADERS), headers={"X-Took-Ms": {"$gt": 20}})
    assert (found.check, found.path, found.expected, found.got) == ("headers", "X-Took-Ms", "> 20", "12.5")
    assert str(found.at) == "expect/headers/X-Took-Ms/$gt:1:1"


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("application/json", "application/json; charset=utf-8"),
        ("Application/JSON", "application/json"),
        ("text/csv; charset=utf-8", 'text/csv;header=present; Charset="UTF-8"'),
        ({"$matches": "charset=utf-8$"}, "application/json; charset=utf-8"),
        ({"$in": ["text/csv", "application/json"]}, "text/csv"),
    ],
)
def test_content_type_holds(make: Make, messages: Messages, expected: Any, got: str) -> None:
    assert messages(make(headers=(("content-type", got),)), content_type=expected) == []


@pytest.mark.parametrize(
    ("expected", "headers", "message"),
    [
        (
            "application/json",
            (("Content-Type", "text/html"),),
            'content-type: expected "application/json", got "text/html"',
        ),
        (
            "text/csv; charset=utf-8",
            (("Content-Type", "text/csv"),),
            'content-type: expected "text/csv; charset=utf-8", got "text/csv"',
        ),
        (
            "application/json",
            (),
            'content-type: expected "application/json", but the answer has no such header',
        ),
        (
            {"$contains": "json"},
            (("Content-Type", "text/html"),),
            'content-type: expected something that contains "json", got "text/html"',
        ),
    ],
)
def test_content_type_does_not_hold(
    make: Make, messages: Messages, expected: Any, headers: tuple[tuple[str, str], ...], message: str
) -> None:
    assert messages(make(headers=headers), content_type=expected) == [message]


@pytest.mark.parametrize(
    ("limit", "total", "found"),
    [
        ("<250ms", 0.2499, []),
        ("<=250ms", 0.25, []),
        ("<250ms", 0.312, ["took 312 ms, expected <250ms"]),
        ("<250ms", 0.25, ["took 250 ms, expected <250ms"]),
        ("<=250ms", 0.2503, ["took 250.3 ms, expected <=250ms"]),
        ("< 1s", 12.0, ["took 12 s, expected < 1s"]),
        ("<100us", 0.00017, ["took 0.2 ms, expected <100us"]),
    ],
)
def test_latency(make: Make, messages: Messages, limit: str, total: float, found: list[str]) -> None:
    assert messages(make(total=total), latency=limit) == found
