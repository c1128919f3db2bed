"""What a start of the container draws anew is no change of the version; what is beyond it is one."""

from __future__ import annotations

import io
import random
import uuid

import numpy as np
import pytest

from sm_ci.compare.answers import compare_answers
from sm_ci.differences import Agreement, AnswerComparison, Judgement
from sm_ci.results import Exchange
from tests.unit.compare.exchanges import asked, exchange

N = 20
CSV, NPY = "text/csv", "application/x-npy"


def after_starts(before: object, again: object, after: object, kind: str = "application/json") -> AnswerComparison:
    """The baseline's answer after each of two starts, and the candidate's."""
    ours, later, theirs = ([exchange(body, kind)] * N for body in (before, again, after))
    return compare_answers(asked(), ours, theirs, starts=(ours, later))


def npy(*numbers: float) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(numbers))
    return file.getvalue()


OWN = {
    "a host name": ({"host": "3f2a", "score": 0.5}, {"host": "99b1", "score": 0.5}, {"host": "c001", "score": 0.5}),
    "a seed": ({"seed": 12345}, {"seed": 777}, {"seed": 31}),
    "a number that is drawn once": ({"x": 0.31}, {"x": 0.77}, {"x": 0.02}),
    "sums in another order": ([0.1, 0.2001, 0.3], [0.1, 0.2003, 0.3], [0.1005, 0.2, 0.3004]),
    "tokens of a text that is sampled once": (
        {"tokens": ["a", "b"]},
        {"tokens": ["c", "d", "e"]},
        {"tokens": ["f", "g"]},
    ),
    "a key that is there in some starts": ({"a": 1, "warm": True}, {"a": 1}, {"a": 1}),
    "null in some starts": ({"cache": {"hits": 3}}, {"cache": None}, {"cache": {"hits": 9}}),
}


@pytest.mark.parametrize("name", OWN)
def test_what_differs_from_start_to_start_is_noise(name: str) -> None:
    before, again, after = OWN[name]
    found = after_starts(before, again, after)
    assert (found.agreement, found.judgement) == (Agreement.NOISE, Judgement.ALLOWED), found.message
    assert after_starts(before, before, after).agreement is Agreement.CHANGED


def test_it_is_told_as_that() -> None:
    found = after_starts(*OWN["a host name"])
    assert found.message == (
        "known customer: $.host differs, and no more than the baseline's from one of its starts to the next, in 20 pairs"
    )


BEYOND = {
    "another value beside it": (
        {"host": "3f2a", "score": 0.5},
        {"host": "99b1", "score": 0.5},
        {"host": "c001", "score": 0.6},
        "$.score was 0.5 and is 0.6 (0.1 apart, tolerance 5e-06)",
    ),
    "more than a start moves it": (
        [0.1, 0.2001],
        [0.1, 0.2003],
        [0.9, 0.2],
        "$[0] was 0.1 and is 0.9 (0.8 apart, tolerance 1e-06)",
    ),
    "another word of a list": (
        ["host-1", "stay"],
        ["host-2", "stay"],
        ["host-3", "churn"],
        '$[1] was "stay" and is "churn"',
    ),
    "what the baseline has in each start": (
        {"seed": 1},
        {"seed": 1},
        {"seed": 2},
        "$.seed was 1 and is 2 (1 apart, tolerance 0)",
    ),
    "another column than the one that a start moves": (
        "0.5,7.0\n",
        "0.5,9.0\n",
        "0.6,8.0\n",
        'row 1, column 1 was "0.5" and is "0.6" (0.1 apart, tolerance 5e-06)',
    ),
}


@pytest.mark.parametrize("name", BEYOND)
def test_what_is_beyond_that_is_a_change(name: str) -> None:
    before, again, after, said = BEYOND[name]
    found = after_starts(before, again, after, CSV if isinstance(before, str) else "application/json")
    assert (found.agreement, found.judgement) == (Agreement.CHANGED, Judgement.REFUSED), found.message
    assert found.message == f"known customer: {said}, in 20 of 20 pairs"


def test_a_seed_that_moves_every_element_of_an_array_is_noise() -> None:
    rows = [npy(*np.random.default_rng(seed).normal(size=500)) for seed in range(3)]
    found = after_starts(rows[0], rows[1], rows[2], NPY)
    assert found.agreement is Agreement.NOISE, found.message
    moved = npy(*(np.random.default_rng(3).normal(size=500) + 200))
    assert after_starts(rows[0], rows[1], moved, NPY).agreement is Agreement.CHANGED


def test_answers_that_vary_about_a_value_of_the_start_are_noise() -> None:
    draw = random.Random(4)

    def said(about: float) -> list[Exchange]:
        return [
            exchange({"x": draw.gauss(about, 0.001), "id": str(uuid.UUID(int=draw.getrandbits(128)))}) for _ in range(N)
        ]

    ours, theirs, later = said(0.3), said(0.5), said(0.9)
    assert compare_answers(asked(), ours, theirs).agreement is Agreement.CHANGED
    assert compare_answers(asked(), ours, theirs, starts=(ours, later)).agreement is Agreement.NOISE


def test_one_start_alone_tells_nothing() -> None:
    ours, theirs = [exchange({"host": "a"})] * N, [exchange({"host": "b"})] * N
    assert compare_answers(asked(), ours, theirs, starts=(ours, [])).agreement is Agreement.CHANGED


def test_identical_answers_may_be_asked_for_of_what_a_start_does_not_change() -> None:
    ours, later = [exchange({"host": "a", "x": 0.5})] * N, [exchange({"host": "b", "x": 0.5})] * N
    theirs, moved = [exchange({"host": "c", "x": 0.5})] * N, [exchange({"host": "c", "x": 0.5000001})] * N
    wanted = asked("identical")
    assert compare_answers(wanted, ours, theirs, starts=(ours, later)).judgement is Judgement.ALLOWED
    assert compare_answers(wanted, ours, moved, starts=(ours, later)).judgement is Judgement.REFUSED
