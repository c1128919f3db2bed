"""In which order candidates are tried."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sm_ci.differences import CandidateOutcome, CandidateResult, ImageVersion, UpgradeLevel
from sm_ci.upgrade.search import Find, Found, at_most, search

GOOD, BAD, LOST = CandidateOutcome.PASSED, CandidateOutcome.REFUSED, CandidateOutcome.ERRORED
WORDS = {"g": GOOD, "b": BAD, "?": LOST, "=": CandidateOutcome.UNTRIED}


def searched(fates: str, find: Find, most: int = 99) -> tuple[Found, list[str]]:
    """`fates` from the oldest to the newest: g passes, b does not, ? cannot be tried, = is the image in use.

    Tags are 1, 2, … from the oldest.
    """
    tried: list[str] = []
    candidates = [
        CandidateResult(
            version=ImageVersion(reference=f"r:{tag}", tag=str(tag)),
            level=UpgradeLevel.MINOR,
            outcome=CandidateOutcome.UNTRIED,
        )
        for tag in range(len(fates), 0, -1)
    ]

    def trial(candidate: CandidateResult) -> CandidateResult:
        tried.append(candidate.version.tag)
        return replace(candidate, outcome=WORDS[fates[int(candidate.version.tag) - 1]], reason="tried")

    return search(candidates, trial, find=find, most=most), tried


def tag(one: CandidateResult | None) -> str:
    return one.version.tag if one else "-"


@pytest.mark.parametrize(
    ("fates", "tried", "chosen", "first_bad"),
    [
        ("", "", "-", "-"),
        ("g", "1", "1", "-"),
        ("b", "1", "-", "-"),
        ("ggg", "3", "3", "-"),
        ("ggb", "3 2", "2", "3"),
        ("gbb", "3 2 1", "1", "2"),
        ("bbb", "3 2 1", "-", "-"),
        ("g?b", "3 2 1", "1", "-"),
        ("b?g", "3", "3", "-"),
        ("g=b", "3 2 1", "1", "-"),
        ("=", "1", "-", "-"),
    ],
)
def test_the_newest_that_passes_is_chosen(fates: str, tried: str, chosen: str, first_bad: str) -> None:
    found, order = searched(fates, Find.NEWEST)
    assert (" ".join(order), tag(found.chosen), tag(found.first_bad)) == (tried, chosen, first_bad)


def test_no_more_are_tried_than_asked() -> None:
    found, order = searched("gbbbb", Find.NEWEST, most=2)
    assert order == ["5", "4"]
    assert found.chosen is None
    assert [one.reason for one in found.candidates[2:]] == ["not tried: 2 candidates are tried (--tries)"] * 3


def test_what_is_older_than_the_chosen_one_says_so() -> None:
    found, _ = searched("ggb", Find.NEWEST)
    assert [one.reason for one in found.candidates] == ["tried", "tried", "older than 2, which passed"]


@pytest.mark.parametrize("count", range(9))
@pytest.mark.parametrize("good", range(9))
def test_the_first_bad_one_is_found_by_halves(count: int, good: int) -> None:
    good = min(good, count)
    found, order = searched("g" * good + "b" * (count - good), Find.FIRST_BAD)
    assert tag(found.chosen) == (str(good) if good else "-")
    assert tag(found.first_bad) == (str(good + 1) if good < count else "-")
    assert len(order) == len(set(order)) <= 1 + count.bit_length()


@pytest.mark.parametrize("fates", ["gg?bb", "gg==bb", "=", "g?gbb", "ggb??", "???gb", "?", "g???b", "b?"])
def test_those_that_cannot_be_tried_are_stepped_over(fates: str) -> None:
    found, order = searched(fates, Find.FIRST_BAD)
    known = fates.replace("?", "").replace("=", "")
    assert tag(found.chosen) == (str(fates.rindex("g") + 1) if "g" in known else "-")
    assert tag(found.first_bad) == (str(fates.index("b") + 1) if "b" in known else "-")
    assert len(order) == len(set(order))


@pytest.mark.parametrize("find", Find)
@pytest.mark.parametrize("count", range(10))
def test_how_many_are_tried_at_most_is_known_beforehand(find: Find, count: int) -> None:
    tried = [len(searched("g" * good + "b" * (count - good), find)[1]) for good in range(count + 1)]
    assert max(tried) == at_most(count, find, 99)
    assert at_most(count, find, 2) == min(2, at_most(count, find, 99))


def test_the_image_in_use_under_another_tag_does_not_count_as_tried() -> None:
    found, order = searched("gb=b", Find.NEWEST, most=2)
    assert order == ["4", "3", "2"]
    assert [one.reason for one in found.candidates] == ["tried"] * 3 + ["not tried: 2 candidates are tried (--tries)"]


def test_halving_says_why_the_others_were_left() -> None:
    found, _ = searched("gggbbbb", Find.FIRST_BAD)
    assert [(one.version.tag, one.reason) for one in found.candidates] == [
        ("7", "tried"),
        ("6", "newer than 4, which did not pass"),
        ("5", "tried"),
        ("4", "tried"),
        ("3", "tried"),
        ("2", "older than 3, which passed"),
        ("1", "older than 3, which passed"),
    ]


def test_halving_stops_when_enough_were_tried() -> None:
    found, order = searched("ggggbbbb", Find.FIRST_BAD, most=2)
    assert len(order) == 2
    assert [one.reason for one in found.candidates].count("not tried: 2 candidates are tried (--tries)") > 0
