"""The same requests to both: in which order, how often, and what of the answers is kept."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sm_ci import spec
from sm_ci.progress import Silent
from sm_ci.results import Answer, CaseResult, Exchange, NoAnswerKind, Outcome
from sm_ci.spec import Case
from sm_ci.trial import asking
from sm_ci.trial.asking import WHOLE, Asked, Budget, Kept, keep_pair, paired
from sm_ci.trial.hosting import answered_by
from tests.unit.compare.exchanges import AT, exchange, silence


def cases(*names: str) -> tuple[Case, ...]:
    tests = [{"name": name, "request": {"text": "x"}, "expect": {"status": 200}} for name in names]
    return spec.of({"version": 1, "image": "i", "tests": tests}, Path("sm-ci.yml"), environ={}).cases


def timed(seconds: float, status: int = 200) -> Exchange:
    one = exchange({"a": 1}, status=status)
    assert isinstance(one.outcome, Answer)
    return replace(one, outcome=replace(one.outcome, total=seconds))


def test_an_answer_that_is_the_same_is_kept_once(tmp_path: Path) -> None:
    kept = Kept()
    for number in range(3):
        file = tmp_path / str(number)
        file.write_bytes(b"x" * 100)
        of = kept.of(exchange(b"x" * 100, "text/plain", file=file), whole=True)
        assert isinstance(of.outcome, Answer)
        assert of.outcome.body.read() == b"x" * 100
    assert [path.name for path in tmp_path.iterdir()] == ["0"]
    assert not kept.full


def test_where_there_is_no_room_the_hash_is_kept(tmp_path: Path) -> None:
    kept, file = Kept(room=10), tmp_path / "body"
    file.write_bytes(b"y" * 11)
    of = kept.of(exchange(b"y" * 11, "text/plain", file=file), whole=True)
    assert isinstance(of.outcome, Answer)
    with pytest.raises(ValueError, match="only the first 0 are kept"):
        of.outcome.body.read()
    assert of.outcome.body.size == 11
    assert kept.full
    assert not file.exists()


def test_answers_of_which_only_the_time_counts_do_not_fill_it() -> None:
    kept = Kept(room=10)
    for number in range(5):
        kept.of(exchange(str(number).encode() * 9, "text/plain"), whole=False)
    assert not kept.full
    assert kept.room == 10


def test_times_are_compared_where_both_answered_alike() -> None:
    one = Asked(case=cases("a")[0])
    keep_pair(one, timed(0.1), timed(0.2))
    keep_pair(one, timed(0.1), timed(0.3, status=500))
    keep_pair(one, timed(0.1), silence(NoAnswerKind.TIMEOUT))
    assert one.times == [(0.1, 0.2)]
    assert one.unanswered == 2
    assert len(one.baseline) == len(one.candidate) == 3


def test_of_very_many_answers_is_kept_how_they_ended() -> None:
    one = Asked(case=cases("a")[0])
    for _ in range(WHOLE + 5):
        keep_pair(one, timed(0.1), timed(0.2))
    assert len(one.baseline) == len(one.candidate) == len(one.times) == WHOLE + 5
    headers = [len(found.outcome.headers) for found in one.baseline if isinstance(found.outcome, Answer)]
    assert set(headers[:WHOLE]) != set(headers[WHOLE:]) == {1}


def test_passes_of_both_sides_are_paired_in_their_order() -> None:
    first, second = cases("a", "b")
    ours = [{first.id: [timed(1), timed(2)], second.id: []}, {first.id: [timed(3)]}]
    theirs = [{first.id: [timed(4), timed(5)]}, {first.id: [timed(6), timed(7)]}]
    (found,) = paired((first, second), ours, theirs)
    assert found.case is first
    assert found.times == [(1, 4), (2, 5), (3, 6)]


def rounds(budget: Budget, enough: Callable[[int], bool], seconds: float = 1.0, floor: int = 0) -> int:
    """How many there are when each takes so long."""
    clock = itertools.count(step=seconds / 3)  # looked at about thrice a round
    numbers: list[int] = []
    told = asking._Rounds(budget=budget, floor=floor, tests=1, progress=Silent(), clock=lambda: float(next(clock)))
    for number in told.numbers(lambda: enough(len(numbers))):
        told.tell(1)
        numbers.append(number)
        assert number == len(numbers) < 1000
    return len(numbers)


def never(_: int) -> bool:
    return False


@pytest.mark.parametrize(
    ("budget", "enough", "seconds", "expected"),
    [
        (Budget(rounds=7), never, 1.0, {7}),
        (Budget(rounds=7), lambda _: True, 1.0, {7}),
        (Budget(seconds=1e9), lambda done: done >= 20, 1.0, {20}),
        (Budget(seconds=1e9, least=10), lambda _: True, 1.0, {10}),
        (Budget(seconds=30), never, 1.0, set(range(30, 50))),
        (Budget(seconds=30), never, 100.0, {2}),
    ],
    ids=["so many", "so many, though enough", "until it is enough", "at least", "for so long", "two, however slow"],
)
def test_how_many_rounds(budget: Budget, enough: Callable[[int], bool], seconds: float, expected: set[int]) -> None:
    assert rounds(budget, enough, seconds) in expected


@pytest.mark.parametrize(("floor", "expected"), [(8, {8}), (2, {3, 4, 5}), (1000, {30, 31, 32})])
def test_the_rounds_that_a_limit_needs_are_made_though_the_time_is_over(floor: int, expected: set[int]) -> None:
    """But not for more than ten times as long."""
    assert rounds(Budget(seconds=30), never, 15.0, floor) in expected


def told(*names: str, by: Callable[[], Exchange] = lambda: timed(0.1)) -> Sequence[CaseResult]:
    return [CaseResult(id=name, name=name, outcome=Outcome.PASSED, at=AT, exchanges=(by(),)) for name in names]


def test_only_what_both_answered_is_asked_again() -> None:
    """A test that ran out of time would take a minute each time."""
    all_of_them = cases("a", "b", "c")
    ours = [*told("a", "b"), *told("c", by=silence)]
    assert [case.name for case in answered_by(all_of_them, ours)] == ["a", "b"]
    assert [case.name for case in answered_by(all_of_them, ours, told("a", "c"))] == ["a", "b"]
    assert [case.name for case in answered_by(all_of_them, ours, told("b", by=silence))] == ["a"]
