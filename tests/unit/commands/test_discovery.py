"""What `sm-ci init` asks, and what it makes of the answers."""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import Any

import pytest

from sm_ci.commands.discovery import Found, Request, candidates, discover, expectation, form, wanted_width
from sm_ci.results import Answer, Blob, NoAnswer, NoAnswerKind


def an_answer(status: int, body: Any = "", media: str = "application/json") -> Answer:
    data = (body if isinstance(body, str) else json.dumps(body)).encode()
    blob = Blob(size=len(data), sha256=hashlib.sha256(data).hexdigest(), media_type=media, head=data)
    return Answer(status=status, headers=(("Content-Type", media),), body=blob, connect=0.0, first_byte=0.0, total=0.0)


def rows_of(width: int, request: Request) -> bool:
    return "csv" in request and len(request["csv"][0]) == width


@pytest.mark.parametrize(
    "text",
    [
        "ValueError: X has 2 features, but SVC is expecting 7 features as input",
        "Feature shape mismatch, expected: 7, got 4: expected 7 features",
        "expected 7 columns",
        "a batch must be rows of 7",
        "cannot feed value of shape (1, 4), wants shape (None, 7)",
    ],
)
def test_a_server_that_says_how_many_it_wants_is_given_so_many(text: str) -> None:
    assert wanted_width(an_answer(500, text)) == 7

    def ask(request: Request) -> Answer:
        return an_answer(200, "1", "text/csv") if rows_of(7, request) else an_answer(500, text)

    assert [(found.name, found.steady) for found in discover(ask)] == [("a row of 7 as CSV", True)]


@pytest.mark.parametrize("text", ["", "Internal Server Error", "expected 99999999 features", "line 4, in 2 columns"])
def test_what_names_no_width(text: str) -> None:
    assert wanted_width(an_answer(500, text)) == 0


def test_those_given_alone_and_without_any_at_most_three_of_different_kinds() -> None:
    given = [("mine", {"file": "a.bin"}), ("mine too", {"file": "b.bin"})]
    found = discover(lambda _: an_answer(200, {"a": 1}), given)
    assert [one.name for one in found] == ["mine", "mine too"]
    usual = discover(lambda request: an_answer(500 if "file" in request else 200, {"a": 1}), given)
    assert [one.name for one in usual] == ["a row of 4 as CSV", "instances of 4", "a list of rows of 4"]


def test_no_answer_and_refusals_are_nothing_found() -> None:
    assert discover(lambda _: NoAnswer(kind=NoAnswerKind.RESET, after=0.1, detail="")) == []
    assert discover(lambda _: an_answer(415)) == []
    assert discover(lambda _: an_answer(204)) == []


def test_answers_that_differ_are_expected_by_their_form() -> None:
    count = itertools.count()
    found = discover(lambda _: an_answer(200, {"score": next(count), "labels": ["a", "b"], "ok": True}))[0]
    assert not found.steady
    assert expectation(found) == {
        "status": 200,
        "content_type": "application/json",
        "json": {
            "score": {"$type": "number"},
            "labels": {"$each": {"$type": "string"}, "$length": 2},
            "ok": {"$type": "boolean"},
        },
    }


@pytest.mark.parametrize(
    ("body", "media", "expected"),
    [
        ({"a": [0.5]}, "application/json", {"json": {"a": [0.5]}}),
        ("setosa\nvirginica\n", "text/csv; charset=utf-8", {"text": "setosa\nvirginica\n"}),
        ("\x00\x01", "application/x-npy", {}),
        ("{broken", "application/json", {"text": "{broken"}),
        ("", "text/plain", {}),
    ],
)
def test_steady_answers_are_expected_as_they_are(body: Any, media: str, expected: dict[str, Any]) -> None:
    found = Found(name="n", request={}, answer=an_answer(200, body, media), steady=True)
    assert expectation(found) == {"status": 200, "content_type": media.partition(";")[0], **expected}


def test_every_candidate_has_a_name_of_its_own() -> None:
    names = [name for name, _ in candidates()]
    assert len(names) == len(set(names))


def test_the_form_of_an_empty_list_and_of_null() -> None:
    assert form({"a": [], "b": None}) == {"a": [], "b": None}
