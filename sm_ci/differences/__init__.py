"""What differs between two versions of a container, and what came of an upgrade, frozen. Seconds and bytes."""

from sm_ci.differences.comparison import (
    Agreement,
    AnswerComparison,
    ChangedValue,
    Comparison,
    ContractChange,
    Judgement,
    Measure,
    Subject,
    TestChange,
    Verdict,
)
from sm_ci.differences.images import Change, ImageContents, Layer, Package
from sm_ci.differences.upgrade import (
    CandidateOutcome,
    CandidateResult,
    ImageVersion,
    UpgradeLevel,
    UpgradeResult,
    UpgradeVerdict,
    Written,
)

__all__ = [
    "Agreement",
    "AnswerComparison",
    "CandidateOutcome",
    "CandidateResult",
    "Change",
    "ChangedValue",
    "Comparison",
    "ContractChange",
    "ImageContents",
    "ImageVersion",
    "Judgement",
    "Layer",
    "Measure",
    "Package",
    "Subject",
    "TestChange",
    "UpgradeLevel",
    "UpgradeResult",
    "UpgradeVerdict",
    "Verdict",
    "Written",
]
