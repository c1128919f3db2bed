"""What is known of a candidate without hosting it."""

from __future__ import annotations

from datetime import UTC, datetime

from sm_ci.differences import (
    CandidateOutcome,
    CandidateResult,
    Comparison,
    ImageVersion,
    Subject,
    UpgradeLevel,
    Verdict,
)
from sm_ci.errors import Location
from sm_ci.results import CaseResult, Outcome, RunResult
from sm_ci.upgrade.trying import judged, known

CURRENT = ImageVersion(reference="r:1", tag="1", digest="sha256:1")


def candidate(
    tag: str,
    digest: str,
    outcome: CandidateOutcome = CandidateOutcome.UNTRIED,
    reason: str = "",
    level: UpgradeLevel = UpgradeLevel.MINOR,
) -> CandidateResult:
    version = ImageVersion(reference=f"r:{tag}", tag=tag, digest=digest)
    return CandidateResult(version=version, level=level, outcome=outcome, reason=reason)


def test_the_image_in_use_under_another_tag_is_not_tried() -> None:
    told = known(candidate("2", "sha256:1"), CURRENT, ())
    assert told is not None
    assert (told.outcome, told.reason) == (CandidateOutcome.UNTRIED, "is the image in use")


def test_what_was_tried_under_another_tag_is_known() -> None:
    refused = candidate("4", "sha256:4", CandidateOutcome.REFUSED, "it is slow")
    passed = candidate("3", "sha256:3", CandidateOutcome.PASSED)
    told = [known(candidate("2", digest), CURRENT, (refused, passed)) for digest in ("sha256:4", "sha256:3")]
    assert [(one.outcome, one.reason) for one in told if one] == [
        (CandidateOutcome.REFUSED, "is the same image as 4: it is slow"),
        (CandidateOutcome.PASSED, "is the same image as 3"),
    ]


def test_what_was_skipped_could_not_be_tried() -> None:
    """For want of a GPU, where the spec allows it."""
    case = CaseResult(
        id="a", name="a", outcome=Outcome.SKIPPED, at=Location(path="s", line=1, column=1), reason="there is no GPU"
    )
    started = datetime(2026, 1, 2, tzinfo=UTC)
    result = RunResult(schema=1, tool="t", id="i", name="n", spec="s", started=started, seconds=1.0, cases=(case,))
    side = Subject(label="image:r:2", result=result)
    comparison = Comparison(
        schema=1,
        tool="t",
        id="i",
        name="n",
        spec="s",
        started=started,
        seconds=1.0,
        baseline=side,
        candidate=side,
        verdict=Verdict.UNDECIDED,
        reasons=("it was skipped",),
    )
    tried = judged(candidate("2", ""), comparison)
    assert (tried.outcome, tried.reason) == (CandidateOutcome.ERRORED, "it was skipped")


def test_all_else_is_to_be_tried() -> None:
    lost = candidate("4", "sha256:4", CandidateOutcome.ERRORED, "no room on the disk")
    assert known(candidate("2", "sha256:2"), CURRENT, (lost,)) is None
    assert known(candidate("2", "sha256:4"), CURRENT, (lost,)) is None  # perhaps it can be tried now
    assert known(candidate("2", ""), ImageVersion(reference="r:1", tag="1"), (candidate("3", ""),)) is None
    here = candidate("1", "sha256:1", level=UpgradeLevel.DIGEST)
    assert known(here, CURRENT, (here,)) is None
