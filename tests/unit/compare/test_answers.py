"""Answers of two versions: changes are found each time, noise never is one."""

from __future__ import annotations

import io
import json
import random
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.compare.answers import compare_answers
from sm_ci.compare.pairing import bodies
from sm_ci.differences import Agreement, ChangedValue, Judgement
from sm_ci.results import Exchange, NoAnswerKind
from tests.unit.compare.exchanges import JSON, asked, compared, exchange, silence

N = 20
CSV, TEXT, SSE, LINES, NPY = "text/csv", "text/plain", "text/event-stream", "application/jsonlines", "application/x-npy"
Verdict = tuple[Agreement, Judgement]
FINE = (Agreement.IDENTICAL, Judgement.ALLOWED)
CHANGED = (Agreement.CHANGED, Judgement.REFUSED)
WITHIN = (Agreement.WITHIN, Judgement.ALLOWED)
NOISE = (Agreement.NOISE, Judgement.ALLOWED)
OPEN = (Agreement.NOISE, Judgement.UNDECIDED)


def npy(array: object) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(array))
    return file.getvalue()


def npz(**arrays: object) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


PAIRS = {
    "a number beyond the tolerance": (
        {"predictions": [{"score": 0.8312}]},
        {"predictions": [{"score": 0.8313}]},
        JSON,
        CHANGED,
        "$.predictions[0].score was 0.8312 and is 0.8313 (0.0001 apart, tolerance 8.3e-06), in 20 of 20 pairs",
    ),
    "a number within it": (
        {"score": 0.8312},
        {"score": 0.8312001},
        JSON,
        WITHIN,
        "within the tolerance, in 20 pairs; furthest is $.score, 1e-07 apart",
    ),
    "an integer by one": (
        {"count": 1000000},
        {"count": 1000001},
        JSON,
        CHANGED,
        "$.count was 1000000 and is 1000001 (1 apart, tolerance 0), in 20 of 20 pairs",
    ),
    "an integer that no float holds": (
        b'{"id": 9007199254740993}',
        b'{"id": 9007199254740992}',
        JSON,
        CHANGED,
        "$.id was 9007199254740993 and is 9007199254740992, in 20 of 20 pairs",
    ),
    "an integer of 5000 digits, which JSON readers refuse": (
        b"1" * 5000,
        b"1" * 4999 + b"2",
        JSON,
        CHANGED,
        None,
    ),
    "true is not 1": ({"x": True}, {"x": 1}, JSON, CHANGED, "$.x was true and is 1, in 20 of 20 pairs"),
    "true is not 1 in a list": (
        [True, 1],
        [1, True],
        JSON,
        CHANGED,
        "$[0] was true and is 1 and 1 more value changed, in 20 of 20 pairs",
    ),
    "1 is 1.0": ([1], [1.0], JSON, WITHIN, "within the tolerance, in 20 pairs; furthest is $[0], 0 apart"),
    "NaN stays NaN": (b"[NaN, 1.0]", b"[NaN,  1.0]", JSON, FINE, "the same values, written differently, in 20 pairs"),
    "a number becomes NaN": (b"[0.5]", b"[NaN]", JSON, CHANGED, "$[0] was 0.5 and is NaN, in 20 of 20 pairs"),
    "infinity": (b"[Infinity]", b"[-Infinity]", JSON, CHANGED, "$[0] was Infinity and is -Infinity, in 20 of 20 pairs"),
    "null": ({"a": None}, {"a": 0}, JSON, CHANGED, "$.a was null and is 0, in 20 of 20 pairs"),
    "a word": (
        {"label": "stay"},
        {"label": "churn"},
        JSON,
        CHANGED,
        '$.label was "stay" and is "churn", in 20 of 20 pairs',
    ),
    "a key that is gone": ({"a": 1, "b": 2}, {"a": 1}, JSON, CHANGED, "$.b was 2 and is missing, in 20 of 20 pairs"),
    "a key that is new": ({"a": 1}, {"a": 1, "b": [2]}, JSON, CHANGED, "$.b was missing and is [2], in 20 of 20 pairs"),
    "the order of keys says nothing": (
        {"a": 1, "b": 2},
        {"b": 2, "a": 1},
        JSON,
        FINE,
        "the same values, written differently, in 20 pairs",
    ),
    "a key twice": (
        b'{"a": 1, "a": 2}',
        b'{"a": 2}',
        JSON,
        CHANGED,
        '$["a (2)"] was 2 and is missing and 1 more value changed, in 20 of 20 pairs',
    ),
    "a longer list": (
        [1, 2],
        [1, 2, 3],
        JSON,
        CHANGED,
        "length($) was 2 and is 3 (1 apart, tolerance 0), in 20 of 20 pairs",
    ),
    "the order of a list": (
        ["a", "b"],
        ["b", "a"],
        JSON,
        CHANGED,
        '$[0] was "a" and is "b" and 1 more value changed, in 20 of 20 pairs',
    ),
    "a list becomes an object": (
        {"a": [1]},
        {"a": {"b": 1}},
        JSON,
        CHANGED,
        '$.a was [1] and is {"b": 1}, in 20 of 20 pairs',
    ),
    "JSON becomes text": (
        b'{"a": 1}',
        b"oops",
        JSON,
        CHANGED,
        'line 1 was "{\\"a\\": 1}" and is "oops", in 20 of 20 pairs',
    ),
    "nested as deep as nobody reads": (b"[" * 90000 + b"]" * 90000, b"[" * 90001 + b"]" * 90001, JSON, CHANGED, None),
    "a cell": (
        "a,b\n1.0,x\n",
        "a,b\n1.1,x\n",
        CSV,
        CHANGED,
        'row 2, column 1 was "1.0" and is "1.1" (0.1 apart, tolerance 1e-05), in 20 of 20 pairs',
    ),
    "a cell within the tolerance": (
        "0.97,x\n",
        "0.9700001,x\n",
        CSV,
        WITHIN,
        "within the tolerance, in 20 pairs; furthest is row 1, column 1, 1e-07 apart",
    ),
    "another number of columns": (
        "1,2\n",
        "1,2,3\n",
        CSV,
        CHANGED,
        "length(row 1) was 2 and is 3 (1 apart, tolerance 0), in 20 of 20 pairs",
    ),
    "a number as plain text": (
        "0.8312\n",
        "0.8313\n",
        TEXT,
        CHANGED,
        'line 1 was "0.8312" and is "0.8313" (0.0001 apart, tolerance 8.3e-06), in 20 of 20 pairs',
    ),
    "a line of text": ("a\nb", "a\nc", TEXT, CHANGED, 'line 2 was "b" and is "c", in 20 of 20 pairs'),
    "JSON lines": (
        '{"a":1}\n{"a":0.5}\n',
        '{"a":1}\n{"a":0.6}\n',
        LINES,
        CHANGED,
        "line 2 $.a was 0.5 and is 0.6 (0.1 apart, tolerance 5e-06), in 20 of 20 pairs",
    ),
    "an event": (
        'data: {"token": {"text": "a"}}\n\ndata: [DONE]\n\n',
        'data: {"token": {"text": "b"}}\n\ndata: [DONE]\n\n',
        SSE,
        CHANGED,
        'event 1 $.data.token.text was "a" and is "b", in 20 of 20 pairs',
    ),
    "one event more": (
        "data: a\n\n",
        "data: a\n\ndata: b\n\n",
        SSE,
        CHANGED,
        "length(events) was 1 and is 2 (1 apart, tolerance 0), in 20 of 20 pairs",
    ),
    "an array": (
        npy(np.array([[0.0, 1.0], [2.0, 3.0]], dtype="<f4")),
        npy(np.array([[0.0, 1.0], [2.5, 3.0]], dtype="<f4")),
        NPY,
        CHANGED,
        "array[1, 0] was 2.0 and is 2.5 (0.5 apart, tolerance 2e-05), in 20 of 20 pairs",
    ),
    "an array of another type": (
        npy(np.zeros(3, dtype="<f4")),
        npy(np.zeros(3, dtype="<f8")),
        NPY,
        CHANGED,
        'array.dtype was "f4" and is "f8", in 20 of 20 pairs',
    ),
    "the wrong bytes for its shape": (npy([1, 2]), npy([1, 2])[:-1], NPY, CHANGED, None),
    "several arrays": (
        npz(scores=[0.5, 0.25], ids=[1, 2]),
        npz(scores=[0.5, 0.26], ids=[1, 2]),
        "application/x-npz",
        CHANGED,
        'array "scores"[1] was 0.25 and is 0.26 (0.01 apart, tolerance 2.5e-06), in 20 of 20 pairs',
    ),
    "arrays of words, by their bytes": (npy(["a"]), npy(["b"]), NPY, CHANGED, None),
    "bytes": (
        b"\xff\xd8\x00",
        b"\xff\xd8\x01",
        "image/jpeg",
        CHANGED,
        "body was 3 bytes (sha256 9ec23d79a743) and is 3 bytes (sha256 df2fec7a8910), in 20 of 20 pairs",
    ),
    "nothing becomes something": (
        b"",
        b"x",
        TEXT,
        CHANGED,
        "length(lines) was 0 and is 1 (1 apart, tolerance 0), in 20 of 20 pairs",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_what_differs_between_two_steady_versions_is_told_with_its_place(name: str) -> None:
    before, after, kind, verdict, said = PAIRS[name]
    found = compared([exchange(before, kind)] * N, [exchange(after, kind)] * N)
    assert (found.agreement, found.judgement) == verdict, found.message
    if said is not None:
        assert found.message == f"known customer: {said}"
    back = compared([exchange(after, kind)] * N, [exchange(before, kind)] * N)
    assert (back.agreement, back.judgement) == verdict, back.message


@pytest.mark.parametrize("name", PAIRS)
def test_a_version_agrees_with_itself(name: str) -> None:
    for body in PAIRS[name][:2]:
        found = compared([exchange(body, PAIRS[name][2])] * N, [exchange(body, PAIRS[name][2])] * N)
        assert (found.agreement, found.judgement) == FINE
        assert found.message == "known customer: the answers are identical, in 20 pairs"


def test_values_counts_and_an_example_are_there_for_the_reports() -> None:
    before, after = exchange({"a": [0.5, 1.0, 2.0], "b": "x"}), exchange({"a": [0.5, 1.1, 2.1], "b": "x"})
    found = compared([before, before], [after, after])
    assert (found.case, found.name, found.pairs, found.changed, found.differing, found.noise) == (
        "churn::known customer",
        "known customer",
        2,
        2,
        2,
        0.0,
    )
    assert found.at is not None
    assert found.at.line == 7
    assert (found.baseline, found.candidate) == (before, after)
    assert found.values == (
        ChangedValue(path="$.a[1]", baseline="1.0", candidate="1.1", absolute=1.1 - 1.0, relative=1.1 - 1.0),
        ChangedValue(path="$.a[2]", baseline="2.0", candidate="2.1", absolute=2.1 - 2.0, relative=(2.1 - 2.0) / 2),
    )


def test_of_many_values_the_worst_twenty_are_kept() -> None:
    before = [1.0 + n for n in range(100)]
    after = [(1.0 + n) * (1 + (n + 1) / 1000) for n in range(100)]
    found = compared([exchange(before)] * N, [exchange(after)] * N)
    assert [value.path for value in found.values] == [f"$[{n}]" for n in range(99, 79, -1)]
    assert found.differing == 100


Noisy = Callable[[random.Random, float], object]
NOISY: dict[str, Noisy] = {
    "a request id": lambda rnd, shift: {"id": str(uuid.UUID(int=rnd.getrandbits(128))), "score": 0.8312 + shift},
    "a time as text": lambda rnd, shift: {"at": f"2026-01-01T00:00:{rnd.randrange(60):02d}Z", "score": 0.8312 + shift},
    "a word drawn by lot": lambda rnd, shift: {"label": rnd.choice(["stay", "churn"]), "score": 0.8312 + shift},
    "a text of varying length": lambda rnd, shift: {"text": "a " * rnd.randrange(1, 9), "score": 0.8312 + shift},
    "a list of varying length": lambda rnd, shift: {"tokens": ["a"] * rnd.randrange(1, 9), "score": 0.8312 + shift},
    "a key that is there at times": lambda rnd, shift: (
        {"score": 0.8312 + shift} | ({"x": 1} if rnd.random() < 0.5 else {})
    ),
    "the last digits of a sum": lambda rnd, shift: {"score": 0.8312 + shift + rnd.choice([0, 1e-16, -1e-16])},
    "noise below the tolerance": lambda rnd, shift: {"score": 0.8312 + shift + rnd.gauss(0, 1e-6)},
    "heavy tails": lambda rnd, shift: {"ms": rnd.paretovariate(0.8), "score": 0.8312 + shift},
}


@pytest.mark.parametrize("name", NOISY)
def test_noise_raises_no_alarm_and_hides_no_change_of_a_steady_value(name: str) -> None:
    rnd = random.Random(name)
    for _ in range(10):
        first, second, moved = ([exchange(NOISY[name](rnd, shift)) for _ in range(N)] for shift in (0.0, 0.0, 1e-4))
        same, changed = compared(first, second), compared(first, moved)
        assert same.judgement is Judgement.ALLOWED, same.message
        assert (changed.agreement, changed.judgement) == CHANGED, changed.message
        assert changed.values[0].path == "$.score"


def test_the_last_digits_of_a_sum_do_not_make_a_change_open_with_few_answers() -> None:
    digits = (0.0, 1e-16, 2e-16, 1e-16)
    ours, theirs = ([exchange({"score": level + digit}) for digit in digits] for level in (0.8312, 0.8313))
    found = compared(ours, theirs)
    assert (found.agreement, found.judgement) == CHANGED, found.message


SHIFTS: dict[str, tuple[Noisy, Noisy]] = {
    "a noisy number moves": (lambda rnd, _: rnd.gauss(0, 1), lambda rnd, _: rnd.gauss(4, 1)),
    "a steady number becomes noisy": (lambda *_: 0.5, lambda rnd, _: 0.5 + rnd.gauss(0, 0.1)),
    "a noisy number spreads": (lambda rnd, _: rnd.gauss(0, 1), lambda rnd, _: rnd.gauss(0, 100)),
    "a word is drawn by lot": (lambda *_: "stay", lambda rnd, _: f"sampled {rnd.random()}"),
    "texts grow": (lambda rnd, _: "a" * rnd.randrange(5, 9), lambda rnd, _: "b" * rnd.randrange(50, 90)),
    "all of a noisy list moves a little": (
        lambda rnd, _: [rnd.gauss(0, 0.01) for _ in range(400)],
        lambda rnd, _: [rnd.gauss(0.005, 0.01) for _ in range(400)],
    ),
}


@pytest.mark.parametrize("name", SHIFTS)
def test_noise_that_changes_clearly_is_found(name: str) -> None:
    rnd = random.Random(name)
    before, after = SHIFTS[name]
    for _ in range(5):
        ours, theirs = ([exchange(make(rnd, 0.0)) for _ in range(N)] for make in (before, after))
        assert (found := compared(ours, theirs)).judgement is Judgement.REFUSED, found.message
        again = [exchange(before(rnd, 0.0)) for _ in range(N)]
        assert (found := compared(ours, again)).judgement is Judgement.ALLOWED, found.message


def test_a_clock_and_a_counter_are_no_change_even_where_the_versions_were_asked_one_after_the_other() -> None:
    ours = [exchange({"time": 1000.5 + n, "served": n // 2}) for n in range(N)]
    theirs = [exchange({"time": 5000.5 + n, "served": 100 + n // 2}) for n in range(N)]
    found = compared(ours, theirs)
    assert (found.agreement, found.judgement) == NOISE
    assert found.message == (
        "known customer: $.time and 1 more value differ, and no more than one version's answers from each other, in 20 pairs"
    )


def test_a_clear_change_of_noise_is_open_with_few_answers() -> None:
    ours, theirs = ([exchange({"x": level + n * 0.1}) for n in (0, 2, 1)] for level in (0.0, 30.0))
    found = compared(ours, theirs)
    assert (found.agreement, found.judgement) == OPEN
    assert found.message == (
        "known customer: $.x was 0.1 and is 30.1 (30 apart, tolerance 1e-06); one version's answers differ from each other too, "
        "and 3 pairs are too few to tell a change from noise"
    )


def test_a_change_of_a_steady_value_is_open_with_few_answers_of_a_version_that_draws_lots() -> None:
    def answers(label: str, drawn: str) -> list[Exchange]:
        return [exchange({"label": label, "drawn": one}) for one in drawn]

    assert compared(answers("stay", "abb"), answers("churn", "aba")).judgement is Judgement.UNDECIDED
    assert compared(answers("stay", "abb"), answers("churn", "cde")).judgement is Judgement.UNDECIDED
    assert compared(answers("stay", "xyz"), answers("churn", "uvw")).judgement is Judgement.REFUSED  # identifiers
    assert compared(answers("stay", "ab" * 10), answers("churn", "ba" * 10)).judgement is Judgement.REFUSED


def test_with_one_answer_a_side_every_difference_is_a_change_and_that_is_said() -> None:
    found = compared([exchange({"id": "a"})], [exchange({"id": "b"})])
    assert (found.agreement, found.judgement) == CHANGED
    assert found.message == (
        'known customer: $.id was "a" and is "b", in 1 of 1 pair; with one answer a side noise looks like a change'
    )


def test_one_stored_answer_against_many_of_a_noisy_version_is_no_guess() -> None:
    many = [exchange({"x": float(n)}) for n in (3, 1, 2, 5, 4)]
    assert compared([exchange({"x": 2.5})], many).judgement is Judgement.ALLOWED
    assert compared([exchange({"x": 90.0})], many).judgement is Judgement.UNDECIDED


def say(*statuses: int | None) -> list[Exchange]:
    return [silence() if status is None else exchange({"a": 1}, status=status) for status in statuses]


HEADS: dict[str, tuple[list[Exchange], list[Exchange], Verdict, str]] = {
    "a status": (say(*[200] * N), say(*[500] * N), CHANGED, "status was 200 and is 500, in 20 of 20 pairs"),
    "a mended status": (
        say(*[500] * N),
        say(*[200] * N),
        (Agreement.CHANGED, Judgement.TOLD),
        "status was 500 and is 200, in 20 of 20 pairs",
    ),
    "both fail alike": (
        say(*[500] * N),
        say(*[500] * N),
        (Agreement.IDENTICAL, Judgement.TOLD),
        "both answer 500, and the answers are identical, in 20 pairs",
    ),
    "no answer any more": (
        say(*[200] * N),
        say(*[None] * N),
        (Agreement.UNCOMPARED, Judgement.REFUSED),
        "status was 200 and is no answer: timeout, in 20 of 20 pairs",
    ),
    "no answer from either": (
        say(*[None] * N),
        say(*[None] * N),
        (Agreement.UNCOMPARED, Judgement.TOLD),
        "neither version answers (timeout)",
    ),
    "one failure in twenty": (
        say(*[200] * N),
        say(*[200] * 19, 503),
        OPEN,
        (
            "answered 200 (application/json) 20 times by the baseline and 200 (application/json) 19 times, "
            "503 (application/json) once by the candidate; too few to tell from chance; "
            "where both say 200: the answers are identical, in 19 pairs"
        ),
    ),
    "failures in both": (
        say(*[200] * 19, 503),
        say(*[200] * 18, 503, 503),
        NOISE,
        (
            "answered 200 (application/json) 19 times, 503 (application/json) once by the baseline and "
            "200 (application/json) 18 times, 503 (application/json) 2 times by the candidate; "
            "where both say 200: the answers are identical, in 18 pairs"
        ),
    ),
    "nobody was asked": (
        [],
        [],
        (Agreement.UNCOMPARED, Judgement.UNDECIDED),
        "there is nothing to compare, as neither version answered",
    ),
    "one was not asked": (
        say(200),
        [],
        (Agreement.UNCOMPARED, Judgement.UNDECIDED),
        "there is nothing to compare, as the candidate did not answer",
    ),
    "another media type": (
        [exchange("1\n", CSV)] * N,
        [exchange("1\n", TEXT)] * N,
        CHANGED,
        "content-type was text/csv and is text/plain, in 20 of 20 pairs",
    ),
    "UTF-8 said and not said": (
        [exchange("1\n", CSV)] * N,
        [exchange("1\n", 'Text/CSV; charset="UTF-8"')] * N,
        FINE,
        "the answers are identical, in 20 pairs",
    ),
}


@pytest.mark.parametrize("name", HEADS)
def test_statuses_and_media_types_have_no_tolerance(name: str) -> None:
    ours, theirs, verdict, said = HEADS[name]
    found = compared(ours, theirs)
    assert (found.agreement, found.judgement, found.message) == (*verdict, f"known customer: {said}")


def test_what_kind_of_silence_is_told() -> None:
    found = compared([silence(NoAnswerKind.RESET)] * 2, [silence(NoAnswerKind.REFUSED)] * 2)
    assert found.message == "known customer: status was no answer: reset and is no answer: refused, in 2 of 2 pairs"
    assert (found.agreement, found.judgement) == (Agreement.UNCOMPARED, Judgement.TOLD)


def test_allow_decides_what_becomes_of_a_difference() -> None:
    steady, near, far = ([exchange({"x": value})] * N for value in (0.5, 0.5000001, 0.6))
    assert compared(steady, far, "any").judgement is Judgement.TOLD
    assert compared(steady, far, "any").agreement is Agreement.CHANGED
    found = compared(steady, near, "identical")
    assert (found.agreement, found.judgement) == (Agreement.WITHIN, Judgement.REFUSED)
    assert found.message == (
        "known customer: $.x was 0.5 and is 0.5000001 (1e-07 apart, tolerance 0), in 20 of 20 pairs; only identical answers are allowed"
    )
    assert compared(steady, far, "identical").agreement is Agreement.CHANGED
    rnd = random.Random(1)
    ours, theirs = ([exchange({"x": 0.5 + rnd.choice([0, 1e-16])}) for _ in range(N)] for _ in "ab")
    assert compared(ours, theirs, "identical").judgement is Judgement.ALLOWED


def test_the_specs_tolerance_counts() -> None:
    before, after = [exchange({"x": 1.0})] * 2, [exchange({"x": 1.05})] * 2
    assert compared(before, after, rtol=0.1).agreement is Agreement.WITHIN
    assert compared(before, after, rtol=0.0, atol=0.06).agreement is Agreement.WITHIN
    assert compared(before, after, rtol=0.01).agreement is Agreement.CHANGED


def test_bodies_of_which_the_start_was_kept_are_compared_by_their_hash(tmp_path: Path) -> None:
    kept, other = exchange({"x": "a" * 100}, kept=10), exchange({"x": "b" * 100}, kept=10)
    assert compared([kept] * 2, [kept] * 2).agreement is Agreement.IDENTICAL
    found = compared([kept] * 2, [other] * 2)
    assert (found.agreement, found.judgement) == (Agreement.UNCOMPARED, Judgement.UNDECIDED)
    assert found.message == (
        "known customer: the answers differ and cannot be compared: of 109 bytes only the first 10 are kept"
    )
    gone = exchange({"x": 1}, file=tmp_path / "gone")
    assert compared([gone], [kept]).agreement is Agreement.UNCOMPARED
    spooled = tmp_path / "body"
    spooled.write_bytes(b'{"x": 1}')
    assert compared([exchange({"x": 1}, file=spooled)] * 2, [exchange({"x": 2})] * 2).values[0].path == "$.x"


def test_of_large_bodies_two_different_ones_a_version_are_read_at_least() -> None:
    exchanges = [exchange({"x": n}) for n in (1, 2, 1, 3, 2)]
    found = bodies(exchanges, room=1)
    assert (found.different, found.order, found.left_out) == ((b'{"x": 1}', b'{"x": 2}'), (0, 1, 0, 1), 1)
    assert found.why == "their bodies are large"
    assert bodies(exchanges).order == (0, 1, 0, 2, 1)


def test_an_answer_that_was_not_kept_is_left_out_of_many() -> None:
    ours = [exchange({"x": 1})] * 3
    found = compared(ours, [exchange({"x": 2})] * 2 + [exchange({"x": 3}, kept=2)])
    assert found.message == (
        "known customer: $.x was 1 and is 2 (1 apart, tolerance 0), in 2 of 2 pairs; "
        "1 answer was left out: of 8 bytes only the first 2 are kept"
    )


def test_failures_that_come_now_and_then_are_found_among_many_of_which_the_first_are_whole() -> None:
    """One in ten: forty answers cannot tell that from chance, two hundred can."""
    ours, theirs = say(*[200] * 200), say(*([200] * 9 + [500]) * 20)
    few = compare_answers(asked(), ours[:40], theirs[:40])
    assert few.judgement is Judgement.UNDECIDED
    found = compare_answers(asked(), ours, theirs, whole=40)
    assert (found.judgement, found.pairs) == (Judgement.REFUSED, 200)


def test_hostile_names_and_values_are_shortened() -> None:
    before = exchange({"k" * 10000: "v" * 10000, "\u202e\x1b[31m": "a"})
    after = exchange({"k" * 10000: "w" * 10000, "\u202e\x1b[31m": "b"})
    found = compared([before], [after])
    assert len(found.message) <= 600
    assert all(len(text) <= 220 for value in found.values for text in (value.path, value.baseline, value.candidate))


def test_a_zip_that_unpacks_to_much_is_compared_by_its_bytes() -> None:
    bomb, other = (npz(x=np.full(9 * 2**20, value)) for value in (0.0, 1.0))
    found = compared([exchange(bomb, "application/x-npz")], [exchange(other, "application/x-npz")])
    assert found.values[0].path == "body"


@pytest.mark.parametrize(
    "dtype", ["<f2", "<f4", ">f4", "<f8", "|i1", "<i2", ">i4", "<i8", "|u1", "<u2", "<u4", "<u8", "|b1"]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_read_as_numpy_wrote_them(dtype: str, order: str) -> None:
    array = np.asarray(np.arange(12).reshape(3, 4) % 2, dtype=dtype, order=order)  # type: ignore[call-overload]
    other = array.copy(order="K")
    other[2, 1] = 1 - other[2, 1] if dtype != "|b1" else not other[2, 1]
    found = compared([exchange(npy(array), NPY)], [exchange(npy(other), NPY)])
    assert [value.path for value in found.values] == ["array[2, 1]"]
    assert found.values[0].baseline in {"1", "1.0", "true"}


def test_tens_of_thousands_of_numbers_take_no_time() -> None:
    rnd = random.Random(1)
    numbers = [rnd.random() for _ in range(50_000)]
    ours, theirs = exchange(numbers), exchange([number * 1.001 for number in numbers])
    begun = time.process_time()
    found = compared([ours] * N, [theirs] * N)
    assert found.differing > 49_000
    assert time.process_time() - begun < 5


BODIES = st.one_of(
    st.binary(max_size=300),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=80).map(lambda tail: npy([1.0, 2.0])[:-8] + tail),
    st.binary(max_size=80).map(lambda tail: npz(a=[1.0])[:100] + tail),
)
KINDS = st.sampled_from([JSON, CSV, TEXT, SSE, LINES, NPY, "", "image/png", "x;;=\n"])


@given(ours=st.lists(BODIES, min_size=1, max_size=6), theirs=st.lists(BODIES, min_size=1, max_size=6), kind=KINDS)
def test_no_bytes_hurt_and_a_version_never_differs_from_itself(
    ours: list[bytes], theirs: list[bytes], kind: str
) -> None:
    first, second = [exchange(body, kind) for body in ours], [exchange(body, kind) for body in theirs]
    assert compared(first, second).message
    assert compared(first, first).judgement is Judgement.ALLOWED
    there, back = compared(first, second), compared(second, first)
    assert (there.agreement is Agreement.IDENTICAL) == (back.agreement is Agreement.IDENTICAL)
