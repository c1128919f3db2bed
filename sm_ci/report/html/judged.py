"""The words of two versions on a page, and the classes that colour them. Those of all reports are in `report.versions`. Pure."""

from __future__ import annotations

import math

from sm_ci.differences import CandidateOutcome, Judgement
from sm_ci.report.versions import words

LIMIT = {
    Judgement.ALLOWED: ("allowed", "good"),
    Judgement.REFUSED: ("refused", "bad"),
    Judgement.UNDECIDED: ("undecided", "odd"),
    Judgement.TOLD: ("no limit", "idle"),
}
JUDGEMENT = {**LIMIT, Judgement.TOLD: ("noted", "idle")}
"""Of what no limit can be given for."""
CANDIDATE = {
    CandidateOutcome.PASSED: ("passed", "good"),
    CandidateOutcome.REFUSED: ("refused", "bad"),
    CandidateOutcome.ERRORED: ("errored", "odd"),
    CandidateOutcome.UNTRIED: ("untried", "idle"),
}
VERDICT = {
    "allowed": "good",
    "current": "good",
    "upgraded": "good",
    "can be upgraded": "good",
    "refused": "bad",
    "blocked": "bad",
}
"""The classes of verdicts; all others are odd."""
ABSENT = "not there"


def metric(name: str) -> str:
    """A figure's name as a reader says it."""
    return words.METRIC.get(name, f"Latency, {name}")


def limit(text: str) -> float | None:
    """The change that `+10%` allows."""
    try:
        value = float(text.strip().removesuffix("%")) / 100
    except ValueError:
        return None
    return value if math.isfinite(value) else None
