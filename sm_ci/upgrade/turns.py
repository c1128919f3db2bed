"""One candidate after the other, each image hosted once. Touches registries and what a trial touches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import count

from sm_ci.differences import CandidateOutcome, CandidateResult, ImageVersion
from sm_ci.errors import ImageMissing
from sm_ci.image.reference import Reference
from sm_ci.upgrade.looking import Way, pinned
from sm_ci.upgrade.trying import Trial, known, lent


class Turns:
    """Tries a candidate when its turn comes, and keeps in `found` what came of it: an interrupt leaves the rest untried.

    `way` leads to the registry; `most` is how many are tried at most, as far as that is known.
    """

    def __init__(
        self,
        found: list[CandidateResult],
        current: ImageVersion,
        trial: Trial,
        way: Callable[[], AbstractContextManager[Way]],
        most: int,
    ) -> None:
        self.found, self.current, self.trial, self.way, self.most = found, current, trial, way, most
        self._numbers = count(1)

    def __call__(self, candidate: CandidateResult) -> CandidateResult:
        """The candidate with what came of it. Stopped when that says nothing of candidates."""
        at, number = self.found.index(candidate), next(self._numbers)
        of = f" ({number} of at most {max(number, self.most)})" if self.most > 1 else ""
        self.trial.world.progress.step(f"trying {candidate.version.tag}{of}")
        self.found[at] = done = self._tried(candidate)
        return done

    def _tried(self, candidate: CandidateResult) -> CandidateResult:
        try:
            candidate = self._identified(candidate)
        except ImageMissing as error:
            return replace(candidate, outcome=CandidateOutcome.ERRORED, reason=error.message)
        if done := known(candidate, self.current, self.found):
            self.trial.world.progress.done(f"{candidate.version.tag} {done.reason}")
            return done
        with lent(candidate.version.reference, self.trial.world) as keep:
            done = self.trial(candidate)
            keep(done.outcome is CandidateOutcome.PASSED)
        return done

    def _identified(self, candidate: CandidateResult) -> CandidateResult:
        """With its digest; named by it, where the one in use is: what is tried is what is written. ImageMissing."""
        reference = Reference.parse(candidate.version.reference)
        with self.way() as way:
            version = pinned(candidate.version, reference, way)
        if Reference.parse(self.current.reference).digest:
            named = replace(reference, tag=version.tag, digest=version.digest).familiar
            version = replace(version, reference=named)
        return replace(candidate, version=version)
