"""The contract suite: does the container do what SageMaker asks of it, whatever its tests say?

Each check is a function from what it looks at to a verdict; `sm_ci.contract.suite` says what each is called and counts.
"""

from sm_ci.conformance import image, observed, pings, probing, restarts
from sm_ci.conformance.asking import Caller, budget_for, patience_for
from sm_ci.conformance.subjects import Change, Image, Observed, Probing, Restarting, Sample
from sm_ci.conformance.verdict import Wanted, broken, judge, result, unchecked

__all__ = [
    "Caller",
    "Change",
    "Image",
    "Observed",
    "Probing",
    "Restarting",
    "Sample",
    "Wanted",
    "broken",
    "budget_for",
    "image",
    "judge",
    "observed",
    "patience_for",
    "pings",
    "probing",
    "restarts",
    "result",
    "unchecked",
]
