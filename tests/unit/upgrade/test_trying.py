"""What is known of a candidate without hosting it."""

from __future__ import annotations

from sm_ci.differences import CandidateOutcome, CandidateResult, ImageVersion, UpgradeLevel
from sm_ci.upgrade.trying import known

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


def test_all_else_is_to_be_tried() -> None:
    lost = candidate("4", "sha256:4", CandidateOutcome.ERRORED, "no room on the disk")
    assert known(candidate("2", "sha256:2"), CURRENT, (lost,)) is None
    assert known(candidate("2", "sha256:4"), CURRENT, (lost,)) is None  # perhaps it can be tried now
    assert known(candidate("2", ""), ImageVersion(reference="r:1", tag="1"), (candidate("3", ""),)) is None
    here = candidate("1", "sha256:1", level=UpgradeLevel.DIGEST)
    assert known(here, CURRENT, (here,)) is None
