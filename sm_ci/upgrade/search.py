"""Which candidates are tried, and in which order. Pure but for the trials that it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sm_ci.differences import CandidateOutcome, CandidateResult

Trial = Callable[[CandidateResult], CandidateResult]
"""Tries a candidate: the same with its outcome; untried where it is no other image than the one in use."""


class Find(StrEnum):
    """`newest`: newest first, until one passes. `first-bad`: the oldest that does not, by halves."""

    NEWEST = "newest"
    FIRST_BAD = "first-bad"


@dataclass(slots=True, kw_only=True)
class Found:
    """The candidates newest first, as they were given, with what came of them."""

    candidates: list[CandidateResult]
    chosen: CandidateResult | None = None
    first_bad: CandidateResult | None = None
    tried: int = 0


def at_most(candidates: int, find: Find, most: int) -> int:
    """How many of so many candidates are tried at the most: by halves, the newest and as many as halve the rest."""
    if find is Find.FIRST_BAD and candidates:
        candidates = 1 + (candidates - 1).bit_length()
    return min(candidates, most)


def search(candidates: Sequence[CandidateResult], trial: Trial, *, find: Find, most: int) -> Found:
    """Tries at most so many of the candidates (newest first), and says why the others were not."""
    found = Found(candidates=list(candidates))
    if find is Find.NEWEST:
        _newest(found, trial, most)
    else:
        _first_bad(found, trial, most)
    return found


def _newest(found: Found, trial: Trial, most: int) -> None:
    for index in range(len(found.candidates)):
        if found.chosen:
            _leave(found, index, f"older than {found.chosen.version.tag}, which passed")
        elif found.tried == most:
            _leave(found, index, f"not tried: {_enough(most)}")
        else:
            tried = _try(found, index, trial)
            if tried.outcome is CandidateOutcome.PASSED:
                found.chosen = tried
    refused = [one for one in found.candidates if one.outcome is CandidateOutcome.REFUSED]
    older_passed = found.chosen is not None
    found.first_bad = refused[-1] if refused and older_passed and _next_to(found, refused[-1]) else None


def _next_to(found: Found, refused: CandidateResult) -> bool:
    """Whether nothing lies between the one that passed and the oldest that was refused."""
    at = found.candidates.index(refused)
    return at + 1 < len(found.candidates) and found.candidates[at + 1] is found.chosen


def _first_bad(found: Found, trial: Trial, most: int) -> None:
    """By halves between the current version, which is good, and the newest. Those that cannot be tried are left out."""
    order = list(range(len(found.candidates)))[::-1]  # oldest first
    good, bad = -1, len(order)  # places in `order`; the newest is tried first
    place = len(order) - 1
    while order and found.tried < most and bad - good > 1:
        tried = _try(found, order[place], trial)
        if tried.outcome is CandidateOutcome.PASSED:
            good = place
        elif tried.outcome is CandidateOutcome.REFUSED:
            bad = place
        else:
            del order[place]
            bad -= bad > place
        place = (good + bad) // 2 if bad < len(order) else len(order) - 1
    found.chosen = found.candidates[order[good]] if good >= 0 else None
    found.first_bad = found.candidates[order[bad]] if bad < len(order) else None
    for index, one in enumerate(found.candidates):
        if one.outcome is CandidateOutcome.UNTRIED and index in order:
            _leave(found, index, _why_left(found, order, index, (good, bad), most))


def _why_left(found: Found, order: list[int], index: int, bounds: tuple[int, int], most: int) -> str:
    place, (good, bad) = order.index(index), bounds
    if place < good:
        return f"older than {found.candidates[order[good]].version.tag}, which passed"
    if place > bad:
        return f"newer than {found.candidates[order[bad]].version.tag}, which did not pass"
    return f"not tried: {_enough(most)}"


def _try(found: Found, index: int, trial: Trial) -> CandidateResult:
    tried = found.candidates[index] = trial(found.candidates[index])
    found.tried += tried.outcome is not CandidateOutcome.UNTRIED
    return tried


def _leave(found: Found, index: int, why: str) -> None:
    found.candidates[index] = replace(found.candidates[index], outcome=CandidateOutcome.UNTRIED, reason=why)


def _enough(most: int) -> str:
    return f"{most} candidate{'s' * (most != 1)} {'are' if most != 1 else 'is'} tried (--tries)"
