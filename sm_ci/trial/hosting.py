"""Both sides in service, side by side or in turns, and asked the same. Touches what a session touches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial

from sm_ci import session
from sm_ci.differences import ImageContents
from sm_ci.engine.client import Engine
from sm_ci.engine.contents import contents_of
from sm_ci.engine.usage import usage_stream
from sm_ci.errors import SmCiError
from sm_ci.interrupts import Interrupts
from sm_ci.load import usage
from sm_ci.progress import Progress
from sm_ci.report.wording import size
from sm_ci.results import Answer, CaseResult, ImageFacts, RunResult
from sm_ci.session import Hosted
from sm_ci.spec import Case
from sm_ci.trial.aside import Aside
from sm_ci.trial.asking import Asked, Asking, Budget, Pass, alone, alternate, paired
from sm_ci.trial.judging import Judging
from sm_ci.trial.sides import BASELINE, CANDIDATE, Hosting, for_answers_alone

ROOM = 2.5
"""So many times what the baseline uses must fit into the machine's memory for both to be in service at once."""
SILENCE = 5.0
"""Seconds without a word of what a container uses, of which there is one a second, after which it is not waited for."""
AGAIN = 12
"""Answers of another start that tell the value of that start from noise about it."""


class Manner(StrEnum):
    """How two containers are hosted. `auto`: together where both fit."""

    AUTO = "auto"
    TOGETHER = "together"
    IN_TURNS = "in-turns"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a comparison touches beside its sides. `known` keeps what is in an image, by its id, for the next comparison."""

    environ: Mapping[str, str]
    progress: Progress
    interrupts: Interrupts
    known: dict[str, ImageContents] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Seen:
    """What came of hosting both. `results` by the side's name; `peaks` is memory in bytes while both were asked the same.

    `asked` is what both answered, as far as it went; `live` what one side did beside a result of before. `apart` says why they
    were hosted in turns, or nothing.
    """

    results: dict[str, RunResult] = field(default_factory=dict)
    peaks: dict[str, int] = field(default_factory=dict)
    starts: dict[str, list[float]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    live: dict[str, Pass] = field(default_factory=dict)
    apart: str = ""


class Both:
    """The sides that are hosted, one or both, by their names."""

    def __init__(
        self,
        hostings: Mapping[str, Hosting],
        asking: Asking,
        budget: Budget,
        judging: Judging,
        world: World,
    ) -> None:
        self.hostings, self.asking, self.budget, self.world = hostings, asking, budget, world
        self.judging = judging
        self.seen = Seen()
        self._told, self._hidden = set[str](), set[str]()
        self._passes: dict[str, list[Pass]] = {BASELINE: [], CANDIDATE: []}

    def host(self, manner: Manner) -> Seen:
        """Hosts each with its tests, its contract suite and its loads. Cancelled when it is interrupted."""
        if BASELINE not in self.hostings or CANDIDATE not in self.hostings:
            for hosting in self.hostings.values():
                self._run(hosting, meanwhile=partial(self._ask_live, hosting))
            return self.seen
        baseline, candidate = self.hostings[BASELINE], self.hostings[CANDIDATE]
        result = self._run(baseline, meanwhile=partial(self._beside, manner))
        if CANDIDATE in self.seen.results:
            self._again(baseline)
            return self.seen
        if self.seen.apart and _served(result):
            self._in_turns(baseline, candidate)
        else:  # the baseline cannot be had: what becomes of the candidate is worth knowing all the same
            self._run(candidate)
        return self.seen

    def _run(
        self, side: Hosting, *, meanwhile: Callable[[Hosted], None] | None = None, timed: bool = True
    ) -> RunResult:
        """One run of one side; the first is its result. Cancelled when a signal ended it. `timed`: its start counts."""
        told = side.elsewhere.told if side.elsewhere else str
        aside = Aside(self.world.progress, side.name, told, self._told, self._hidden)
        look = partial(_look, side.contents, self.world.known, aside)
        result = session.run(
            side.spec,
            replace(side.options, on_image=look, meanwhile=meanwhile),
            environ=self.world.environ,
            progress=aside,
            interrupts=self.world.interrupts,
        )
        self.seen.results.setdefault(side.name, result)
        if timed and result.hosting and result.hosting.ready_after is not None:
            self.seen.starts.setdefault(side.name, []).append(result.hosting.ready_after)
        if self.world.interrupts.received:
            raise self.world.interrupts.error()
        return result

    def _beside(self, manner: Manner, hosted: Hosted) -> None:
        """The baseline is in service: the candidate is hosted beside it, or later."""
        self.seen.apart = why_apart(manner, self.hostings[BASELINE], hosted)
        if self.seen.apart:
            self.world.progress.done(f"hosted in turns: {self.seen.apart}")
            self._ask_one(self.hostings[BASELINE], hosted)
        else:
            self._run(self.hostings[CANDIDATE], meanwhile=partial(self._ask_both, hosted))

    def _ask_both(self, baseline: Hosted, candidate: Hosted) -> None:
        cases = answered_by(self.asking.cases, baseline.cases, candidate.cases)
        if cases:
            self.world.progress.step(f"asking both the same, A B B A ({_tests(len(cases))})")
        with (
            _watched(self.seen, BASELINE, baseline),
            _watched(self.seen, CANDIDATE, candidate),
        ):
            asked = self.seen.asked = [Asked(case=case) for case in cases]
            alternate(
                replace(self.asking, cases=cases),
                baseline.service,
                candidate.service,
                self.budget,
                asked=asked,
                enough=lambda: self.judging.enough(asked),
                needed=self.judging.needed(len(cases), 2),
                progress=self.world.progress,
            )

    def _in_turns(self, baseline: Hosting, candidate: Hosting) -> None:
        """A has been asked; B is, then both once more with nothing but the same questions: A B B A."""
        try:
            for side in (candidate, for_answers_alone(candidate), for_answers_alone(baseline)):
                if not _served(self._run(side, meanwhile=partial(self._ask_one, side))):
                    return
        finally:
            self.seen.asked = paired(self.asking.cases, self._passes[BASELINE], self._passes[CANDIDATE])

    def _again(self, baseline: Hosting) -> None:
        """The baseline after another start, where answers changed: what differs there is no change of the version."""
        broke_off = any(result.fault for result in self.seen.results.values())
        if not broke_off and (doubtful := self.judging.doubtful(self.seen.asked)):
            why = "is it the version that changed answers, or do they differ from start to start?"
            self.world.progress.step(f"hosting the baseline once more: {why}")
            again = for_answers_alone(baseline)
            self._run(again, meanwhile=partial(self._ask_again, doubtful), timed=False)

    def _ask_again(self, doubtful: Sequence[Asked], hosted: Hosted) -> None:
        answers = self._alone([one.case for one in doubtful], hosted, needed=AGAIN)
        for one in doubtful:
            one.starts = one.baseline, answers[one.case.id]

    def _ask_live(self, side: Hosting, hosted: Hosted) -> None:
        """A side beside the result of a run: what varies from one of its answers to the next."""
        cases = answered_by(self.asking.cases, hosted.cases)
        if cases:
            self.world.progress.step(f"asking the {side.name} ({_tests(len(cases))})")
        self.seen.live[side.name] = self._alone(cases, hosted, needed=AGAIN)

    def _ask_one(self, side: Hosting, hosted: Hosted) -> None:
        """Of a side that is hosted once more the cases are those that it has answered before."""
        first = self.seen.results.get(side.name)
        cases = answered_by(self.asking.cases, first.cases if first else hosted.cases)
        if cases:
            self.world.progress.step(f"asking the {side.name} ({_tests(len(cases))})")
        with _watched(self.seen, side.name, hosted):
            needed = self.judging.needed(len(cases), 1)
            self._passes[side.name].append(self._alone(cases, hosted, needed=needed, floor=needed // 2))

    def _alone(self, cases: Sequence[Case], hosted: Hosted, *, needed: int, floor: int = 2) -> Pass:
        asking, progress = replace(self.asking, cases=cases), self.world.progress
        return alone(asking, hosted.service, self.budget, needed=needed, floor=floor, progress=progress)


def why_apart(manner: Manner, side: Hosting, hosted: Hosted) -> str:
    """Why both cannot be in service at once, or nothing."""
    if manner is not Manner.AUTO:
        return "as --hosting asks" if manner is Manner.IN_TURNS else ""
    if hosted.limits.gpus:
        return "both would need the machine's GPUs"
    if side.spec.file.execution_role:
        return "there is one address for a role's credentials on a machine"
    used, there = _memory(hosted), hosted.engine.facts.memory
    if used * ROOM > there:
        return f"one alone uses {size(used)} of the machine's {size(there)}"
    return ""


def answered_by(cases: Sequence[Case], *told: Sequence[CaseResult]) -> tuple[Case, ...]:
    """The cases that every side answered when they were tested; by name, as specs of two commits have other ids."""
    unanswered = {
        result.name
        for results in told
        for result in results
        if not (result.exchanges and isinstance(result.exchanges[-1].outcome, Answer))
    }
    return tuple(case for case in cases if case.name not in unanswered)


def _served(result: RunResult) -> bool:
    return result.fault is None and result.hosting is not None and result.hosting.ready_after is not None


def _memory(hosted: Hosted) -> int:
    """Bytes that a container uses now; 0 where nobody can tell."""
    engine, container = hosted.engine, hosted.service.container
    if hosted.service.timeline.dead:
        return 0
    with suppress(SmCiError), usage_stream(engine, container, lambda: 0.0, patience=SILENCE) as samples:
        return next((sample.memory for sample in samples if sample.memory), 0)
    return 0


@contextmanager
def _watched(seen: Seen, name: str, hosted: Hosted) -> Iterator[None]:
    """Notes the most memory that a side uses in the block, and at its end."""
    with usage.sampled(hosted.engine, hosted.service.container, lambda: 0.0, lambda: None) as samples:
        yield
    if most := max(_memory(hosted), *(sample.memory or 0 for sample in samples), 0):
        seen.peaks[name] = max(most, seen.peaks.get(name, 0))


def _look(
    contents: list[ImageContents],
    known: dict[str, ImageContents],
    progress: Progress,
    engine: Engine,
    image: ImageFacts,
    labels: Mapping[str, str],
) -> None:
    """What is in the image, once; what cannot be told is no reason to end a comparison."""
    if contents:
        return
    with suppress(SmCiError):
        if image.id not in known:
            name = image.id if image.built else image.reference
            known[image.id] = contents_of(engine, name, labels=labels, progress=progress)
        contents.append(known[image.id])


def _tests(count: int) -> str:
    return f"{count} test{'s' * (count != 1)}"
