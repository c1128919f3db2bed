"""What an upgrade's outcome means to whoever asks for its exit status."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sm_ci.differences import (
    CandidateOutcome,
    CandidateResult,
    ImageVersion,
    UpgradeLevel,
    UpgradeResult,
    UpgradeVerdict,
)
from sm_ci.results import Fault

REFUSED, ERRORED, UNTRIED = CandidateOutcome.REFUSED, CandidateOutcome.ERRORED, CandidateOutcome.UNTRIED
STOPPED = Fault(kind="interrupted", message="SIGINT", remedy="", exit_status=130)


@pytest.mark.parametrize(
    ("verdict", "outcomes", "fault", "status", "conclusion"),
    [
        (UpgradeVerdict.CURRENT, [], None, 0, "success"),
        (UpgradeVerdict.CURRENT, [UNTRIED], None, 0, "success"),
        (UpgradeVerdict.UPGRADED, [REFUSED, CandidateOutcome.PASSED], None, 0, "success"),
        (UpgradeVerdict.BLOCKED, [REFUSED, UNTRIED], None, 1, "failure"),
        (UpgradeVerdict.BLOCKED, [ERRORED, REFUSED], None, 1, "failure"),
        (UpgradeVerdict.BLOCKED, [ERRORED, ERRORED], None, 3, "error"),
        (UpgradeVerdict.BLOCKED, [REFUSED], STOPPED, 130, "cancelled"),
    ],
    ids=["nothing newer", "listed", "one passed", "refused", "one refused", "none could be tried", "interrupted"],
)
def test_an_upgrade_ends_with(
    verdict: UpgradeVerdict, outcomes: list[CandidateOutcome], fault: Fault | None, status: int, conclusion: str
) -> None:
    versions = [ImageVersion(reference=f"churn:{number}", tag=str(number)) for number in range(len(outcomes))]
    upgrade = UpgradeResult(
        schema=1,
        tool="sm-ci",
        id="1",
        name="churn",
        spec="sm-ci.yml",
        started=datetime(2026, 1, 1, tzinfo=UTC),
        seconds=1.0,
        current=ImageVersion(reference="churn:old", tag="old"),
        verdict=verdict,
        candidates=tuple(
            CandidateResult(version=version, level=UpgradeLevel.MINOR, outcome=outcome)
            for version, outcome in zip(versions, outcomes, strict=True)
        ),
        fault=fault,
    )
    assert (upgrade.exit_status, upgrade.conclusion) == (status, conclusion)
